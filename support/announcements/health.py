"""Who is told what about service health: the operator's log, and by mail and notice those who asked for it."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.accounts.actor import Actor
from portal.audit import log
from portal.audit.models import AuditEvent
from portal.notifications import action_center, outbox
from portal.notifications.enums import ActionKind
from portal.notifications.outbox import Recipient
from portal.webhooks import deliveries
from support.enums import IncidentKind, ServiceProduct, SupportEvent
from support.models import ServiceIncident
from support.queries import health as queries

WORKSPACE = "support"
TOLD: dict[SupportEvent, Promise] = {
    SupportEvent.INCIDENT_PUBLISHED: _("%(product)s: %(title)s"),
    SupportEvent.INCIDENT_RESOLVED: _("%(product)s, resolved: %(title)s"),
}


def announce_incident(
    event_type: SupportEvent,
    incident: ServiceIncident,
    *,
    text: str,
    actor: Actor,
    now: datetime.datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Log what the operator published; beginning and end are told to the people who asked for it (decision 0045)."""
    event = log.record(
        event_type=event_type,
        organization_ids=[actor.organization_id],
        subject_type="service-incident",
        subject_id=incident.pk,
        subject_name=incident.title,
        actor=actor,
        occurred_at=now,
        before=before,
        after=after,
        details={"product": incident.product, "kind": incident.kind},
    )
    deliveries.queue(event)
    if event_type in TOLD:
        _tell(event, event_type, incident, text=text)


def _tell(event: AuditEvent, event_type: SupportEvent, incident: ServiceIncident, *, text: str) -> None:
    readers = queries.people_to_tell()
    path = reverse("support:incident", args=[incident.pk])
    product = ServiceProduct(incident.product).label
    outbox.queue_email(
        template=f"support/{event_type}",
        event=event,
        recipients=[Recipient.of(reader.user) for reader in readers],
        context={
            "incident": incident,
            "kind": IncidentKind(incident.kind).label,
            "product": product,
            "text": text,
            "url": f"{settings.BASE_URL}{path}",
        },
        kind=ActionKind.TRANSACTIONAL,
        workspace=queries.HEALTH_TOPIC,
    )
    for reader in readers:
        action_center.notify(
            event=event,
            organization_id=reader.organization_id,
            user_id=reader.user_id,
            kind=ActionKind.TRANSACTIONAL,
            workspace=WORKSPACE,
            title=TOLD[event_type],
            title_params={"product": product, "title": incident.title},
            url=path,
        )
