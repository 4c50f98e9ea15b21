"""Work through accepted transfers, batch by batch, until every item has moved or failed for good (T10).

Each batch is one transaction: claim the due items (rows locked, those of another process skipped), ask the rules
again, let the commerce back end move them, note the results. A killed process leaves nothing half done and nothing
claimed; the sweep finds what is left in PostgreSQL. A batch that the database refuses is split until the item that is
to blame stands alone, so that nobody's failure holds back the others.
"""

import datetime
import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction
from django.db.models import F, Q, QuerySet

from customers.models import Subscription
from portal.core.queue import enqueue_after_commit
from transfers import queries, rules, workflow
from transfers.commerce import Fault, backend_for
from transfers.enums import OPEN_ITEM_STATUSES, LineItemStatus, TransferStatus
from transfers.models import Transfer, TransferLineItem
from transfers.reasons import REASONS

Clock = Callable[[], datetime.datetime]

BATCH_SIZE = 1_000
WORK_TIME = datetime.timedelta(minutes=4)  # of one task; then another goes on
SHORT_WAIT = datetime.timedelta(seconds=60)  # Celery waits that long; longer waits are found by the sweep
# Seconds between tries, growing; the last one is repeated until 72 hours are over (section 6.6).
PAUSES = (5, 10, 30, 60, 300, 900, 1800, 3600, 7200, 14_400)
JITTER = 0.1

logger = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Progress:
    """How far a task came: ``next_at`` is when something is due again, ``None`` when the transfer has ended."""

    next_at: datetime.datetime | None


def process_transfer(*, transfer_id: uuid.UUID, clock: Clock) -> Progress:
    """Move what is due of one transfer, and end it when nothing is left. May run twice, and at the same time."""
    end = clock() + WORK_TIME
    while clock() < end:
        if not process_batch(transfer_id=transfer_id, now=clock()):
            break
    transfer = workflow.finish_transfer(transfer_id=transfer_id, now=clock())
    if transfer.status != TransferStatus.IN_PROGRESS:
        return Progress(None)
    waiting = _not_held_up().filter(transfer_id=transfer_id)
    return Progress(waiting.order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first() or clock())


def _not_held_up() -> QuerySet[TransferLineItem]:
    """Open items that do not wait for what they belong to."""
    stands_alone = Q(parent__isnull=True) | ~Q(parent__status__in=OPEN_ITEM_STATUSES)
    return TransferLineItem.objects.filter(stands_alone, status__in=OPEN_ITEM_STATUSES)


