"""What the log says of webhook registrations. No webhook tells of itself."""

import datetime
from collections.abc import Mapping
from typing import Any

from portal.accounts.actor import Actor
from portal.audit import log
from portal.audit.models import AuditEvent
from portal.webhooks.enums import WebhookEvent
from portal.webhooks.models import WebhookRegistration


def announce(
    event_type: WebhookEvent,
    registration: WebhookRegistration,
    *,
    actor: Actor | None,
    now: datetime.datetime,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write the log entry of one event."""
    return log.record(
        event_type=event_type,
        organization_ids=[registration.organization_id],
        subject_type="webhook",
        subject_id=registration.pk,
        subject_name=registration.url,
        actor=actor,
        occurred_at=now,
        before=before,
        after=after,
    )
