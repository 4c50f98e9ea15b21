"""Deliver what waits: many webhooks side by side, each by one worker at a time, so that one that hangs holds up nobody.

A turn takes webhooks for which something is due, and makes the calls of each in a thread of its own; threads know no
database. What came back is written down by webhook, some dozens at once. A process killed before that delivers twice:
receivers tell by ``webhook-id``, which stays the same (decision 0043).
"""

import contextlib
import datetime
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from uuid import UUID

import structlog
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import connection

from portal.core import faults, outgoing
from portal.webhooks import queries, rules, signing
from portal.webhooks.models import WebhookDelivery, WebhookRegistration
from portal.webhooks.signing import Signer
from portal.webhooks.workflow import sending
from portal.webhooks.workflow.sending import Call

Clock = Callable[[], datetime.datetime]

TURN = datetime.timedelta(seconds=30)  # then other work of this process has its turn
BATCH = 50  # deliveries to one webhook before their outcomes are written down
BATCH_SECONDS = 5  # so long at most before they are, if the receiver is slow
SPARE = datetime.timedelta(seconds=30)  # beyond the last call of a batch, before it counts as abandoned
REST = datetime.timedelta(seconds=30)  # for a receiver that could not be reached
SENDER_LOCK = 0x7765626B  # "webk": first half of the key, the place is the second
LOOK_SECONDS = 0.25  # how often a turn looks for new work while calls are under way

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Batch:
    """Some deliveries to one webhook."""

    registration_id: UUID
    url: str
    is_sandbox: bool
    signer: Signer
    deliveries: Sequence[WebhookDelivery]
    fails: bool = False  # a sandbox wants to see what then happens


def deliver_due(*, clock: Clock) -> bool:
    """Deliver what is due to all webhooks; say whether something is left for another turn.

    Does nothing while as many processes as may are sending: receivers that hang never keep all of them from other work.
    """
    with _place_of_a_sender() as has_place:
        if not has_place:
            return False  # whoever has it sees what is due, now or in the look below
        _take_turn(clock)
    return WebhookRegistration.objects.with_work(clock()).exists()


@contextlib.contextmanager
def _place_of_a_sender() -> Iterator[bool]:
    """Hold one of the places for processes that send; PostgreSQL gives it back when a process dies."""
    taken = None
    with connection.cursor() as cursor:
        for place in range(settings.WEBHOOK_SENDERS):
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [SENDER_LOCK, place])
            if cursor.fetchone()[0]:
                taken = place
                break
    try:
        yield taken is not None
    finally:
        if taken is not None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [SENDER_LOCK, taken])


def _take_turn(clock: Clock) -> None:
    end = clock() + TURN
    running: dict[Future[list[Call]], UUID] = {}
    with ThreadPoolExecutor(settings.WEBHOOK_CALLS_AT_ONCE, thread_name_prefix="webhooks") as pool:
        while True:
            if clock() < end:
                for batch in _take(settings.WEBHOOK_CALLS_AT_ONCE - len(running), now=clock()):
                    running[pool.submit(_send, batch, clock)] = batch.registration_id
            if not running:
                return
            done, _still = wait(running, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for future in done:
                _note(running.pop(future), future.result(), now=clock())


def tell_of_failing(*, now: datetime.datetime) -> int:
    """Tell admins of webhooks that nothing has reached for a day; return of how many."""
    failing = queries.failing_untold(since=now - rules.FAILING_TOLD_AFTER)
    return sum(sending.tell_of_failing(registration_id=registration_id, now=now) for registration_id in failing)


def _take(most: int, *, now: datetime.datetime) -> list[_Batch]:
    """Take webhooks for which something is due, and the oldest due deliveries of each."""
    until = now + datetime.timedelta(seconds=BATCH_SECONDS + settings.WEBHOOK_CALL_SECONDS) + SPARE
    taken = sending.take_turns(most=most, until=until, now=now) if most else []
    return [batch for registration_id in taken if (batch := _batch(registration_id, now=now)) is not None]


def _batch(registration_id: UUID, *, now: datetime.datetime) -> _Batch | None:
    deliveries = queries.due_deliveries(registration_id, now=now, most=BATCH)
    if not deliveries:  # sent or dropped between the two looks
        sending.end_turn(registration_id=registration_id)
        return None
    registration = deliveries[0].registration
    try:
        signer = signing.signer_of(registration, now=now)
    except InvalidToken:  # sealed under a key that is gone; its receiver needs a new secret, others need nothing
        logger.exception("webhook_secret_unreadable", registration_id=str(registration_id))
        sending.end_turn(registration_id=registration_id, rests_until=now + REST)
        return None
    is_sandbox = registration.organization.is_sandbox
    fails = is_sandbox and faults.is_planned(faults.WEBHOOK_FAILS, [registration.organization_id])
    return _Batch(registration_id, registration.url, is_sandbox, signer, deliveries, fails)


def _send(batch: _Batch, clock: Clock) -> list[Call]:
    """Make the calls of a batch in order, until one does not get through or the time is over. Knows no database."""
    end, calls = time.monotonic() + BATCH_SECONDS, list[Call]()
    for delivery in batch.deliveries:
        started_at, body = clock(), bytes(delivery.body)
        headers = {
            "Content-Type": "application/json",
            **batch.signer.headers(message_id=str(delivery.event.public_id), body=body, now=started_at),
        }
        outcome = outgoing.Outcome(500, faults.TOLD) if batch.fails else _post(batch, body, headers)
        calls.append(Call(delivery.pk, batch.url, started_at, headers, outcome))
        if outcome.http_status in (None, rules.GONE) or time.monotonic() >= end:
            break
    return calls


def _post(batch: _Batch, body: bytes, headers: Mapping[str, str]) -> outgoing.Outcome:
    return outgoing.post(
        batch.url, body=body, headers=headers, seconds=settings.WEBHOOK_CALL_SECONDS, is_sandbox=batch.is_sandbox
    )


def _note(registration_id: UUID, calls: Sequence[Call], *, now: datetime.datetime) -> None:
    """Write down a batch and let the next worker have the webhook; a receiver that was not reached is left to rest."""
    sending.note_calls(registration_id=registration_id, calls=calls, now=now)
    is_reached = calls[-1].outcome.http_status is not None
    sending.end_turn(registration_id=registration_id, rests_until=None if is_reached else now + REST)
    logger.info(
        "webhook_called",
        registration_id=str(registration_id),
        calls=len(calls),
        delivered=sum(call.outcome.is_success for call in calls),
        last_status=calls[-1].outcome.http_status,
        last_error=calls[-1].outcome.error,
        milliseconds=sum(call.outcome.milliseconds for call in calls),
    )
