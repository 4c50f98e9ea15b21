"""Who is told what about groups: the organization's own log and webhooks."""

import datetime
from collections.abc import Mapping
from typing import Any

from portal.accounts.actor import Actor
from portal.audit import log
from portal.directory.enums import DirectoryEvent
from portal.directory.models import Group
from portal.webhooks import deliveries


def announce_group(
    event_type: DirectoryEvent,
    group: Group,
    *,
    actor: Actor,
    now: datetime.datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Log what happened to a group; nobody else learns of it."""
    event = log.record(
        event_type=event_type,
        organization_ids=[group.organization_id],
        subject_type="group",
        subject_id=group.pk,
        subject_name=group.name,
        actor=actor,
        occurred_at=now,
        before=before,
        after=after,
    )
    deliveries.queue(event)
