"""Who is told what about service health: the operator's log; partners read it on its page."""

import datetime
from collections.abc import Mapping
from typing import Any

from portal.accounts.actor import Actor
from portal.audit import log
from portal.webhooks import deliveries
from support.enums import SupportEvent
from support.models import ServiceIncident


def announce_incident(
    event_type: SupportEvent,
    incident: ServiceIncident,
    *,
    actor: Actor,
    now: datetime.datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Log what the operator published. No mail: an incident concerns every partner, and most of them not (0045)."""
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
