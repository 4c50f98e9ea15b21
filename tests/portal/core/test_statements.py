import pytest

from portal.accounts.models import Membership
from portal.core.statements import Statement
from tests.factories import make_member, make_partner

pytestmark = pytest.mark.django_db


def test_a_statement_reads_the_rows_of_the_ids_of_each_call():
    one, two = make_member(), make_member()
    names = Statement(lambda user_id: Membership.objects.filter(user_id=user_id).values_list("user__name", "is_active"))

    assert names.rows(one.user_id) == [(one.user.name, True)]
    assert names.rows(two.user_id) == [(two.user.name, True)]


def test_each_id_stands_in_its_own_place():
    member, elsewhere = make_member(), make_partner()

    def build(user_id, organization_id):
        return Membership.objects.filter(organization_id=organization_id, user_id=user_id).values_list("roles")

    statement = Statement(build)

    assert statement.rows(member.user_id, member.organization_id) == [(member.roles,)]
    assert statement.rows(member.user_id, elsewhere.pk) == []
    assert statement.rows(member.organization_id, member.user_id) == []


def test_a_statement_wants_all_its_ids():
    statement = Statement(lambda user_id: Membership.objects.filter(user_id=user_id).values_list("pk"))

    with pytest.raises(ValueError, match="shorter"):
        statement.rows()


def test_sql_is_written_once(django_assert_num_queries):
    builds = []

    def build(user_id):
        builds.append(user_id)
        return Membership.objects.filter(user_id=user_id).values_list("pk")

    statement, member = Statement(build), make_member()

    with django_assert_num_queries(2):
        assert statement.rows(member.user_id) == statement.rows(member.user_id) == [(member.pk,)]
    assert len(builds) == 1
