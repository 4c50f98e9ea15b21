"""Write the activity log. The ways in: record(), and record_all() and record_selected() for many events alike."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django.db import connection, transaction

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
        subject_type=subject_type,
        subject_id=str(subject_id),
        subject_name=subject_name[:200],
        customer_id=customer_id,
        customer_name=customer_name[:200],
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
        details=dict(details or {}),
        **_who(actor),
    )
    own = party_details or {}
    AuditEventParty.objects.bulk_create(
        _party(event, organization_id, own.get(organization_id, {}))
        for organization_id in sorted(set(organization_ids))
    )
    enqueue_after_commit("audit.seal")
    return event


@dataclass(frozen=True)
class Subject:
    """What one of many events is about, and who sees it."""

    id: UUID | str
    name: str
    organization_ids: Iterable[UUID]
    customer_id: UUID | None = None
    customer_name: str = ""
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


@transaction.atomic(savepoint=False)
def record_all(
    *,
    event_type: str,
    subject_type: str,
    subjects: Iterable[Subject],
    actor: Actor | None,
    occurred_at: datetime.datetime,
) -> list[AuditEvent]:
    """Write an event for each subject, all in the same few statements: what a batch of some hundreds changed."""
    told = list(subjects)
    who = _who(actor)
    events = AuditEvent.objects.bulk_create(
        AuditEvent(
            event_type=str(event_type),
            occurred_at=occurred_at,
            subject_type=subject_type,
            subject_id=str(subject.id),
            subject_name=subject.name[:200],
            customer_id=subject.customer_id,
            customer_name=subject.customer_name[:200],
            before=dict(subject.before) if subject.before is not None else None,
            after=dict(subject.after) if subject.after is not None else None,
            **who,
        )
        for subject in told
    )
    AuditEventParty.objects.bulk_create(
        _party(event, organization_id, {})
        for event, subject in zip(events, told, strict=True)
        for organization_id in sorted(set(subject.organization_ids))
    )
    if events:
        enqueue_after_commit("audit.seal")
    return events


@transaction.atomic(savepoint=False)
def record_selected(
    *, event_type: str, subject_type: str, select: str, params: dict[str, Any], occurred_at: datetime.datetime
) -> list[int]:
    """Write an event of the portal itself for each row of a SELECT: what a batch of thousands changed. Return the ids.

    The SELECT has the columns subject_id, subject_name, customer_id, customer_name, customer_key (``name_key`` of it),
    before, after and details (jsonb) and organization_ids (uuid[], each once), and yields each subject once. Its
    parameters have names.
    """
    with connection.cursor() as cursor:
        own: dict[str, Any] = {"event_type": str(event_type), "subject_type": subject_type, "occurred_at": occurred_at}
        cursor.execute(_SELECTED_EVENTS.format(select=select), {**params, **own})
        ids = [event_id for (event_id,) in cursor.fetchall()]
    if ids:
        enqueue_after_commit("audit.seal")
    return ids


_SELECTED_EVENTS = """
WITH told AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('audit_auditevent', 'id')) AS event_id, chosen.* FROM ({select}) AS chosen
), events AS (
    INSERT INTO audit_auditevent (id, public_id, event_type, outcome, occurred_at, actor_name, actor_email,
        actor_organization_name, subject_type, subject_id, subject_name, customer_id, customer_name, before, after,
        details, request_id)
    SELECT event_id, gen_random_uuid(), %(event_type)s, 'succeeded', %(occurred_at)s, '', '', '', %(subject_type)s,
        subject_id::text, left(subject_name, 200), customer_id, left(customer_name, 200), before, after, details, ''
    FROM told
    RETURNING id
), parties AS (
    INSERT INTO audit_auditeventparty (event_id, organization_id, occurred_at, event_type, outcome, customer_id,
        customer_key, actor_key, details)
    SELECT told.event_id, party.id, %(occurred_at)s, %(event_type)s, 'succeeded', told.customer_id, told.customer_key,
        '', '{{}}'
    FROM events
    JOIN told ON told.event_id = events.id  -- an event comes before its parties, or its trigger refuses them
    CROSS JOIN LATERAL unnest(told.organization_ids) AS party (id)
)
SELECT event_id FROM told
"""


def _who(actor: Actor | None) -> dict[str, Any]:
    """Return the columns of an event that say who did it, and in which request."""
    return {
        "actor_user_id": actor.user_id if actor else None,
        "actor_name": actor.name_in_log[:200] if actor else "",
        "actor_email": actor.email if actor else "",
        "actor_organization_id": actor.organization_id if actor else None,
        "actor_organization_name": actor.organization_name if actor else "",
        "request_id": str(structlog.contextvars.get_contextvars().get("request_id", ""))[:64],
    }


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
