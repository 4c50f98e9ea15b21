"""Inviting a colleague: the link, its end, and who is told."""

import datetime

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from portal.accounts import rules, tasks
from portal.accounts.enums import AccountEvent, InvitationStatus, OrganizationKind, Role
from portal.accounts.models import Membership, User, UserInvitation
from portal.accounts.workflow import invitations as workflow
from portal.core.errors import PermissionDenied
from portal.core.links import hash_token
from portal.notifications.models import ActionItem, MailPreference, OutgoingEmail
from tests.factories import NOON, make_member, make_partner, make_user
from tests.portal.accounts.helpers import actor_of, event_names, events_of, link_in, mails_to, token_in, traces

pytestmark = pytest.mark.django_db
WEEK_LATER = NOON + datetime.timedelta(days=settings.COLLEAGUE_INVITATION_DAYS)
A_MOMENT = datetime.timedelta(seconds=1)
EMAIL = "kim@example.com"


def invite(admin, *roles, email=EMAIL, name="Kim Nilsson", language="en", now=NOON):
    return workflow.invite_user(
        name=name,
        email=email,
        roles=[str(role) for role in roles] or ["sales_agent"],
        language=language,
        actor=actor_of(admin),
        now=now,
    )


def join_new(invitation, now=NOON, name="Kim Nilsson"):
    return workflow.join_as_new_user(invitation_id=invitation.pk, name=name, password="p" * 20, now=now)


def join_existing(invitation, user, now=NOON):
    return workflow.join_as_existing_user(invitation_id=invitation.pk, user_id=user.pk, now=now)


@pytest.fixture
def admin():
    return make_member(None, Role.GLOBAL_ADMIN)


def test_the_invitation_mails_a_link_that_only_the_sealed_mail_holds(admin):
    invitation = invite(admin, Role.SALES_AGENT, Role.HELPDESK_AGENT, email="Kim@Example.com")

    (mail,) = mails_to(EMAIL)
    token = token_in(mail)
    assert link_in(mail) == f"http://testserver/join/{token}/"
    assert len(token) >= 43  # 256 bits
    assert invitation.token_hash == hash_token(token)
    assert invitation.expires_at == WEEK_LATER
    stored = " ".join([mail.subject, mail.text, mail.html, str(events_of(admin.organization)[0].__dict__)])
    assert token not in stored
    assert "Sales agent, Helpdesk agent" in mail.text
    assert event_names(admin.organization) == ["user-invited"]
    assert invitation.email == EMAIL


def test_the_mail_speaks_the_language_chosen_for_the_colleague(admin):
    invite(admin, language="fr")
    assert mails_to(EMAIL)[0].language == "fr"


@pytest.mark.parametrize("role", [Role.ADMIN_AGENT, Role.SALES_AGENT, Role.HELPDESK_AGENT, Role.BILLING_ADMIN])
def test_who_does_not_manage_users_neither_invites_nor_resends_nor_revokes(role, admin):
    invitation = invite(admin)
    actor = make_member(admin.organization, role)
    before = traces()
    for attempt in (
        lambda: invite(actor, email="other@example.com"),
        lambda: workflow.resend_invitation(invitation_id=invitation.pk, actor=actor_of(actor), now=NOON),
        lambda: workflow.revoke_invitation(invitation_id=invitation.pk, actor=actor_of(actor), now=NOON),
    ):
        with pytest.raises(PermissionDenied):
            attempt()
    assert traces() == before


def test_only_a_global_admin_invites_or_invites_again_a_global_admin(admin):
    actor = make_member(admin.organization, Role.ACCOUNT_ADMIN)
    with pytest.raises(rules.AdminRoleReserved):
        invite(actor, Role.GLOBAL_ADMIN)
    invitation = invite(admin, Role.GLOBAL_ADMIN)
    with pytest.raises(rules.AdminRoleReserved):
        workflow.resend_invitation(invitation_id=invitation.pk, actor=actor_of(actor), now=NOON)


@pytest.mark.parametrize("roles", [[], ["customer_admin"], ["nothing"]])
def test_roles_the_organization_does_not_have_are_refused(roles, admin):
    with pytest.raises(rules.UnknownRole):
        workflow.invite_user(name="Kim", email=EMAIL, roles=roles, language="en", actor=actor_of(admin), now=NOON)


def test_whoever_belongs_to_the_organization_is_not_invited_again(admin):
    colleague = make_member(admin.organization, Role.SALES_AGENT, email=EMAIL)
    with pytest.raises(rules.AlreadyMember, match="user of your organization already"):
        invite(admin)
    colleague.is_active, colleague.deactivated_at = False, NOON
    colleague.save()
    with pytest.raises(rules.AlreadyMember, match="Reactivate"):
        invite(admin)


