"""How a colleague comes in: invite, send again, revoke, join, expire."""

import datetime
from collections.abc import Collection
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.accounts import queries, rules
from portal.accounts.actor import Actor
from portal.accounts.announcements import announce_expired, announce_invited, announce_joined, announce_revoked
from portal.accounts.enums import AccountEvent, InvitationStatus
from portal.accounts.models import Membership, Organization, User, UserInvitation
from portal.accounts.permissions import Permission
from portal.core.links import hash_token, make_token


@transaction.atomic
def invite_user(
    *, name: str, email: str, roles: Collection[str], language: str, actor: Actor, now: datetime.datetime
) -> UserInvitation:
    """Invite a colleague by a unique link that only the mail holds.

    Raises: PermissionDenied, rules.UnknownRole, rules.AdminRoleReserved, rules.AlreadyMember, rules.AlreadyInvited.
    """
    actor.require(Permission.USER_MANAGE)
    email = email.strip().lower()
    Organization.objects.locked(actor.organization_id)  # two invitations to one address wait for each other here
    _check_can_invite(email, roles, actor=actor)

    return _invite(
        organization_id=actor.organization_id,
        name=name,
        email=email,
        roles=roles,
        language=language,
        actor=actor,
        now=now,
    )


@transaction.atomic
def invite_first_user(
    *, organization_id: UUID, name: str, email: str, roles: Collection[str], actor: Actor, now: datetime.datetime
) -> UserInvitation:
    """Invite the first person of an organization in which nobody is yet, as the operator; earlier links stop working.

    Source: our choice, decision 0050. Raises: PermissionDenied, rules.OrganizationHasPeople.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    email = email.strip().lower()
    organization = Organization.objects.locked(organization_id)
    rules.check_has_nobody(organization)
    earlier = UserInvitation.objects.open().filter(organization_id=organization_id)
    for invitation in earlier.order_by("pk").select_for_update(of=("self",), no_key=True):
        _close(invitation, InvitationStatus.REVOKED, now=now)
        if invitation.email != email:  # the same person gets a new link, and need not hear that the old one is gone
            announce_revoked(invitation, actor=actor, now=now)
    return _invite(
        organization_id=organization_id,
        name=name,
        email=email,
        roles=roles,
        language=organization.language,
        actor=actor,
        now=now,
    )


@transaction.atomic
def resend_invitation(*, invitation_id: UUID, actor: Actor, now: datetime.datetime) -> UserInvitation:
    """Mail a new link with a new time limit; the link sent before stops working.

    Raises: PermissionDenied, rules.InvitationClosed, and what invite_user raises.
    """
    actor.require(Permission.USER_MANAGE)
    Organization.objects.locked(actor.organization_id)
    invitation = UserInvitation.objects.visible_to(actor).locked(invitation_id)
    rules.check_can_resend(invitation)
    _check_can_invite(invitation.email, invitation.roles, actor=actor, but=invitation)

    token = make_token()
    invitation.token_hash = hash_token(token)
    invitation.status = InvitationStatus.OPEN
    invitation.sent_at = now
    invitation.expires_at = _expiry(now)
    invitation.closed_at = None
    invitation.save(update_fields=["token_hash", "status", "sent_at", "expires_at", "closed_at"])

    announce_invited(AccountEvent.USER_INVITATION_RESENT, invitation, token=token, actor=actor, now=now)
    return invitation


@transaction.atomic
def revoke_invitation(*, invitation_id: UUID, actor: Actor, now: datetime.datetime) -> UserInvitation:
    """Make the link worthless. Raises: PermissionDenied, rules.InvitationClosed."""
    actor.require(Permission.USER_MANAGE)
    invitation = UserInvitation.objects.visible_to(actor).locked(invitation_id)
    rules.check_invitation_open(invitation, now=now)

    _close(invitation, InvitationStatus.REVOKED, now=now)
    announce_revoked(invitation, actor=actor, now=now)
    return invitation


@transaction.atomic
def join_as_new_user(*, invitation_id: UUID, name: str, password: str, now: datetime.datetime) -> Membership:
    """Open an account for the person invited and take it into the organisation. The link works once.

    Raises: rules.InvitationClosed, rules.AccountExists.
    """
    invitation = UserInvitation.objects.locked(invitation_id)
    rules.check_invitation_open(invitation, now=now)
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                invitation.email, password, name=name, language=invitation.language, created_at=now
            )
    except IntegrityError as error:  # opened meanwhile, by an invitation of another organisation
        raise rules.AccountExists(_("There is an account with this address. Sign in with it to join.")) from error
    return _join(invitation, user, now=now)


@transaction.atomic
def join_as_existing_user(*, invitation_id: UUID, user_id: UUID, now: datetime.datetime) -> Membership:
    """Take a person who has an account into one more organisation. The link works once.

    Raises: rules.InvitationClosed, rules.InvitationForSomeoneElse, rules.AlreadyMember.
    """
    invitation = UserInvitation.objects.locked(invitation_id)
    rules.check_invitation_open(invitation, now=now)
    user = User.objects.get(pk=user_id)
    rules.check_invitation_is_for(invitation, user)
    return _join(invitation, user, now=now)


@transaction.atomic
def expire_invitation(*, invitation_id: UUID, now: datetime.datetime) -> bool:
    """Close one open invitation whose time has run out; say whether there was something to do.

    Running it again, or at the same time elsewhere, changes nothing.
    """
    invitation = (
        UserInvitation.objects.due(now)
        .filter(pk=invitation_id)
        .select_for_update(of=("self",), no_key=True, skip_locked=True)
        .select_related("organization", "invited_by")
        .first()
    )
    if invitation is None:
        return False
    _close(invitation, InvitationStatus.EXPIRED, now=now)
    announce_expired(invitation, now=now)
    return True


def _invite(
    *,
    organization_id: UUID,
    name: str,
    email: str,
    roles: Collection[str],
    language: str,
    actor: Actor,
    now: datetime.datetime,
) -> UserInvitation:
    token = make_token()
    invitation = UserInvitation.objects.create(
        organization_id=organization_id,
        email=email,
        name=name,
        roles=sorted(roles),
        language=language,
        token_hash=hash_token(token),
        invited_by_id=actor.user_id,
        created_at=now,
        sent_at=now,
        expires_at=_expiry(now),
    )
    announce_invited(AccountEvent.USER_INVITED, invitation, token=token, actor=actor, now=now)
    return invitation


def _check_can_invite(email: str, roles: Collection[str], *, actor: Actor, but: UserInvitation | None = None) -> None:
    others = UserInvitation.objects.visible_to(actor).open().filter(email=email)
    if but is not None:
        others = others.exclude(pk=but.pk)
    rules.check_can_invite(
        actor,
        roles,
        existing=Membership.objects.visible_to(actor).filter(user__email=email).first(),
        is_invited=others.exists(),
    )


def _join(invitation: UserInvitation, user: User, *, now: datetime.datetime) -> Membership:
    try:
        with transaction.atomic():
            membership = Membership.objects.create(
                user=user, organization=invitation.organization, roles=invitation.roles, created_at=now
            )
    except IntegrityError as error:  # the person took over the invited address after joining with another one
        raise rules.AlreadyMember(_("You are a user of this organization already."), field="email") from error
    _close(invitation, InvitationStatus.ACCEPTED, now=now)
    announce_joined(invitation, membership, actor=queries.make_actor(membership, user), now=now)
    return membership


def _close(invitation: UserInvitation, status: InvitationStatus, *, now: datetime.datetime) -> None:
    invitation.status = status
    invitation.closed_at = now
    invitation.save(update_fields=["status", "closed_at"])


def _expiry(now: datetime.datetime) -> datetime.datetime:
    return now + datetime.timedelta(days=settings.COLLEAGUE_INVITATION_DAYS)
