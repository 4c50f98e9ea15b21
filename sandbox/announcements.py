"""Who is told what about a sandbox itself: the log of all its partners."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from portal.accounts.actor import Actor
from portal.audit import log
from portal.audit.models import AuditEvent
from sandbox.enums import SandboxEvent
from sandbox.models import Sandbox


def announce(
    event_type: SandboxEvent,
    sandbox: Sandbox,
    *,
    partner_ids: Iterable[UUID],
    details: Mapping[str, Any],
    actor: Actor,
    now: datetime.datetime,
) -> AuditEvent:
    """Log what happened to a sandbox; every partner in it sees it."""
    return log.record(
        event_type=event_type,
        organization_ids=partner_ids,
        subject_type="sandbox",
        subject_id=sandbox.pk,
        subject_name=actor.organization_name,
        actor=actor,
        occurred_at=now,
        details=details,
    )
