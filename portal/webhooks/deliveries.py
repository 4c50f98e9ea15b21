"""Queue an event for every registration that wants it, in the transaction of the event."""

import orjson

from portal.audit.models import AuditEvent
from portal.webhooks.models import WebhookDelivery, WebhookRegistration


def queue(event: AuditEvent) -> None:
    """Write one delivery row per active registration of the event's parties that asked for this event type."""
    wanted = WebhookRegistration.objects.filter(
        organization_id__in=event.parties.values("organization_id"),
        event_types__contains=[event.event_type],
        is_active=True,
    )
    WebhookDelivery.objects.bulk_create(
        WebhookDelivery(
            registration=registration,
            event=event,
            event_type=event.event_type,
            body=_body(event),
            created_at=event.occurred_at,
            next_attempt_at=event.occurred_at,
        )
        for registration in wanted
    )


def _body(event: AuditEvent) -> bytes:
    """The five properties of the original's notification (portal reference, section 11.3)."""
    return orjson.dumps(
        {
            "EventName": event.event_type,
            "ResourceUri": f"/{event.subject_type}/{event.subject_id}",
            "ResourceName": event.subject_type,
            "AuditUri": f"/auditactivity/v1/auditrecords/{event.public_id}",
            "ResourceChangeUtcDate": event.occurred_at,
        }
    )
