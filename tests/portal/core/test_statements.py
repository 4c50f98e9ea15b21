import datetime

import pytest
from django.db import DataError
from django.db.models import Value
from django.utils import timezone

from customers.models import CustomerProfile, ResellerRelationship
from portal.accounts.models import Membership, User
from portal.core.statements import ListStatement, ModelStatement, Statement, fetch
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
    assert len(builds) == 2  # with two sets of stand-ins, before the first call


def test_what_depends_on_its_values_in_another_way_is_refused():
    statement = Statement(lambda user_id: Membership.objects.filter(user_id=user_id.int ^ 1).values_list("pk"))
    with pytest.raises(TypeError, match="changes with its values"):
        statement.rows(make_member().user_id)

    week = datetime.timedelta(days=7)
    since = ListStatement(lambda shape, now: User.objects.filter(created_at__gt=now - week).values_list("pk"))
    with pytest.raises(TypeError, match="changes with its values"):
        since.rows("users", keeps_plan=True, now=timezone.now())
    with pytest.raises(TypeError, match="stand in for"):
        since.rows("users", keeps_plan=True, now=True)


def test_a_list_has_one_sql_for_each_shape(django_assert_num_queries):
    one, two = make_member(), make_member()
    builds = []

    def build(shape, **values):
        builds.append(shape)
        return User.objects.filter(**{shape: values["wanted"]}, name__contains="%").values_list("pk")

    for user in (one.user, two.user):
        user.name = f"100 % {user.pk}"
        user.save(update_fields=["name"])
    statement = ListStatement(build)

    with django_assert_num_queries(4):
        assert statement.rows("email", keeps_plan=True, wanted=one.user.email) == [(one.user_id,)]
        assert statement.rows("email", keeps_plan=False, wanted=two.user.email) == [(two.user_id,)]
        assert statement.rows("pk", keeps_plan=True, wanted=two.user_id) == [(two.user_id,)]
        assert statement.rows("pk", keeps_plan=True, wanted=one.user_id) == [(one.user_id,)]
    assert builds == ["email", "email", "pk", "pk"]


def test_a_list_of_ids_is_one_value():
    members = [make_member() for _number in range(3)]
    statement = ListStatement(lambda shape, ids: User.objects.filter(pk__in=ids).order_by("email").values_list("pk"))

    for some in (members, members[:1], []):
        found = statement.rows("ids", keeps_plan=True, ids=[one.user_id for one in some])
        assert sorted(found) == sorted((one.user_id,) for one in some)


def test_values_come_as_the_database_layer_gives_them():
    member = make_member()
    names = ("pk", "name", "email", "created_at", "last_login", "is_active", "language")
    by_email = ListStatement(lambda shape, email: User.objects.filter(email=email).values_list(*names))

    for _turn in range(10):  # PostgreSQL keeps the plan from the fifth time on
        found = by_email.rows("email", keeps_plan=True, email=member.user.email)
        assert found == list(User.objects.filter(pk=member.user_id).values_list(*names))
        assert found[0][3].tzinfo == datetime.UTC


def test_constants_stand_in_the_sql_so_that_partial_indexes_serve_kept_plans():
    statement = Statement(lambda user_id: Membership.objects.filter(user_id=user_id, roles=["it's"]).values_list("pk"))

    assert statement.rows(make_member().user_id) == []
    assert "it''s" in statement.sql
    assert "%(user_id)s" in statement.sql


def test_a_wrong_statement_raises_what_django_raises():
    with pytest.raises(DataError):
        fetch("SELECT 1 / %s", [0])


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
