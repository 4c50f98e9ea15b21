"""What the programme operator tells of the health of the services (A12; portal reference, section 1.2)."""

import datetime
import uuid
from dataclasses import dataclass

from django.db import transaction

from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from support import rules
from support.announcements.health import announce_incident
from support.enums import IncidentKind, IncidentStatus, SupportEvent
from support.models import IncidentUpdate, ServiceIncident

E = SupportEvent


@dataclass(frozen=True)
class NewIncident:
    """What is wrong, or will be, with which product since when, and what is known of it."""

    kind: IncidentKind
    product: str
    title: str
    text: str
    starts_at: datetime.datetime


@transaction.atomic
def publish_incident(
    *, new: NewIncident, actor: Actor, now: datetime.datetime, incident_id: uuid.UUID | None = None
) -> ServiceIncident:
    """Tell partners of an incident, or of work that is planned.

    ``incident_id``: the id it is to have; sent twice with one id it is one incident. Raises: PermissionDenied.
    """
    actor.require(Permission.SERVICE_HEALTH_PUBLISH)
    incident, is_new = ServiceIncident.objects.get_or_create(
        id=incident_id or uuid.uuid4(),
        defaults={
            "kind": new.kind,
            "product": new.product,
            "title": new.title,
            "status": IncidentStatus.INVESTIGATING if new.kind == IncidentKind.INCIDENT else IncidentStatus.ANNOUNCED,
            "starts_at": new.starts_at,
            "created_at": now,
            "modified_at": now,
        },
    )
    if is_new:
        _write(incident, new.text, actor=actor, now=now)
        announce_incident(E.INCIDENT_PUBLISHED, incident, text=new.text, actor=actor, now=now)
    return incident


@transaction.atomic
def update_incident(
    *, incident_id: uuid.UUID, status: IncidentStatus, text: str, actor: Actor, now: datetime.datetime
) -> ServiceIncident:
    """Tell what is known now; with the status "resolved" it is over. Raises: PermissionDenied, IncidentOver."""
    actor.require(Permission.SERVICE_HEALTH_PUBLISH)
    incident = ServiceIncident.objects.locked(incident_id)
    rules.check_can_update(incident)
    before = {"status": incident.status}
    is_over = status == IncidentStatus.RESOLVED
    incident.status, incident.modified_at = status, now
    incident.resolved_at = now if is_over else None
    incident.save(update_fields=["status", "modified_at", "resolved_at"])
    _write(incident, text, actor=actor, now=now)
    event_type = E.INCIDENT_RESOLVED if is_over else E.INCIDENT_UPDATED
    after = {"status": incident.status}
    announce_incident(event_type, incident, text=text, actor=actor, now=now, before=before, after=after)
    return incident


def _write(incident: ServiceIncident, text: str, *, actor: Actor, now: datetime.datetime) -> None:
    IncidentUpdate.objects.create(
        incident=incident, status=incident.status, text=text, author_name=actor.name, created_at=now
    )
