"""Who is told what about people, invitations and the company profile (style guide, section 7)."""

import datetime
from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.accounts import queries
from portal.accounts.actor import Actor
from portal.accounts.enums import PARTNER_KINDS, AccountEvent, OrganizationKind
from portal.accounts.models import Membership, Organization, UserInvitation
from portal.accounts.permissions import Permission, role_labels, roles_allowing
from portal.accounts.rules import ADMIN_ROLES
from portal.audit import log
from portal.audit.models import AuditEvent
from portal.core.http import absolute_url
from portal.notifications import action_center, outbox
from portal.notifications.enums import ActionKind
from portal.notifications.outbox import Recipient
from portal.webhooks import deliveries

WORKSPACE = "account-settings"
USER, INVITATION, ORGANIZATION = "user", "user-invitation", "organization"  # subject types in the log
PARTNER_AGREEMENT = "partner-agreement"  # subject of the action that asks for the signature
SIGN_WITHIN = datetime.timedelta(days=30)

MAILED_TO_THE_PERSON = frozenset(
    {AccountEvent.USER_ROLES_CHANGED, AccountEvent.USER_DEACTIVATED, AccountEvent.USER_REACTIVATED}
)


class _RoleNames:
    """The names of roles, written in the language of whoever reads them."""

    def __init__(self, roles: Collection[str]) -> None:
        self.roles = tuple(roles)

    def __str__(self) -> str:
        return ", ".join(role_labels(self.roles))