def process_batch(*, transfer_id: uuid.UUID, now: datetime.datetime, size: int = BATCH_SIZE) -> bool:
    """Process up to ``size`` due items in one transaction; say whether there were any."""
    try:
        with transaction.atomic():
            return bool(_process(transfer_id, _claim(transfer_id, now=now, size=size), now))
    except (OperationalError, InterfaceError):
        raise  # the database is away or in trouble: nothing is known of the items
    except DatabaseError as error:
        if size > 1:
            logger.warning("batch_refused", transfer_id=str(transfer_id), size=size, error=type(error).__name__)
            return _one_by_one(transfer_id, now=now, size=size // 2)
        with transaction.atomic():
            fault = Fault("commerce-error", {"detail": type(error).__name__})
            claims = _claim(transfer_id, now=now, size=1)
            _note_failures(transfer_id, {claim.item_id: fault for claim in claims}, now)
        return True


def _one_by_one(transfer_id: uuid.UUID, *, now: datetime.datetime, size: int) -> bool:
    """Process the items of a refused batch in two smaller ones."""
    first = process_batch(transfer_id=transfer_id, now=now, size=size)
    return process_batch(transfer_id=transfer_id, now=now, size=size) or first


class Claim(NamedTuple):
    """A due line item that this transaction alone works on, with what the rules ask about its subscription."""

    item_id: uuid.UUID
    base_id: uuid.UUID | None
    base_status: str | None
    owner_id: uuid.UUID
    facts: rules.ItemFacts


# The limit comes first: what is claimed costs the same however many items the transfer has left.
_DUE = f"""
    WITH due AS MATERIALIZED (
        SELECT item.id, item.parent_id, item.subscription_id, item.next_attempt_at, item.position
        FROM transfers_transferlineitem AS item
        WHERE item.transfer_id = %s AND item.status IN ('in_progress', 'not_started') AND item.next_attempt_at <= %s
            AND (item.parent_id IS NULL OR NOT EXISTS (
                SELECT FROM transfers_transferlineitem AS base
                WHERE base.id = item.parent_id AND base.status IN ('in_progress', 'not_started')
            ))
        ORDER BY item.next_attempt_at, item.position
        LIMIT %s
        FOR NO KEY UPDATE OF item SKIP LOCKED
    )
    SELECT due.id, base.id, base.status, subscription.billing_owner_id,
        {", ".join(f"subscription.{name}" for name in queries.FACTS)}
    FROM due
    JOIN customers_subscription AS subscription ON subscription.id = due.subscription_id
    LEFT JOIN transfers_transferlineitem AS base ON base.id = due.parent_id
    ORDER BY due.next_attempt_at, due.position
    FOR NO KEY UPDATE OF subscription
"""  # noqa: S608 - made of constants


def _claim(transfer_id: uuid.UUID, *, now: datetime.datetime, size: int) -> list[Claim]:
    """Lock the next due items and their subscriptions; what belongs to another item waits for that one."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [transfer_id, now, size])
        return [
            Claim(item_id, base_id, base_status, owner_id, rules.ItemFacts(*facts))
            for item_id, base_id, base_status, owner_id, *facts in cursor.fetchall()
        ]


def _process(transfer_id: uuid.UUID, claims: Sequence[Claim], now: datetime.datetime) -> int:
    """Move claimed items, or note why not; returns how many were looked at."""
    if not claims:
        return 0
    parties = Transfer.objects.select_related("source_partner__organization", "target_partner", "customer")
    transfer = parties.get(pk=transfer_id)
    faults = _rule_faults(transfer, claims, now.date())
    passed = [claim.item_id for claim in claims if claim.item_id not in faults]
    moves = backend_for(transfer).move(transfer, passed, now=now)
    for item_id, ready_at in moves.working.items():
        TransferLineItem.objects.filter(pk=item_id).update(status=LineItemStatus.IN_PROGRESS, next_attempt_at=ready_at)
    if moves.moved:
        Transfer.objects.filter(pk=transfer_id).update(
            items_completed=F("items_completed") + len(moves.moved), modified_at=now
        )
    _note_failures(transfer_id, {**faults, **moves.failed}, now)
    return len(claims)


def _rule_faults(transfer: Transfer, claims: Sequence[Claim], today: datetime.date) -> dict[uuid.UUID, Fault]:
    """Ask the rules of preflight again, of the subscriptions as they are now (X1)."""
    context = queries.context_of(transfer, [], today=today)
    faults = {}
    for claim in claims:
        if claim.base_id is not None and claim.base_status != LineItemStatus.COMPLETED:
            faults[claim.item_id] = Fault("base-did-not-move")
        elif claim.owner_id != transfer.source_partner_id:
            faults[claim.item_id] = Fault("unknown-item")
        elif finding := rules.processing_finding(claim.facts, context):
            faults[claim.item_id] = Fault(finding.code, finding.params)
    return faults


def _note_failures(transfer_id: uuid.UUID, faults: Mapping[uuid.UUID, Fault], now: datetime.datetime) -> None:
    """Let items that failed wait for their next try; after 72 hours, or for a lasting reason, they have failed."""
    if not faults:
        return
    transfer = Transfer.objects.get(pk=transfer_id)
    given_up = []
    for item in TransferLineItem.objects.filter(pk__in=faults).order_by("pk"):
        fault = faults[item.pk]
        item.attempts += 1
        item.last_error, item.last_error_params = fault.code, dict(fault.params)
        next_at = now + datetime.timedelta(seconds=pause_after(item.attempts))
        is_over = transfer.retry_until is not None and next_at > transfer.retry_until
        if REASONS[fault.code].lasting or is_over:
            item.status, item.next_attempt_at = LineItemStatus.FAILED, None
            given_up.append(item.subscription_id)
        else:
            item.status, item.next_attempt_at = LineItemStatus.IN_PROGRESS, next_at
        item.save(update_fields=["attempts", "last_error", "last_error_params", "status", "next_attempt_at"])
        logger.info("item_not_moved", transfer_id=str(transfer_id), item_id=str(item.pk), code=fault.code)
    if given_up:
        Subscription.objects.filter(pk__in=given_up).update(pending_operation="")
        Transfer.objects.filter(pk=transfer_id).update(items_failed=F("items_failed") + len(given_up), modified_at=now)


def pause_after(attempts: int) -> float:
    """Return the seconds until the next try of an item that failed ``attempts`` times, spread a little."""
    pause = PAUSES[min(attempts, len(PAUSES)) - 1]
    return pause * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, guards nothing


def sweep(*, now: datetime.datetime) -> int:
    """Queue every running transfer that has something due, or whose end a killed process left out; say how many."""
    running = Transfer.objects.filter(status=TransferStatus.IN_PROGRESS)
    due = _not_held_up().filter(next_attempt_at__lte=now)
    over = running.filter(items_total=F("items_completed") + F("items_failed"))
    ids = {
        *running.filter(pk__in=due.values("transfer_id")).values_list("pk", flat=True),
        *over.values_list("pk", flat=True),
    }
    for transfer_id in sorted(ids):
        enqueue_after_commit("transfers.process", str(transfer_id))
    return len(ids)