def test_one_address_has_one_open_invitation_per_organization(admin):
    invite(admin)
    with pytest.raises(rules.AlreadyInvited):
        invite(admin, email=EMAIL.upper())
    invite(make_member(None, Role.GLOBAL_ADMIN))  # another organization may

    twin = {**UserInvitation.objects.filter(organization=admin.organization).values().get(), "token_hash": "f" * 64}
    del twin["id"]
    with pytest.raises(IntegrityError), transaction.atomic():
        UserInvitation.objects.create(**twin)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"email": "Kim@example.com"},
        {"roles": []},
        {"status": InvitationStatus.EXPIRED},
        {"closed_at": NOON},
    ],
)
def test_the_database_refuses_nonsense(nonsense, admin):
    invitation = invite(admin)
    with pytest.raises(IntegrityError), transaction.atomic():
        UserInvitation.objects.filter(pk=invitation.pk).update(**nonsense)


def test_sending_again_makes_a_new_link_with_a_new_time_limit_and_ends_the_old_one(admin):
    invitation = invite(admin)
    first = token_in(mails_to(EMAIL)[0])

    later = NOON + datetime.timedelta(days=2)
    workflow.resend_invitation(invitation_id=invitation.pk, actor=actor_of(admin), now=later)

    invitation.refresh_from_db()
    second = token_in(mails_to(EMAIL)[1])
    assert first != second
    assert invitation.token_hash == hash_token(second)
    assert invitation.expires_at == WEEK_LATER + datetime.timedelta(days=2)
    assert event_names(admin.organization) == ["user-invited", "user-invitation-resent"]


def test_an_expired_invitation_can_be_sent_again_and_that_settles_the_action(admin):
    invitation = invite(admin)
    workflow.expire_invitation(invitation_id=invitation.pk, now=WEEK_LATER)
    assert ActionItem.objects.open_actions().count() == 1

    workflow.resend_invitation(invitation_id=invitation.pk, actor=actor_of(admin), now=WEEK_LATER)

    invitation.refresh_from_db()
    assert invitation.status == InvitationStatus.OPEN
    assert ActionItem.objects.open_actions().count() == 0


def test_inviting_the_address_anew_settles_the_action_of_the_expired_invitation(admin):
    workflow.expire_invitation(invitation_id=invite(admin).pk, now=WEEK_LATER)
    invite(admin, now=WEEK_LATER)
    assert ActionItem.objects.open_actions().count() == 0


def test_revoking_closes_the_invitation_and_tells_the_person(admin):
    invitation = invite(admin)
    later = NOON + A_MOMENT
    workflow.revoke_invitation(invitation_id=invitation.pk, actor=actor_of(admin), now=later)

    invitation.refresh_from_db()
    assert (invitation.status, invitation.closed_at) == (InvitationStatus.REVOKED, later)
    assert [mail.event_type for mail in mails_to(EMAIL)] == ["user-invited", "user-invitation-revoked"]


def test_a_new_person_joins_with_the_roles_promised_and_the_inviter_hears_of_it(admin):
    invitation = invite(admin, Role.HELPDESK_AGENT, language="sv")

    membership = join_new(invitation, name="Kim N.")

    invitation.refresh_from_db()
    assert membership.roles == ["helpdesk_agent"]
    assert membership.organization == admin.organization
    assert (membership.user.email, membership.user.name, membership.user.language) == (EMAIL, "Kim N.", "sv")
    assert membership.user.check_password("p" * 20)
    assert invitation.status == InvitationStatus.ACCEPTED
    joined = events_of(admin.organization, AccountEvent.USER_JOINED)[0]
    assert joined.actor_user_id == membership.user_id
    assert [mail.event_type for mail in mails_to(admin.user.email)] == ["user-joined"]
    assert ActionItem.objects.visible_to(actor_of(admin)).get().title["en"] == "Kim N. joined your organization"


def test_who_switched_such_mails_off_gets_none_when_somebody_joins(admin):
    MailPreference.objects.create(user=admin.user, workspace="account-settings", kind="transactional", wants_mail=False)
    join_new(invite(admin))
    assert mails_to(admin.user.email) == []


def test_when_the_inviter_has_left_the_other_admins_hear_of_it(admin):
    helper = make_member(admin.organization, Role.USER_MANAGEMENT_ADMIN)
    invitation = invite(helper)
    helper.is_active, helper.deactivated_at = False, NOON
    helper.save()
    join_new(invitation)
    assert mails_to(helper.user.email) == []
    assert len(mails_to(admin.user.email)) == 1


def test_a_person_with_an_account_joins_one_more_organization(admin):
    user = make_user(email=EMAIL)
    make_member(make_partner(), Role.ADMIN_AGENT, user=user)

    membership = join_existing(invite(admin, Role.BILLING_ADMIN), user)

    assert membership.user == user
    assert Membership.objects.filter(user=user).count() == 2


