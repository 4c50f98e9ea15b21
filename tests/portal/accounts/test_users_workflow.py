"""Roles, deactivation and reactivation: who may change whom, and who is told."""

import datetime

import pytest

from portal.accounts import rules
from portal.accounts.enums import AccountEvent, OrganizationKind, Role
from portal.accounts.models import Membership
from portal.accounts.permissions import Permission, roles_allowing
from portal.accounts.queries import user_detail
from portal.accounts.workflow import users as workflow
from portal.core.errors import PermissionDenied
from tests.factories import NOON, make_member, make_organization, make_partner
from tests.portal.accounts.helpers import actor_of, event_names, events_of, mails_to, traces

pytestmark = pytest.mark.django_db
LATER = NOON + datetime.timedelta(hours=1)
MANAGERS = set(roles_allowing(Permission.USER_MANAGE, kind=OrganizationKind.DIRECT_BILL))


def change_roles(actor, member, *roles, now=NOON):
    return workflow.change_roles(
        membership_id=member.pk, roles=[str(role) for role in roles], actor=actor_of(actor), now=now
    )


def deactivate(actor, member, now=NOON):
    return workflow.deactivate_user(membership_id=member.pk, actor=actor_of(actor), now=now)


def reactivate(actor, member, now=LATER):
    return workflow.reactivate_user(membership_id=member.pk, actor=actor_of(actor), now=now)


@pytest.fixture
def admin():
    return make_member(None, Role.GLOBAL_ADMIN)


@pytest.fixture
def colleague(admin):
    return make_member(admin.organization, Role.SALES_AGENT)


def test_new_roles_hold_are_logged_before_and_after_and_told_to_the_person(admin, colleague):
    change_roles(admin, colleague, Role.HELPDESK_AGENT, Role.BILLING_ADMIN)

    colleague.refresh_from_db()
    (event,) = events_of(admin.organization, AccountEvent.USER_ROLES_CHANGED)
    (mail,) = mails_to(colleague.user.email)
    assert set(colleague.roles) == {"helpdesk_agent", "billing_admin"}
    assert (event.before, event.after) == (
        {"roles": ["sales_agent"]},
        {"roles": ["billing_admin", "helpdesk_agent"]},
    )
    assert (event.subject_type, event.subject_id) == ("user", str(colleague.user_id))
    assert event.actor_user_id == admin.user_id
    assert "Billing admin, Helpdesk agent" in mail.text
    assert admin.user.name in mail.html


def test_the_mail_speaks_the_language_of_its_reader(admin):
    colleague = make_member(admin.organization, Role.SALES_AGENT, language="sv")
    change_roles(admin, colleague, Role.HELPDESK_AGENT)
    assert mails_to(colleague.user.email)[0].language == "sv"


def test_the_same_roles_again_change_and_tell_nothing(admin, colleague):
    before = traces()
    change_roles(admin, colleague, Role.SALES_AGENT)
    assert traces() == before


@pytest.mark.parametrize("role", [role for role in Role if role in rules.ROLES_BY_KIND[OrganizationKind.DIRECT_BILL]])
def test_only_roles_with_the_right_change_users(role, admin, colleague):
    actor = make_member(admin.organization, role)
    if role in MANAGERS:
        change_roles(actor, colleague, Role.HELPDESK_AGENT)
        assert Membership.objects.get(pk=colleague.pk).roles == ["helpdesk_agent"]
        return
    before = traces()
    for attempt in (change_roles, deactivate, reactivate):
        with pytest.raises(PermissionDenied) as refusal:
            attempt(actor, colleague)
        assert "Global admin" in refusal.value.who
    assert traces() == before


@pytest.mark.parametrize("roles", [[], ["sales_agent", "customer_admin"], ["emperor"], [""]])
def test_only_roles_of_the_kind_of_organization_can_be_given_and_at_least_one(roles, admin, colleague):
    with pytest.raises(rules.UnknownRole) as refusal:
        change_roles(admin, colleague, *roles)
    assert refusal.value.field == "roles"


def test_an_indirect_reseller_has_no_sales_agents():
    admin = make_member(make_partner(OrganizationKind.INDIRECT_RESELLER), Role.GLOBAL_ADMIN)
    colleague = make_member(admin.organization, Role.HELPDESK_AGENT)
    with pytest.raises(rules.UnknownRole):
        change_roles(admin, colleague, Role.SALES_AGENT)


def test_nobody_changes_the_own_roles_or_locks_oneself_out(admin):
    make_member(admin.organization, Role.GLOBAL_ADMIN)
    before = traces()
    for attempt in (lambda: change_roles(admin, admin, Role.BILLING_ADMIN), lambda: deactivate(admin, admin)):
        with pytest.raises(rules.OwnMembership):
            attempt()
    assert traces() == before


