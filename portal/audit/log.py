"""Write the activity log. The one way in: record()."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction

from portal.accounts.actor import Actor
from portal.audit.models import AuditEvent, AuditEventParty, Outcome
from portal.core.fields import name_key
from portal.core.queue import enqueue_after_commit


@transaction.atomic(savepoint=False)
def record(
    *,
    event_type: str,
    organization_ids: Iterable[UUID],
    subject_type: str,
    subject_id: UUID | str,
    subject_name: str = "",
    actor: Actor | None,
    occurred_at: datetime.datetime,
    customer_id: UUID | None = None,
    customer_name: str = "",
    outcome: Outcome = Outcome.SUCCEEDED,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    details: Mapping[str, Any] | None = None,
    party_details: Mapping[UUID, Mapping[str, Any]] | None = None,
) -> AuditEvent:
    """Write one event, visible to the organisations named, inside the caller's transaction (its own if there is none).

    ``actor`` None is the portal itself. ``before``, ``after`` and ``details`` are JSON values that every party reads;
    ``party_details`` holds what one party alone reads (T13: each side its own part). Secrets never belong in any.
    All parties are named here: the event is sealed with them, and the database refuses a party that comes later.
    Long because it names every column of an event.
    """
    event = AuditEvent.objects.create(
        event_type=str(event_type),
        outcome=outcome,
        occurred_at=occurred_at,
        actor_user_id=actor.user_id if actor else None,
        actor_name=actor.name if actor else "",
        actor_email=actor.email if actor else "",
        actor_organization_id=actor.organization_id if actor else None,
        actor_organization_name=actor.organization_name if actor else "",
        subject_type=subject_type,
        subject_id=str(subject_id),
        subject_name=subject_name[:200],
        customer_id=customer_id,
        customer_name=customer_name[:200],
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
        details=dict(details or {}),
        request_id=str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64],
    )
    own = party_details or {}
    AuditEventParty.objects.bulk_create(
        _party(event, organization_id, own.get(organization_id, {}))
        for organization_id in sorted(set(organization_ids))
    )
    enqueue_after_commit("audit.seal")
    return event


def _party(event: AuditEvent, organization_id: UUID, details: Mapping[str, Any]) -> AuditEventParty:
    is_own_person = organization_id == event.actor_organization_id
    return AuditEventParty(
        event=event,
        organization_id=organization_id,
        occurred_at=event.occurred_at,
        event_type=event.event_type,
        outcome=event.outcome,
        customer_id=event.customer_id,
        customer_key=name_key(event.customer_name),
        actor_user_id=event.actor_user_id,
        actor_key=name_key(event.actor_name) + (f" {event.actor_email.lower()}" if is_own_person else ""),
        details=dict(details),
    )
