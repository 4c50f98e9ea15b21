"""A colleague lost its phone: who resets the second factor of whom, what ends, and who is told (quality row 18)."""

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.test import Client
from django.urls import reverse

from portal.accounts import rules
from portal.accounts.enums import AccountEvent, OrganizationKind, Role
from portal.accounts.models import Membership, User
from portal.accounts.permissions import Permission, roles_allowing
from portal.accounts.workflow import users as workflow
from portal.core.errors import PermissionDenied
from tests.factories import NOON, make_member, make_organization, make_partner
from tests.portal.accounts.helpers import actor_of, events_of, traces
from tests.sign_in import (
    SoftwarePasskey,
    give_authenticator_app,
    give_passkey,
    is_signed_in,
    mails_about,
    send_password,
)
from tests.support.factories import make_operator

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/account-settings/users/"}
MANAGERS = sorted(roles_allowing(Permission.USER_MANAGE, kind=OrganizationKind.DIRECT_BILL))


@pytest.fixture
def admin():
    return make_member(None, Role.GLOBAL_ADMIN)


@pytest.fixture
def colleague(admin):
    member = make_member(admin.organization, Role.SALES_AGENT, name="Kim Nilsson")
    give_authenticator_app(member.user)
    return member


def reset(by, member):
    return workflow.reset_second_factor(membership_id=member.pk, actor=actor_of(by), now=NOON)


def kinds_of(member):
    return set(Authenticator.objects.filter(user=member.user).values_list("type", flat=True))


def page(member):
    return reverse("accounts:user_reset_second_factor", args=[member.user_id])


def programme_page(partner):
    return reverse("operators:reset_second_factor", args=[partner.pk])


def test_all_factors_and_codes_go_it_is_logged_and_told_in_the_person_s_language(admin, colleague, client_for):
    User.objects.filter(pk=colleague.user_id).update(language="sv")
    give_passkey(client_for(colleague), SoftwarePasskey())
    RecoveryCodes.activate(colleague.user)

    reset(admin, colleague)

    (event,) = events_of(admin.organization, AccountEvent.SECOND_FACTOR_RESET)
    (mail,) = mails_about(AccountEvent.SECOND_FACTOR_RESET)
    assert kinds_of(colleague) == set()
    assert (event.subject_id, event.actor_user_id) == (str(colleague.user_id), admin.user_id)
    assert event.details["kinds"] == ["totp", "webauthn"]
    assert (mail.recipient, mail.language) == (colleague.user.email, "sv")
    assert admin.user.name in mail.text
    assert admin.organization.name in mail.html


def test_the_person_is_signed_out_and_has_to_set_up_a_factor_at_the_next_sign_in(
    admin, colleague, client_for, django_capture_on_commit_callbacks
):
    browser = Client()
    codes = RecoveryCodes.activate(colleague.user)
    send_password(browser, colleague.user.email)
    browser.post(reverse("mfa_authenticate"), {"code": codes.get_unused_codes()[0]})
    assert is_signed_in(browser)

    with django_capture_on_commit_callbacks(execute=True):
        client_for(admin).post(page(colleague))

    assert "second factor was reset" in browser.get(reverse("home"), follow=True).text
    send_password(browser, colleague.user.email)
    assert browser.get(reverse("home")).url == reverse("accounts:second_factor")


@pytest.mark.parametrize("role", [role for role in Role if role in MANAGERS])
@pytest.mark.parametrize("held", [Role.ADMIN_AGENT, Role.GLOBAL_ADMIN])
def test_every_role_that_manages_users_may_but_only_a_global_admin_for_a_global_admin(role, held):
    organization = make_partner()
    member = make_member(organization, held)
    give_authenticator_app(member.user)

    if held == Role.GLOBAL_ADMIN and role != Role.GLOBAL_ADMIN:
        with pytest.raises(rules.AdminRoleReserved, match="Global admin"):
            reset(make_member(organization, role), member)
    else:
        reset(make_member(organization, role), member)
    assert bool(kinds_of(member)) == (held == Role.GLOBAL_ADMIN != role)


@pytest.mark.parametrize("role", [Role.ADMIN_AGENT, Role.SALES_AGENT, Role.HELPDESK_AGENT, Role.BILLING_ADMIN])
def test_other_roles_may_not(role, admin, colleague, client_for):
    other = make_member(admin.organization, role)
    with pytest.raises(PermissionDenied):
        reset(other, colleague)
    assert client_for(other).post(page(colleague)).status_code == 403
    assert kinds_of(colleague)


