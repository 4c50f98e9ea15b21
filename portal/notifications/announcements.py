"""Who is told of mails that did not arrive, and of what people do about them (style guide, section 7)."""

import datetime
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Membership, Organization
from portal.accounts.permissions import Permission, roles_allowing
from portal.audit import log
from portal.audit.models import AuditEvent, AuditEventParty
from portal.notifications import action_center
from portal.notifications.enums import ActionKind, NotificationEvent
from portal.notifications.models import OutgoingEmail
from portal.webhooks import deliveries

UNDELIVERED_MAILS = "undelivered-mails"  # subject of the one open action of an organization about all of them


def who_looks_after(email: OutgoingEmail) -> Organization | None:
    """Return the organization whose admins are told: the recipient's own, else the one that acted, else the operator.

    Only a party of the event is told, and nobody learns an address that belongs to another party.
    """
    parties = dict(
        AuditEventParty.objects.filter(event__public_id=email.event_id)
        .order_by("organization_id")
        .values_list("organization_id", "event__actor_organization_id")
    )
    own = Membership.objects.active().filter(user__email=email.recipient, organization_id__in=parties)
    candidates = [*own.order_by("organization_id").values_list("organization_id", flat=True), *parties.values()]
    chosen = next((organization for organization in candidates if organization in parties), None)
    if chosen is not None:
        return Organization.objects.get(pk=chosen)
    return Organization.objects.filter(kind=OrganizationKind.OPERATOR).order_by("created_at", "pk").first()


def announce_not_delivered(
    email: OutgoingEmail, *, outcome: Mapping[str, str], organization: Organization | None, now: datetime.datetime
) -> None:
    """Log a failed or unconfirmed mail and put the list of them into the Action Center of those who can mend it."""
    event = _record(
        NotificationEvent.EMAIL_NOT_DELIVERED,
        email,
        organization_id=organization.pk if organization else None,
        actor=None,
        now=now,
        details={"recipient": email.recipient, "subject": email.subject}
        | {"status": str(outcome["status"]), "reason": str(outcome["reason"]), "answer": outcome["last_error"]},
    )
    if organization is None:
        return
    action_center.notify(
        event=event,
        organization_id=organization.pk,
        roles=roles_allowing(Permission.MAIL_RESEND, kind=OrganizationKind(organization.kind)),
        kind=ActionKind.RECOMMENDED,
        workspace="action-center",
        title=_("Some mails did not arrive"),
        body=_("The mail server refused them or did not confirm them. See why, and send them again where that helps."),
        url=reverse("action_center:mails"),
        subject_type=UNDELIVERED_MAILS,
        subject_id=organization.pk,
    )


def announce_by_person(
    event_type: NotificationEvent, email: OutgoingEmail, *, actor: Actor, now: datetime.datetime
) -> None:
    """Log that somebody sent a mail again or settled it."""
    _record(
        event_type,
        email,
        organization_id=email.organization_id,
        actor=actor,
        now=now,
        details={"recipient": email.recipient, "subject": email.subject},
    )
    close_if_all_delivered(email.organization_id, now=now)


def announce_own(
    event_type: NotificationEvent,
    *,
    actor: Actor,
    now: datetime.datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Log what a person did with its own Action Center items or preferences."""
    event = log.record(
        event_type=event_type,
        organization_ids=[actor.organization_id],
        subject_type="user",
        subject_id=actor.user_id,
        subject_name=actor.name,
        actor=actor,
        occurred_at=now,
        before=before,
        after=after,
        details=details,
    )
    deliveries.queue(event)


def close_if_all_delivered(organization_id: UUID | None, *, now: datetime.datetime) -> None:
    """Complete the action about undelivered mails once none is left."""
    if organization_id is None:
        return
    if not OutgoingEmail.objects.undelivered().filter(organization_id=organization_id).exists():
        action_center.complete(subject_type=UNDELIVERED_MAILS, subject_id=organization_id, now=now)


def _record(
    event_type: NotificationEvent,
    email: OutgoingEmail,
    *,
    organization_id: UUID | None,
    actor: Actor | None,
    now: datetime.datetime,
    details: Mapping[str, Any],
) -> AuditEvent:
    parties = {organization_id, actor.organization_id if actor else None} - {None}
    event = log.record(
        event_type=event_type,
        organization_ids=[party for party in parties if party is not None],
        subject_type="e-mail",
        subject_id=email.pk,
        subject_name=email.subject,
        actor=actor,
        occurred_at=now,
        details={**details, "event_type": email.event_type, "event_id": str(email.event_id)},
    )
    deliveries.queue(event)
    return event
