"""Queue an event for every registration that wants it, in the transaction of the event."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

import orjson
from django.conf import settings

from portal.audit import wire
from portal.audit.models import AuditEvent, AuditEventParty
from portal.core.queue import enqueue_after_commit
from portal.webhooks.enums import WebhookEvent
from portal.webhooks.models import WebhookDelivery, WebhookRegistration

SUBSCRIPTION = "subscription"
WRITTEN_AT_ONCE = 1000
TESTS = "/webhooks/v1/registration/validationEvents"
# ResourceName as the original writes it, by subject of the log
RESOURCE_NAMES = {
    "transfer": "Transfer",
    "customer": "Customer",
    "reseller-relationship": "Customer",
    "relationship-request": "Customer",
    "invoice": "Invoice",
}


def queue(event: AuditEvent, *, event_type: str = "") -> None:
    """Write one delivery row per active registration of the event's parties that asked for this event type.

    ``event_type``: the name that webhooks know the event by, where it is not the log's.
    """
    name = event_type or event.event_type
    wanted = WebhookRegistration.objects.listening().filter(
        organization_id__in=event.parties.values("organization_id"), event_types__contains=[name]
    )
    _write([_delivery(registration, event, name) for registration in wanted])


def queue_for(registration: WebhookRegistration, event: AuditEvent) -> WebhookDelivery:
    """Queue an event that one webhook alone is told of."""
    delivery = _delivery(registration, event, event.event_type)
    _write([delivery])
    return delivery


def replay(firsts: Sequence[WebhookDelivery], *, now: datetime.datetime) -> None:
    """Queue the same notifications once more, each with its body and the id of its event."""
    _write(
        [
            WebhookDelivery(
                registration_id=first.registration_id,
                event_id=first.event_id,
                replay_of=first,
                event_type=first.event_type,
                body=first.body,
                created_at=now,
                next_attempt_at=now,
            )
            for first in firsts
        ]
    )


def queue_all(events: Sequence[AuditEvent]) -> None:
    """Queue many events, all in the same few statements; one query where nobody listens to them."""
    registrations = WebhookRegistration.objects.listening().filter(
        organization_id__in=AuditEventParty.objects.filter(event__in=events).values("organization_id"),
        event_types__overlap=list({event.event_type for event in events}),
    )
    listening = list(registrations) if events else []
    if not listening:
        return
    parties: dict[int, set[UUID]] = defaultdict(set)
    for event_id, organization_id in AuditEventParty.objects.filter(event__in=events).values_list(
        "event_id", "organization_id"
    ):
        parties[event_id].add(organization_id)
    _write(
        [
            _delivery(registration, event, event.event_type)
            for event in events
            for registration in listening
            if event.event_type in registration.event_types and registration.organization_id in parties[event.pk]
        ]
    )


def queue_written(event_ids: Sequence[int], *, event_type: str) -> None:
    """Queue events of one type that were written by SQL; they are read only if somebody listens to such events."""
    if WebhookRegistration.objects.listening().filter(event_types__contains=[event_type]).exists():
        queue_all(list(AuditEvent.objects.filter(pk__in=event_ids)))


def _write(rows: list[WebhookDelivery]) -> None:
    WebhookDelivery.objects.bulk_create(rows, batch_size=WRITTEN_AT_ONCE)
    if rows:
        enqueue_after_commit("webhooks.deliver")


def _delivery(registration: WebhookRegistration, event: AuditEvent, name: str) -> WebhookDelivery:
    return WebhookDelivery(
        registration=registration,
        event=event,
        event_type=name,
        body=_body(event, name, registration.organization_id),
        created_at=event.occurred_at,
        next_attempt_at=event.occurred_at,
    )


def _body(event: AuditEvent, name: str, organization_id: UUID) -> bytes:
    """The five properties of the original's notification (API reference, section 7.2): addresses, no data."""
    record_id, is_test = wire.record_id(event, organization_id), name == WebhookEvent.TEST
    return orjson.dumps(
        {
            "EventName": name,
            "ResourceUri": f"{settings.BASE_URL}{TESTS}/{event.public_id}" if is_test else _resource_uri(event),
            "ResourceName": "test" if is_test else RESOURCE_NAMES.get(event.subject_type, event.subject_type),
            "AuditUri": None if is_test else f"{settings.BASE_URL}/auditactivity/v1/auditrecords/{record_id}",
            "ResourceChangeUtcDate": event.occurred_at,
        }
    )


def _resource_uri(event: AuditEvent) -> str | None:
    """Return where the thing is read: a subscription by itself, a transfer or relationship by its customer (7.5)."""
    if event.customer_id is None:
        return None
    if event.subject_type == SUBSCRIPTION:
        return f"{settings.BASE_URL}/webhooks/v1/customers/{event.customer_id}/subscriptions/{event.subject_id}"
    return f"{settings.BASE_URL}/v1/customers/{event.customer_id}"
