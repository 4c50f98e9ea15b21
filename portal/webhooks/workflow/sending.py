"""What comes of sending: turns at a webhook, outcomes noted, webhooks disabled or reported as failing."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import F

from portal.core.outgoing import Outcome
from portal.webhooks import rules
from portal.webhooks.announcements import announce, announce_trouble, settle
from portal.webhooks.enums import AttemptResult, WebhookEvent
from portal.webhooks.models import DeliveryAttempt, DeliveryStatus, WebhookDelivery, WebhookRegistration

ANSWER_LENGTH = 1000
MOST_HEADERS, HEADER_LENGTH = 40, 500


@dataclass(frozen=True)
class Call:
    """One attempt, with what was sent beside the stored body and what came back."""

    delivery_id: UUID
    url: str
    started_at: datetime.datetime
    headers: Mapping[str, str]
    outcome: Outcome


@transaction.atomic
def take_turns(*, most: int, until: datetime.datetime, now: datetime.datetime) -> list[UUID]:
    """Take webhooks for which something is due, each for this worker alone; a dead one's turn ends by itself.

    Those that have rested longest come first.
    """
    rows = WebhookRegistration.objects.with_work(now).order_by(F("busy_until").asc(nulls_last=True), "pk")
    chosen = rows.select_for_update(of=("self",), no_key=True, skip_locked=True).values_list("pk", flat=True)
    taken = list(chosen[:most])
    if taken:
        WebhookRegistration.objects.filter(pk__in=taken).update(busy_until=until)
    return taken


def end_turn(*, registration_id: UUID, rests_until: datetime.datetime | None = None) -> None:
    """Let the next worker have its turn, after a rest if one is given: a receiver that hangs costs little time."""
    WebhookRegistration.objects.filter(pk=registration_id).update(busy_until=rests_until)


@transaction.atomic
def note_calls(*, registration_id: UUID, calls: Sequence[Call], now: datetime.datetime) -> None:
    """Write down attempts at one webhook and what follows: delivered, tried again, given up, disabled by a 410."""
    registration = WebhookRegistration.objects.locked(registration_id)
    rows = WebhookDelivery.objects.select_for_update(of=("self",), no_key=True).defer("body")
    found = {row.pk: row for row in rows.filter(pk__in=[call.delivery_id for call in calls]).order_by("pk")}
    DeliveryAttempt.objects.bulk_create(_attempt(call, found[call.delivery_id].attempts + 1) for call in calls)
    delivered = [call.delivery_id for call in calls if call.outcome.is_success]
    WebhookDelivery.objects.filter(pk__in=delivered).update(
        status=DeliveryStatus.DELIVERED, attempts=F("attempts") + 1, next_attempt_at=None, ended_at=now
    )
    for call in calls:
        if not call.outcome.is_success:
            _note_failure(found[call.delivery_id], call.outcome, now=now)
    _note_health(registration, calls, now=now)
    if any(call.outcome.http_status == rules.GONE for call in calls):
        _disable(registration, now=now)


def _attempt(call: Call, number: int) -> DeliveryAttempt:
    outcome = call.outcome
    return DeliveryAttempt(
        delivery_id=call.delivery_id,
        number=number,
        url=call.url,
        started_at=call.started_at,
        milliseconds=outcome.milliseconds,
        result=_result(outcome),
        http_status=outcome.http_status,
        error=outcome.error,
        answer=outcome.text[:ANSWER_LENGTH],
        request_headers=dict(call.headers),
        answer_headers={
            name[:HEADER_LENGTH]: value[:HEADER_LENGTH] for name, value in list(outcome.headers.items())[:MOST_HEADERS]
        },
    )


def _result(outcome: Outcome) -> AttemptResult:
    if outcome.is_success:
        return AttemptResult.DELIVERED
    return AttemptResult.REFUSED if outcome.http_status else AttemptResult.NOT_REACHED


def _note_failure(delivery: WebhookDelivery, outcome: Outcome, *, now: datetime.datetime) -> None:
    delivery.attempts += 1
    if delivery.status == DeliveryStatus.WAITING:  # else the webhook was deleted meanwhile
        is_gone = outcome.http_status == rules.GONE
        delivery.next_attempt_at = None if is_gone else rules.next_attempt_at(delivery.attempts, now=now)
        if delivery.next_attempt_at is None:
            delivery.status, delivery.ended_at = DeliveryStatus.FAILED, now
    delivery.save(update_fields=["attempts", "next_attempt_at", "status", "ended_at"])


def _note_health(registration: WebhookRegistration, calls: Sequence[Call], *, now: datetime.datetime) -> None:
    """Remember since when nothing arrives; one that arrives ends it, and whatever was said about it."""
    if any(call.outcome.is_success for call in calls):
        if registration.failing_since is None:
            return
        registration.failing_since = registration.failing_told_at = None
        settle(registration, WebhookEvent.FAILING, now=now)
    elif registration.failing_since is None:
        registration.failing_since = calls[0].started_at
    else:
        return
    registration.save(update_fields=["failing_since", "failing_told_at"])


def _disable(registration: WebhookRegistration, *, now: datetime.datetime) -> None:
    """Stop delivering to a receiver that is gone; what still waited for it has failed."""
    waiting = WebhookDelivery.objects.filter(registration=registration, status=DeliveryStatus.WAITING)
    waiting.update(status=DeliveryStatus.FAILED, next_attempt_at=None, ended_at=now)
    if not registration.is_active:
        return
    registration.is_active, registration.modified_at = False, now
    registration.save(update_fields=["is_active", "modified_at"])
    event = announce(WebhookEvent.DISABLED, registration, actor=None, now=now, after={"answer": rules.GONE})
    announce_trouble(event, registration)


@transaction.atomic
def tell_of_failing(*, registration_id: UUID, now: datetime.datetime) -> bool:
    """Tell the admins of a webhook at which nothing has arrived for a day; say whether there was something to do.

    Running it again, or at the same time elsewhere, tells once.
    """
    registration = WebhookRegistration.objects.locked(registration_id)
    if not rules.is_failing_to_tell(registration, now=now):
        return False
    registration.failing_told_at = now
    registration.save(update_fields=["failing_told_at"])
    since = registration.failing_since.isoformat(timespec="seconds") if registration.failing_since else ""
    event = announce(WebhookEvent.FAILING, registration, actor=None, now=now, after={"failing since": since})
    announce_trouble(event, registration)
    return True
