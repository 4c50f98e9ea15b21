"""Who acts, and the words of a refusal."""

import dataclasses

import pytest

from portal.accounts import queries
from portal.accounts.actor import denied, who_may
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership
from portal.accounts.permissions import Permission
from portal.core.errors import PermissionDenied
from tests.factories import NOON, make_actor, make_member, make_organization, make_partner

pytestmark = pytest.mark.django_db


def test_an_actor_may_what_its_roles_allow_and_nothing_else():
    actor = make_actor(None, Role.SALES_AGENT)
    assert actor.may(Permission.CUSTOMER_VIEW)
    assert not actor.may(Permission.TRANSFER_CREATE)
    actor.require(Permission.CUSTOMER_VIEW)
    with pytest.raises(PermissionDenied):
        actor.require(Permission.TRANSFER_CREATE)


def test_an_actor_without_roles_may_nothing():
    membership = make_member(None, Role.SALES_AGENT)
    membership.roles = []
    actor = queries.make_actor(membership, membership.user)
    assert not any(actor.may(permission) for permission in Permission)


def test_an_actor_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        make_actor().roles = frozenset(Role)


def test_only_actors_of_partners_have_a_partner():
    partner = make_actor()
    customer = make_actor(make_organization(), Role.CUSTOMER_ADMIN)
    assert partner.partner_id == partner.organization_id
    assert customer.partner_id is None


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Ada Lovelace", "AL"), ("Ada", "A"), ("", "A"), ("Ada B. Lovelace", "AL"), ("élan öberg", "ÉÖ")],
)
def test_initials_come_from_the_name_or_else_the_address(name, initials):
    actor = dataclasses.replace(make_actor(), name=name, email="a@example.com")
    assert actor.initials == initials


def test_a_refusal_names_the_action_who_may_and_the_next_step():
    refusal = denied(Permission.TRANSFER_CREATE, kind=OrganizationKind.DIRECT_BILL)
    assert str(refusal) == "Your role does not allow this: Create and cancel transfers."
    assert refusal.who == "Admin agent"
    assert refusal.next_step
    assert (refusal.code, refusal.http_status) == ("role-has-no-right", 403)


def test_a_refusal_says_when_nobody_of_that_kind_may():
    assert who_may(Permission.TRANSFER_CREATE, kind=OrganizationKind.CUSTOMER) == "Nobody in this kind of organization"
    assert who_may(Permission.RELATIONSHIP_REQUEST, kind=OrganizationKind.DIRECT_BILL) == "Admin agent or Sales agent"


def test_the_chosen_organization_is_acted_for_or_else_the_first_by_name():
    user = make_member(make_partner(name="Zeta")).user
    alpha = make_member(make_partner(name="alpha"), user=user)
    memberships = queries.memberships_of(user)
    assert [m.organization.name for m in memberships] == ["alpha", "Zeta"]
    assert queries.choose_membership(memberships, None) == alpha
    assert queries.choose_membership(memberships, memberships[1].organization_id) == memberships[1]
    assert queries.choose_membership(memberships, "nonsense") == alpha
    assert queries.choose_membership([], None) is None


def test_memberships_come_with_every_column_of_theirs_and_of_their_organization(django_assert_num_queries):
    member = make_member(make_partner(is_sandbox=True), Role.SALES_AGENT, Role.ACCOUNT_ADMIN)
    stored = Membership.objects.select_related("organization").get(pk=member.pk)
    with django_assert_num_queries(1):
        [found] = queries.memberships_of(member.user)
        assert found.user is member.user
        for read, row in ((found, stored), (found.organization, stored.organization)):
            for column in row._meta.concrete_fields:
                assert getattr(read, column.attname) == getattr(row, column.attname), column.name
    assert found.has_second_factor is False


def test_memberships_that_do_not_count_are_left_out():
    gone = make_member()
    gone.is_active, gone.deactivated_at = False, NOON
    gone.save()
    assert queries.memberships_of(gone.user) == []
    assert queries.people_with_role(gone.organization_id, Role.ADMIN_AGENT) == []


def test_whether_somebody_still_may_is_read_afresh():
    member = make_member(None, Role.ACCOUNT_ADMIN)
    actor = queries.make_actor(member, member.user)
    assert queries.still_may(actor, Permission.USER_VIEW)
    member.roles = ["billing_admin"]
    member.save()
    assert actor.may(Permission.USER_VIEW)
    assert not queries.still_may(actor, Permission.USER_VIEW)