def test_the_link_works_once(admin):
    invitation = invite(admin)
    user = join_new(invitation).user
    before = traces()
    for attempt in (lambda: join_new(invitation), lambda: join_existing(invitation, user)):
        with pytest.raises(rules.InvitationClosed) as refusal:
            attempt()
        assert refusal.value.became == InvitationStatus.ACCEPTED
    assert traces() == before


@pytest.mark.parametrize("end", ["revoked", "expired", "out of time"])
def test_a_closed_invitation_lets_nobody_in(end, admin):
    invitation = invite(admin)
    if end == "revoked":
        workflow.revoke_invitation(invitation_id=invitation.pk, actor=actor_of(admin), now=NOON)
    if end == "expired":
        workflow.expire_invitation(invitation_id=invitation.pk, now=WEEK_LATER)
    users = User.objects.count()
    with pytest.raises(rules.InvitationClosed) as refusal:
        join_new(invitation, now=WEEK_LATER)
    assert refusal.value.became == ("revoked" if end == "revoked" else "expired")
    assert User.objects.count() == users


def test_the_last_second_still_counts(admin):
    assert join_new(invite(admin), now=WEEK_LATER - A_MOMENT)


def test_somebody_else_cannot_use_the_invitation(admin):
    invitation = invite(admin)
    with pytest.raises(rules.InvitationForSomeoneElse):
        join_existing(invitation, make_user())


def test_an_account_opened_meanwhile_is_not_taken_over(admin):
    invitation = invite(admin)
    user = make_user(email=EMAIL)
    with pytest.raises(rules.AccountExists):
        join_new(invitation)
    invitation.refresh_from_db()
    user.refresh_from_db()
    assert invitation.status == InvitationStatus.OPEN
    assert not user.check_password("p" * 20)


def test_a_member_who_took_over_the_invited_address_does_not_join_twice(admin):
    invitation = invite(admin)
    colleague = make_member(admin.organization, Role.SALES_AGENT)
    colleague.user.email = EMAIL
    colleague.user.save(update_fields=["email"])
    with pytest.raises(rules.AlreadyMember):
        join_existing(invitation, colleague.user)


def test_the_sweep_closes_what_is_out_of_time_once_and_asks_the_admins(admin, monkeypatch):
    old, fresh = invite(admin), invite(admin, email="fresh@example.com", now=WEEK_LATER)
    monkeypatch.setattr(tasks.timezone, "now", lambda: WEEK_LATER + A_MOMENT)

    tasks.expire()
    once = traces()
    tasks.expire()

    old.refresh_from_db()
    fresh.refresh_from_db()
    assert traces() == once
    assert (old.status, old.closed_at) == (InvitationStatus.EXPIRED, WEEK_LATER + A_MOMENT)
    assert fresh.status == InvitationStatus.OPEN
    event = events_of(admin.organization, AccountEvent.USER_INVITATION_EXPIRED)[0]
    assert event.actor_user_id is None
    assert [mail.event_type for mail in mails_to(admin.user.email)] == ["user-invitation-expired"]
    assert ActionItem.objects.visible_to(actor_of(admin)).open_actions().get().url.endswith(f"{old.pk}/resend/")


def test_one_invitation_that_cannot_be_closed_does_not_hold_back_the_others(admin, monkeypatch):
    broken = invite(admin)
    other = invite(admin, email="other@example.com", now=NOON + A_MOMENT)
    expire = workflow.expire_invitation

    def stumble(*, invitation_id, now):
        if invitation_id == broken.pk:
            raise RuntimeError("stumbled")
        return expire(invitation_id=invitation_id, now=now)

    monkeypatch.setattr(workflow, "expire_invitation", stumble)
    monkeypatch.setattr(tasks.timezone, "now", lambda: WEEK_LATER + A_MOMENT)
    tasks.expire()

    other.refresh_from_db()
    assert other.status == InvitationStatus.EXPIRED


def test_inviting_a_known_and_an_unknown_address_looks_the_same_to_the_inviter(admin):
    make_user(email="known@example.com")
    known, unknown = invite(admin, email="known@example.com"), invite(admin)
    assert {known.status, unknown.status} == {InvitationStatus.OPEN}
    texts = [OutgoingEmail.objects.get(recipient=email).subject for email in ("known@example.com", EMAIL)]
    assert texts[0] == texts[1]


def test_a_kind_without_a_role_cannot_promise_it():
    admin = make_member(make_partner(OrganizationKind.INDIRECT_RESELLER), Role.GLOBAL_ADMIN)
    with pytest.raises(rules.UnknownRole):
        invite(admin, Role.SALES_AGENT)
