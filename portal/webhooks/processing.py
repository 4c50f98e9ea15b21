"""Deliver what waits, one worker per registration at a time, so that one that hangs holds up nobody else (T9).

Calls are made outside transactions. A process killed between call and note delivers twice: receivers tell by
``webhook-id``, which stays the same.
"""

import datetime
from collections.abc import Callable
from uuid import UUID

import structlog
from django.conf import settings

from portal.core import outgoing
from portal.webhooks import signing, workflow
from portal.webhooks.models import DeliveryStatus, WebhookDelivery, WebhookRegistration

Clock = Callable[[], datetime.datetime]

TURN = datetime.timedelta(seconds=30)  # then another worker has its turn
SPARE = datetime.timedelta(seconds=30)  # beyond the last call of a turn, before it counts as abandoned

logger = structlog.get_logger(__name__)


def deliver(registration_id: UUID, *, clock: Clock) -> bool:
    """Deliver what is due to one registration, oldest first; say whether more is left for another turn.

    A receiver that cannot be reached ends the turn: the rest waits for the next sweep.
    """
    begun = clock()
    end = begun + TURN
    until = end + datetime.timedelta(seconds=settings.WEBHOOK_CALL_SECONDS) + SPARE
    if not workflow.take_turn(registration_id=registration_id, until=until, now=begun):
        return False
    try:
        while (delivery := _next(registration_id, now=clock())) is not None:
            if not _send(delivery, clock=clock):
                return False
            if clock() >= end:
                return True
        return False
    finally:
        workflow.end_turn(registration_id=registration_id)


def registrations_due(*, now: datetime.datetime) -> list[UUID]:
    """Return the registrations for which something is due."""
    due = WebhookDelivery.objects.filter(status=DeliveryStatus.WAITING, next_attempt_at__lte=now)
    active = due.filter(registration__is_active=True)
    return list(active.order_by("registration_id").values_list("registration_id", flat=True).distinct())


def _next(registration_id: UUID, *, now: datetime.datetime) -> WebhookDelivery | None:
    due = WebhookDelivery.objects.filter(
        registration_id=registration_id,
        registration__is_active=True,
        status=DeliveryStatus.WAITING,
        next_attempt_at__lte=now,
    )
    return due.select_related("registration").order_by("next_attempt_at", "created_at", "pk").first()


def _send(delivery: WebhookDelivery, *, clock: Clock) -> bool:
    """Make one call and note it; say whether the receiver could be reached."""
    started_at, registration, body = clock(), delivery.registration, bytes(delivery.body)
    outcome = outgoing.post(
        registration.url,
        body=body,
        headers={"Content-Type": "application/json", **_signature(registration, delivery, body, now=started_at)},
        seconds=settings.WEBHOOK_CALL_SECONDS,
    )
    workflow.note_outcome(
        delivery_id=delivery.pk, url=registration.url, started_at=started_at, outcome=outcome, now=clock()
    )
    logger.info(
        "webhook_called",
        delivery_id=str(delivery.pk),
        http_status=outcome.http_status,
        error=outcome.error,
        milliseconds=outcome.milliseconds,
    )
    return outcome.http_status is not None


def _signature(
    registration: WebhookRegistration, delivery: WebhookDelivery, body: bytes, *, now: datetime.datetime
) -> dict[str, str]:
    if not registration.sealed_secret:  # registered before there were secrets
        return {}
    secret = bytes(registration.sealed_secret)
    return signing.headers(message_id=str(delivery.pk), body=body, sealed_secret=secret, now=now)
