import pytest
from django.db.models import Value

from customers.models import CustomerProfile, ResellerRelationship
from portal.accounts.models import Membership
from portal.core.statements import ModelStatement, Statement
from portal.notifications.models import ActionItem
from tests.customers.factories import make_relationship
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


def test_models_come_with_their_relations_and_no_more_queries(django_assert_num_queries):
    row = make_relationship()
    CustomerProfile.objects.create(relationship=row, bill_to_name="Contoso")
    other = make_relationship()
    statement = ModelStatement(
        lambda customer_id: ResellerRelationship.objects.filter(customer_id=customer_id),
        "customer",
        "customer__organization",
        "counterpart",
        "counterpart__organization",
        "profile",
        asked=Value("yes"),
    )

    with django_assert_num_queries(2):
        (found,), (lonely,) = statement.objects(row.customer_id), statement.objects(other.customer_id)
        assert found == row
        assert found.customer.organization.name == row.customer_name
        assert found.counterpart is lonely.counterpart is None
        assert found.profile.bill_to_name == "Contoso"
        assert found.profile.relationship is found
        assert not hasattr(lonely, "profile")
        assert found.asked == "yes"
    stored = ResellerRelationship.objects.get(pk=row.pk)
    for field in stored._meta.concrete_fields:
        assert getattr(found, field.attname) == getattr(stored, field.attname), field.name


def test_models_whose_columns_need_a_converter_are_refused():
    statement = ModelStatement(lambda item_id: ActionItem.objects.filter(pk=item_id))

    with pytest.raises(TypeError, match="needs a converter"):
        statement.objects(make_relationship().pk)
