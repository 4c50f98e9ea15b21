"""Who is told what about imports: log and webhooks of the partner, and the log of each customer it brought along."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from customers.enums import CustomerEvent, ImportKind
from customers.models import ImportRun
from portal.accounts.actor import Actor
from portal.audit import log
from portal.audit.log import Subject
from portal.audit.models import AuditEvent, Outcome
from portal.webhooks import deliveries

RUN_EVENTS = {
    ImportKind.CUSTOMERS: CustomerEvent.CUSTOMERS_IMPORTED,
    ImportKind.SUBSCRIPTIONS: CustomerEvent.SUBSCRIPTIONS_IMPORTED,
}


def announce_run(
    event_type: CustomerEvent,
    run: ImportRun,
    *,
    actor: Actor | None,
    now: datetime.datetime,
    outcome: Outcome = Outcome.SUCCEEDED,
    details: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Log a step of an import, with what it comes to so far."""
    event = log.record(
        event_type=event_type,
        outcome=outcome,
        organization_ids=[run.partner_id],
        subject_type="import",
        subject_id=run.pk,
        subject_name=run.file_name,
        actor=actor,
        occurred_at=now,
        customer_id=run.customer_id,
        details={
            "rows": run.row_count,
            "new": run.new_count,
            "changed": run.changed_count,
            "already here": run.same_count,
            "not imported": run.wrong_count,
            **(details or {}),
        },
    )
    deliveries.queue(event)
    return event


def announce_rows(
    event_type: CustomerEvent, subject_type: str, subjects: Iterable[Subject], *, actor: Actor, now: datetime.datetime
) -> None:
    """Log what a batch made of each of its customers, subscriptions or tags."""
    events = log.record_all(
        event_type=event_type, subject_type=subject_type, subjects=subjects, actor=actor, occurred_at=now
    )
    deliveries.queue_all(events)