@pytest.mark.parametrize("manager", sorted(MANAGERS - {Role.GLOBAL_ADMIN}))
def test_only_a_global_admin_gives_or_takes_global_admin(manager, admin, colleague):
    actor = make_member(admin.organization, manager)
    make_member(admin.organization, Role.GLOBAL_ADMIN)
    for attempt in (
        lambda: change_roles(actor, colleague, Role.SALES_AGENT, Role.GLOBAL_ADMIN),
        lambda: change_roles(actor, admin, Role.BILLING_ADMIN),
        lambda: deactivate(actor, admin),
    ):
        with pytest.raises(rules.AdminRoleReserved) as refusal:
            attempt()
        assert refusal.value.who == "Global admin"


def test_another_role_of_a_global_admin_is_not_reserved(admin):
    actor = make_member(admin.organization, Role.ACCOUNT_ADMIN)
    change_roles(actor, admin, Role.GLOBAL_ADMIN, Role.BILLING_ADMIN)
    assert set(Membership.objects.get(pk=admin.pk).roles) == {"global_admin", "billing_admin"}


def test_a_deactivated_global_admin_does_not_count_as_one_who_is_left(admin):
    second = make_member(admin.organization, Role.GLOBAL_ADMIN)
    third = make_member(admin.organization, Role.GLOBAL_ADMIN)
    deactivate(admin, third)
    deactivate(second, admin)
    with pytest.raises(rules.LastAdmin):  # acting for itself no longer, but its open request may still run
        workflow.deactivate_user(membership_id=second.pk, actor=actor_of(admin), now=NOON)


def test_a_person_deactivated_everywhere_does_not_count_as_one_who_is_left(admin):
    second = make_member(admin.organization, Role.GLOBAL_ADMIN, is_active=False)
    assert second.user.is_active is False
    third = make_member(admin.organization, Role.GLOBAL_ADMIN)
    deactivate(admin, third)
    with pytest.raises(rules.LastAdmin):
        change_roles(third, admin, Role.BILLING_ADMIN)


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        (OrganizationKind.CUSTOMER, Role.CUSTOMER_ADMIN),
        (OrganizationKind.PUBLISHER, Role.PUBLISHER_ADMIN),
        (OrganizationKind.OPERATOR, Role.OPERATOR_ADMIN),
    ],
)
def test_every_kind_of_organization_keeps_somebody_who_rules_it(kind, role):
    organization = make_organization(kind)
    first, second = make_member(organization, role), make_member(organization, role)
    deactivate(first, second)
    with pytest.raises(rules.LastAdmin):
        deactivate(second, first)


def test_deactivating_keeps_the_roles_and_tells_the_person(admin, colleague):
    deactivate(admin, colleague)

    colleague.refresh_from_db()
    assert (colleague.is_active, colleague.deactivated_at, colleague.roles) == (False, NOON, ["sales_agent"])
    assert event_names(admin.organization) == ["user-deactivated"]
    assert [mail.event_type for mail in mails_to(colleague.user.email)] == ["user-deactivated"]


def test_a_deactivated_person_comes_back_with_its_roles(admin, colleague):
    deactivate(admin, colleague)
    reactivate(admin, colleague)

    colleague.refresh_from_db()
    assert (colleague.is_active, colleague.deactivated_at, colleague.roles) == (True, None, ["sales_agent"])
    assert event_names(admin.organization) == ["user-deactivated", "user-reactivated"]


def test_only_a_global_admin_lets_a_global_admin_in_again(admin):
    second = make_member(admin.organization, Role.GLOBAL_ADMIN)
    deactivate(admin, second)
    with pytest.raises(rules.AdminRoleReserved):
        reactivate(make_member(admin.organization, Role.ACCOUNT_ADMIN), second)


def test_what_is_so_already_is_refused_with_a_reason(admin, colleague):
    with pytest.raises(rules.UserActive):
        reactivate(admin, colleague)
    deactivate(admin, colleague)
    before = traces()
    for attempt in (deactivate, lambda actor, member: change_roles(actor, member, Role.HELPDESK_AGENT)):
        with pytest.raises(rules.UserInactive):
            attempt(admin, colleague)
    assert traces() == before


def test_people_of_another_organization_do_not_exist(admin):
    stranger = make_member()
    for attempt in (lambda: change_roles(admin, stranger, Role.SALES_AGENT), lambda: deactivate(admin, stranger)):
        with pytest.raises(Membership.DoesNotExist):
            attempt()


def test_leaving_one_organization_leaves_the_others_alone(admin, colleague):
    elsewhere = make_member(None, Role.ADMIN_AGENT, user=colleague.user)
    deactivate(admin, colleague)
    elsewhere.refresh_from_db()
    assert elsewhere.is_active


def test_every_refusal_shown_on_a_page_is_the_one_the_workflow_gives(admin, colleague):
    actor = actor_of(make_member(admin.organization, Role.ACCOUNT_ADMIN))

    for_colleague = rules.user_actions(user_detail(actor, colleague.user_id), actor=actor, other_admins=1)
    for_admin = rules.user_actions(user_detail(actor, admin.user_id), actor=actor, other_admins=0)

    assert for_colleague["change_roles"] is None
    assert for_colleague["deactivate"] is None
    assert isinstance(for_colleague["reactivate"], rules.UserActive)
    assert isinstance(for_colleague["reset_second_factor"], rules.NoFactorToReset)
    assert isinstance(for_admin["deactivate"], rules.AdminRoleReserved)
