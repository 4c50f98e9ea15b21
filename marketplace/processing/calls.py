"""Call publishers' webhooks: one worker per publisher at a time, in the order of events (section 4)."""

import datetime
from collections.abc import Callable
from uuid import UUID

import structlog
from django.conf import settings
from django.db.models import Exists, OuterRef

from marketplace import signing
from marketplace.enums import CallStatus
from marketplace.models import Operation, WebhookCall
from marketplace.workflow import calls
from portal.core import faults, outgoing

Clock = Callable[[], datetime.datetime]

BATCH_TIME = datetime.timedelta(seconds=30)  # then another worker, or another publisher, has its turn
SETTLED_AT_ONCE = 500

logger = structlog.get_logger(__name__)


def call_publisher(publisher_id: UUID, *, clock: Clock) -> bool:
    """Make the calls of one publisher that are due; say whether more are left.

    A publisher that cannot be reached is left alone until its next turn: it costs one call of a worker's time a minute,
    whatever waits for it.
    """
    end = clock() + BATCH_TIME
    if not calls.claim_publisher(publisher_id=publisher_id, now=clock()):
        return False  # another worker is at it
    try:
        while (call := _next_call(publisher_id, now=clock())) is not None:
            if not _make(call, clock=clock):
                return False
            if clock() >= end:
                return True
        return False
    finally:
        calls.release_publisher(publisher_id=publisher_id)


def _next_call(publisher_id: UUID, *, now: datetime.datetime) -> WebhookCall | None:
    """Return the oldest due call; never one of a subscription that an earlier call still waits for."""
    waiting = WebhookCall.objects.filter(publisher_id=publisher_id, status=CallStatus.WAITING)
    earlier = waiting.filter(operation__saas_id=OuterRef("operation__saas_id"), created_at__lt=OuterRef("created_at"))
    due = waiting.filter(~Exists(earlier), next_attempt_at__lte=now)
    rows = due.select_related("publisher", "operation__saas__plan__offer")
    return rows.order_by("next_attempt_at", "created_at", "pk").first()


def _make(call: WebhookCall, *, clock: Clock) -> bool:
    """Make one call, outside any transaction, and note its answer; say whether the publisher could be reached."""
    started_at = clock()
    url = call.operation.saas.plan.offer.webhook_url
    is_silent = faults.is_planned(faults.PUBLISHER_SILENT, [call.operation.saas.partner_id])
    silence = outgoing.Outcome(None, faults.TOLD, outgoing.TIMED_OUT)
    outcome = silence if is_silent else _post(call, url, started_at)
    logger.info(
        "publisher_called",
        call_id=str(call.pk),
        publisher_id=str(call.publisher_id),
        http_status=outcome.http_status,
        error=outcome.error,
        milliseconds=outcome.milliseconds,
    )
    calls.note_answer(call_id=call.pk, url=url, started_at=started_at, answer=outcome, now=clock())
    return outcome.is_success or outcome.is_refused or is_silent  # a sandbox's silence holds up nobody else


def _post(call: WebhookCall, url: str, started_at: datetime.datetime) -> outgoing.Outcome:
    return outgoing.post(
        url,
        body=bytes(call.body),
        headers={
            "Content-Type": "application/json",
            "Authorization": f"Bearer {signing.call_token(call.publisher, now=started_at)}",
        },
        seconds=settings.PUBLISHER_CALL_SECONDS,
    )


def publishers_due(*, now: datetime.datetime) -> list[UUID]:
    """Return the publishers for whom calls are due."""
    due = WebhookCall.objects.filter(status=CallStatus.WAITING, next_attempt_at__lte=now)
    return list(due.order_by("publisher_id").values_list("publisher_id", flat=True).distinct())


def settle_operations(*, now: datetime.datetime) -> int:
    """Apply changes that publishers agreed to by saying nothing, and fail those they never heard of."""
    running = Operation.objects.running()
    due = running.filter(accepts_itself_at__lte=now) | running.filter(fails_at__lte=now)
    ids = list(due.order_by("created_at", "pk").values_list("pk", flat=True)[:SETTLED_AT_ONCE])
    return sum(_settle(operation_id, now) for operation_id in ids)


def _settle(operation_id: UUID, now: datetime.datetime) -> bool:
    try:
        return calls.settle_operation(operation_id=operation_id, now=now)
    except Exception:  # one that cannot be settled must not keep others waiting; it is overdue, and told so
        logger.exception("operation_not_settled", operation_id=str(operation_id))
        return False
