"""Who is told what about prices, rates, usage and budgets: the log, webhooks, mails and Action Center."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from billing.enums import PriceEvent
from portal.accounts.actor import Actor
from portal.audit import log
from portal.audit.models import AuditEvent
from portal.webhooks import deliveries


def announce(
    event_type: PriceEvent,
    *,
    organization_ids: Iterable[UUID],
    subject: tuple[str, UUID, str],
    actor: Actor | None,
    now: datetime.datetime,
    **facts: Mapping[str, Any],
) -> AuditEvent:
    """Write the log entry and the deliveries of one event; ``subject`` is its kind, identifier and name.

    ``facts`` are ``before``, ``after`` and ``details`` of the log.
    """
    kind, subject_id, name = subject
    event = log.record(
        event_type=event_type,
        organization_ids=organization_ids,
        subject_type=kind,
        subject_id=subject_id,
        subject_name=name,
        actor=actor,
        occurred_at=now,
        **facts,  # type: ignore[arg-type]
    )
    deliveries.queue(event)
    return event