def test_nobody_does_it_for_oneself_for_the_deactivated_or_where_there_is_no_factor(admin, colleague):
    give_authenticator_app(admin.user)
    plain = make_member(admin.organization, Role.SALES_AGENT)
    before = traces()

    with pytest.raises(rules.OwnMembership):
        reset(admin, admin)
    with pytest.raises(rules.NoFactorToReset):
        reset(admin, plain)
    Membership.objects.filter(pk=colleague.pk).update(is_active=False, deactivated_at=NOON)
    with pytest.raises(rules.UserInactive):
        reset(admin, colleague)
    assert traces() == before
    assert kinds_of(admin)
    assert kinds_of(colleague)


def test_people_of_other_organizations_do_not_exist(admin, client_for):
    stranger = make_member(None, Role.ADMIN_AGENT)
    give_authenticator_app(stranger.user)

    assert client_for(admin).get(page(stranger)).status_code == 404
    assert client_for(admin).post(page(stranger)).status_code == 404
    with pytest.raises(Membership.DoesNotExist):
        reset(admin, stranger)
    assert kinds_of(stranger)


def test_an_organization_cannot_weaken_the_sign_in_to_another_one(admin, colleague, client_for):
    elsewhere = make_member(make_organization(), Role.CUSTOMER_ADMIN, user=colleague.user)

    with pytest.raises(rules.ActsElsewhere):
        reset(admin, colleague)
    answer = client_for(admin).post(page(colleague))
    assert answer.status_code == 403
    assert "open a support case" in answer.text.lower()
    assert elsewhere.organization.name not in answer.text

    Membership.objects.filter(pk=elsewhere.pk).update(is_active=False, deactivated_at=NOON)
    reset(admin, colleague)
    assert kinds_of(colleague) == set()


def test_the_page_names_what_comes_of_it_and_works_with_and_without_javascript(admin, colleague, client_for):
    client = client_for(admin)
    assert page(colleague) in client.get(reverse("accounts:user", args=[colleague.user_id])).text
    asked = client.get(page(colleague))
    assert "the password alone opens the account" in asked.text
    assert client.get(page(colleague), headers=HTMX).text.count("<dialog") == 1
    assert kinds_of(colleague)

    done = client.post(page(colleague), follow=True)
    assert "The second factor of Kim Nilsson has been reset." in done.text
    assert "This person has no second factor." in done.text  # the command is disabled and says why
    assert client.post(page(colleague), headers=HTMX).status_code == 409


def test_it_needs_a_fresh_sign_in(admin, colleague, client_for):
    answer = client_for(admin, fresh=False).post(page(colleague))

    assert answer.url.startswith(reverse("account_reauthenticate"))
    assert kinds_of(colleague)


def test_the_operator_does_it_for_a_last_admin_and_for_people_of_several_organizations(client_for):
    operator, lone = make_operator(), make_member(make_partner(), Role.GLOBAL_ADMIN)
    elsewhere = make_member(make_partner(), Role.SALES_AGENT, user=lone.user)
    give_authenticator_app(lone.user)
    client = client_for(operator)
    assert (
        programme_page(lone.organization) in client.get(reverse("operators:partner", args=[lone.organization_id])).text
    )
    assert "the password alone opens" in client.get(programme_page(lone.organization)).text

    done = client.post(programme_page(lone.organization), {"email": lone.user.email.upper()}, follow=True)

    assert "has been reset" in done.text
    assert kinds_of(lone) == set()
    for organization in (lone.organization, elsewhere.organization):  # each learns it once, and nothing of the other
        (event,) = events_of(organization, AccountEvent.SECOND_FACTOR_RESET)
        assert set(event.parties.values_list("organization_id", flat=True)) == {
            organization.pk,
            operator.organization_id,
        }
    assert [mail.recipient for mail in mails_about(AccountEvent.SECOND_FACTOR_RESET)] == [lone.user.email]


def test_the_operator_names_a_person_of_this_partner(client_for):
    stranger, partner = make_member(make_partner(), Role.GLOBAL_ADMIN), make_partner()
    give_authenticator_app(stranger.user)
    client = client_for(make_operator())

    answer = client.post(programme_page(partner), {"email": stranger.user.email})

    assert answer.status_code == 422
    assert "Nobody of this partner signs in with this address." in answer.text
    assert kinds_of(stranger)
    assert client_for(stranger).get(programme_page(partner)).status_code == 403
