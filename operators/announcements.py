"""Who is told what about nominations and enrolled organizations: log, mail, webhook, Action Center (A10)."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from operators.enums import OperatorEvent
from operators.models import ProviderNomination
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Organization
from portal.accounts.permissions import Permission, roles_allowing
from portal.accounts.queries import people_with_role
from portal.audit import log
from portal.audit.models import AuditEvent
from portal.notifications import action_center, outbox
from portal.notifications.enums import ActionKind
from portal.notifications.outbox import Recipient
from portal.webhooks import deliveries
from support import queries as support

E = OperatorEvent
SUBJECT = "provider-nomination"
NEWS = {
    E.NOMINATED: _("%(partner)s asks to become an indirect provider"),
    E.APPROVED: _("Your company is an indirect provider now"),
    E.REFUSED: _("Your nomination as indirect provider was refused"),
}


def announce(
    event_type: OperatorEvent,
    nomination: ProviderNomination,
    *,
    actor: Actor,
    now: datetime.datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write the log entry, deliveries, mails and notices of one event."""
    organization = nomination.partner.organization
    event = log.record(
        event_type=event_type,
        organization_ids=[organization.pk, *support.operator_ids()],
        subject_type="provider-nomination",
        subject_id=nomination.pk,
        subject_name=organization.name,
        actor=actor,
        occurred_at=now,
        before=before,
        after=after,
        details={"status": nomination.status, **({"reason": nomination.reason} if nomination.reason else {})},
    )
    deliveries.queue(event)
    action_center.complete(subject_type=SUBJECT, subject_id=nomination.pk, now=now)
    if event_type == E.NOMINATED:
        _tell_operator(event, nomination)
    elif event_type in NEWS:
        _tell_partner(event, event_type, nomination)


def announce_enrolled(organization: Organization, *, actor: Actor | None, now: datetime.datetime) -> None:
    """Log a new organization for itself and for the operator; ``actor`` None: it founds the programme."""
    event = log.record(
        event_type=E.ENROLLED,
        organization_ids=[organization.pk, *([actor.organization_id] if actor else [])],
        subject_type="organization",
        subject_id=organization.pk,
        subject_name=organization.name,
        actor=actor,
        occurred_at=now,
        after={"kind": organization.kind, "domain": organization.domain, "country": organization.country},
    )
    deliveries.queue(event)


def _tell_operator(event: AuditEvent, nomination: ProviderNomination) -> None:
    path = reverse("operators:nomination", args=[nomination.pk])
    recipients = [Recipient.of(person) for person in support.operators()]
    _mail(event, E.NOMINATED, nomination, recipients, path, kind=ActionKind.RECOMMENDED)
    for organization_id in support.operator_ids():
        action_center.notify(
            event=event,
            organization_id=organization_id,
            roles=roles_allowing(Permission.PROGRAMME_OPERATE, kind=OrganizationKind.OPERATOR),
            kind=ActionKind.RECOMMENDED,
            workspace="programme",
            title=NEWS[E.NOMINATED],
            title_params={"partner": nomination.partner.organization.name},
            url=path,
        )


def _tell_partner(event: AuditEvent, event_type: OperatorEvent, nomination: ProviderNomination) -> None:
    path = reverse("operators:become_provider")
    recipients = [Recipient.of(person) for person in people_with_role(nomination.partner_id, Role.GLOBAL_ADMIN)]
    _mail(event, event_type, nomination, recipients, path, kind=ActionKind.MANDATORY)
    action_center.notify(
        event=event,
        organization_id=nomination.partner_id,
        roles=[Role.GLOBAL_ADMIN, Role.ADMIN_AGENT],
        kind=ActionKind.TRANSACTIONAL,
        workspace="account-settings",
        title=NEWS[event_type],
        url=path,
    )


def _mail(
    event: AuditEvent,
    event_type: OperatorEvent,
    nomination: ProviderNomination,
    recipients: list[Recipient],
    path: str,
    *,
    kind: ActionKind,
) -> None:
    outbox.queue_email(
        template=f"operators/{event_type}",
        event=event,
        recipients=recipients,
        context={
            "partner": nomination.partner.organization.name,
            "nomination": nomination,
            "url": f"{settings.BASE_URL}{path}",
        },
        kind=kind,
        workspace="programme",
    )