def announce_user(
    event_type: AccountEvent,
    membership: Membership,
    *,
    actor: Actor,
    now: datetime.datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Log what happened to a person of an organisation, and mail it to that person."""
    event = _record(
        event_type,
        organization_id=membership.organization_id,
        subject=(USER, membership.user_id, str(membership.user)),
        actor=actor,
        now=now,
        before=before,
        after=after,
    )
    if event_type in MAILED_TO_THE_PERSON:
        outbox.queue_email(
            template=f"accounts/{event_type}",
            event=event,
            recipients=[Recipient.of(membership.user)],
            context={
                "organization_name": actor.organization_name,
                "actor_name": actor.name,
                "roles": _RoleNames(membership.roles),
                "home_url": absolute_url(settings.BASE_URL, "home"),
                "access_url": absolute_url(settings.BASE_URL, "accounts:my_access"),
            },
        )


def announce_second_factor_reset(
    membership: Membership, *, kinds: Collection[str], sessions_ended: int, actor: Actor, now: datetime.datetime
) -> None:
    """Log it once for each organisation of the person (decision 0005), the operator's own beside it; mail it once."""
    user = membership.user
    everywhere = [membership.organization_id, *(own.organization_id for own in queries.memberships_of(user))]
    events = [
        log.record(
            event_type=AccountEvent.SECOND_FACTOR_RESET,
            organization_ids=[organization_id, actor.organization_id],
            subject_type=USER,
            subject_id=user.pk,
            subject_name=str(user),
            actor=actor,
            occurred_at=now,
            details={"kinds": list(kinds), "sessions_ended": sessions_ended},
        )
        for organization_id in dict.fromkeys(everywhere)
    ]
    for event in events:
        deliveries.queue(event)
    outbox.queue_email(
        template=f"accounts/{AccountEvent.SECOND_FACTOR_RESET}",
        event=events[0],
        recipients=[Recipient.of(user)],
        context={
            "actor_name": actor.name,
            "organization_name": actor.organization_name,
            "is_compulsory": any(own.organization.kind in PARTNER_KINDS for own in queries.memberships_of(user)),
            "sign_in_url": absolute_url(settings.BASE_URL, "account_login"),
        },
    )


def announce_joined(
    invitation: UserInvitation, membership: Membership, *, actor: Actor, now: datetime.datetime
) -> None:
    """Log that a person joined; tell whoever invited it by mail and all who manage users in the Action Center."""
    name = str(membership.user)
    event = _record(
        AccountEvent.USER_JOINED,
        organization_id=membership.organization_id,
        subject=(USER, membership.user_id, name),
        actor=actor,
        now=now,
        after={"roles": list(membership.roles)},
        details={"invitation_id": str(invitation.pk)},
    )
    outbox.queue_email(
        template=f"accounts/{AccountEvent.USER_JOINED}",
        event=event,
        recipients=_who_invited(invitation),
        context={
            "organization_name": actor.organization_name,
            "person_name": name,
            "person_email": membership.user.email,
            "roles": _RoleNames(membership.roles),
            "user_url": absolute_url(settings.BASE_URL, "accounts:user", membership.user_id),
        },
        kind=ActionKind.TRANSACTIONAL,
        workspace=WORKSPACE,
    )
    action_center.notify(
        event=event,
        organization_id=membership.organization_id,
        roles=roles_allowing(Permission.USER_MANAGE, kind=actor.organization_kind),
        kind=ActionKind.TRANSACTIONAL,
        workspace=WORKSPACE,
        title=_("%(name)s joined your organization"),
        title_params={"name": name},
        url=reverse("accounts:user", args=[membership.user_id]),
    )


def announce_invited(
    event_type: AccountEvent, invitation: UserInvitation, *, token: str, actor: Actor, now: datetime.datetime
) -> None:
    """Log an invitation sent or sent again, and mail its unique link; the token stands sealed in the outbox only."""
    event = _record_invitation(event_type, invitation, actor=actor, now=now)
    outbox.queue_email(
        template=f"accounts/{AccountEvent.USER_INVITED}",
        event=event,
        recipients=[_invited(invitation)],
        context={
            "organization_name": invitation.organization.name,
            "actor_name": actor.name,
            "roles": _RoleNames(invitation.roles),
            "expires_at": invitation.expires_at,
        },
        secrets={"link": absolute_url(settings.BASE_URL, "accounts:join", token)},
    )
    _close_actions(invitation, now=now)


def announce_revoked(invitation: UserInvitation, *, actor: Actor, now: datetime.datetime) -> None:
    """Log a revoked invitation and mail it to the person invited."""
    event = _record_invitation(AccountEvent.USER_INVITATION_REVOKED, invitation, actor=actor, now=now)
    outbox.queue_email(
        template=f"accounts/{AccountEvent.USER_INVITATION_REVOKED}",
        event=event,
        recipients=[_invited(invitation)],
        context={"organization_name": invitation.organization.name},
    )


def announce_expired(invitation: UserInvitation, *, now: datetime.datetime) -> None:
    """Log an expired invitation, mail it to whoever invited, and ask all who manage users to send it again."""
    event = _record_invitation(AccountEvent.USER_INVITATION_EXPIRED, invitation, actor=None, now=now)
    outbox.queue_email(
        template=f"accounts/{AccountEvent.USER_INVITATION_EXPIRED}",
        event=event,
        recipients=_who_invited(invitation),
        context={
            "organization_name": invitation.organization.name,
            "person_name": invitation.name,
            "person_email": invitation.email,
            "invitations_url": absolute_url(settings.BASE_URL, "accounts:invitations"),
        },
        kind=ActionKind.RECOMMENDED,
        workspace=WORKSPACE,
    )
    action_center.notify(
        event=event,
        organization_id=invitation.organization_id,
        roles=roles_allowing(Permission.USER_MANAGE, kind=OrganizationKind(invitation.organization.kind)),
        kind=ActionKind.RECOMMENDED,
        workspace=WORKSPACE,
        title=_("The invitation of %(name)s has expired"),
        title_params={"name": invitation.name},
        body=_("Send it again, or archive this if the person shall not join."),
        url=reverse("accounts:invitation_resend", args=[invitation.pk]),
    )


def announce_organization(
    event_type: AccountEvent,
    organization: Organization,
    *,
    actor: Actor,
    now: datetime.datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Log a change of the company profile, or somebody acting for the organisation from now on."""
    return _record(
        event_type,
        organization_id=organization.pk,
        subject=(ORGANIZATION, organization.pk, organization.name),
        actor=actor,
        now=now,
        before=before,
        after=after,
    )


def announce_agreement_requested(organization: Organization, *, version: str, now: datetime.datetime) -> None:
    """Log that a partner is asked for its signature, and ask those who may give it; signing closes the action (T6)."""
    event = _record(
        AccountEvent.PARTNER_AGREEMENT_REQUESTED,
        organization_id=organization.pk,
        subject=(ORGANIZATION, organization.pk, organization.name),
        actor=None,
        now=now,
        after={"agreement_version": version},
    )
    action_center.complete(subject_type=PARTNER_AGREEMENT, subject_id=organization.pk, now=now)  # an older version's
    action_center.notify(
        event=event,
        organization_id=organization.pk,
        roles=roles_allowing(Permission.PARTNER_AGREEMENT_SIGN, kind=OrganizationKind(organization.kind)),
        kind=ActionKind.MANDATORY,
        workspace=WORKSPACE,
        title=_("Sign the partner agreement"),
        body=_("Without it your organization can neither buy for customers nor take over subscriptions."),
        url=reverse("accounts:partner_agreement"),
        due_at=now + SIGN_WITHIN,
        subject_type=PARTNER_AGREEMENT,
    )


def announce_agreement_signed(
    organization: Organization, *, version: str, actor: Actor, now: datetime.datetime, before: Mapping[str, Any]
) -> None:
    """Log the signature of the partner agreement and confirm it to those who rule the organisation."""
    event = announce_organization(
        AccountEvent.PARTNER_AGREEMENT_SIGNED,
        organization,
        actor=actor,
        now=now,
        before=before,
        after={"agreement_version": version, "agreement_signed_by": actor.name},
    )
    outbox.queue_email(
        template=f"accounts/{AccountEvent.PARTNER_AGREEMENT_SIGNED}",
        event=event,
        recipients=_admins(organization),
        context={
            "organization_name": organization.name,
            "actor_name": actor.name,
            "version": version,
            "signed_at": now,
            "agreement_url": absolute_url(settings.BASE_URL, "accounts:partner_agreement"),
        },
    )
    action_center.complete(subject_type=PARTNER_AGREEMENT, subject_id=organization.pk, now=now)


def _record_invitation(
    event_type: AccountEvent, invitation: UserInvitation, *, actor: Actor | None, now: datetime.datetime
) -> AuditEvent:
    return _record(
        event_type,
        organization_id=invitation.organization_id,
        subject=(INVITATION, invitation.pk, invitation.name),
        actor=actor,
        now=now,
        details={"email": invitation.email, "roles": list(invitation.roles)},
    )


def _record(
    event_type: AccountEvent,
    *,
    organization_id: UUID,
    subject: tuple[str, UUID, str],
    actor: Actor | None,
    now: datetime.datetime,
    **facts: Mapping[str, Any] | None,
) -> AuditEvent:
    subject_type, subject_id, subject_name = subject
    event = log.record(
        event_type=event_type,
        organization_ids=[organization_id],
        subject_type=subject_type,
        subject_id=subject_id,
        subject_name=subject_name,
        actor=actor,
        occurred_at=now,
        before=facts.get("before"),
        after=facts.get("after"),
        details=facts.get("details"),
    )
    deliveries.queue(event)
    return event


def _close_actions(invitation: UserInvitation, *, now: datetime.datetime) -> None:
    """What asked to send again any invitation to this address is done."""
    same = UserInvitation.objects.filter(organization_id=invitation.organization_id, email=invitation.email)
    for invitation_id in same.values_list("pk", flat=True):
        action_center.complete(subject_type=INVITATION, subject_id=invitation_id, now=now)


def _invited(invitation: UserInvitation) -> Recipient:
    return Recipient(email=invitation.email, name=invitation.name, language=invitation.language)


def _who_invited(invitation: UserInvitation) -> list[Recipient]:
    """The person who invited while it is still there, else those who rule the organisation."""
    members = Membership.objects.active().filter(organization_id=invitation.organization_id)
    if members.filter(user_id=invitation.invited_by_id).exists():
        return [Recipient.of(invitation.invited_by)]
    return _admins(invitation.organization)


def _admins(organization: Organization) -> list[Recipient]:
    role = ADMIN_ROLES[OrganizationKind(organization.kind)]
    return [Recipient.of(person) for person in queries.people_with_role(organization.pk, role)]
