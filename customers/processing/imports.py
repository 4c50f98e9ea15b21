"""Work off an import in batches, each a transaction: a kill loses at most one of them, and repeats none."""

import datetime
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from uuid import UUID

from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone

from customers.enums import ImportKind, ImportStatus, RowResult
from customers.import_announcements import RUN_EVENTS, announce_run
from customers.models import IMPORT_PERMISSIONS, ImportRow, ImportRun
from customers.processing.import_customers import CustomerBatch
from customers.processing.import_subscriptions import SubscriptionBatch
from customers.workflow import imports as workflow
from portal.accounts.actor import Actor
from portal.accounts.models import Membership, Partner
from portal.accounts.queries import make_actor
from portal.accounts.rules import may_take_over_subscriptions
from portal.core.queue import enqueue_after_commit

BATCH = 500
SECONDS = 120  # of one task; then others have their turn
LOST_AFTER = datetime.timedelta(seconds=30)
BATCHES: dict[ImportKind, type[CustomerBatch] | type[SubscriptionBatch]] = {
    ImportKind.CUSTOMERS: CustomerBatch,
    ImportKind.SUBSCRIPTIONS: SubscriptionBatch,
}
_TELL = """
UPDATE customers_importrow AS row SET result = told.result, reason = told.reason, facts = told.facts::jsonb
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[]) AS told (id, result, reason, facts)
WHERE row.id = told.id
"""


def work_off(*, run_id: UUID, clock: Callable[[], datetime.datetime] = timezone.now) -> None:
    """Work off what an import has to do at the moment, or hand the rest to the next task."""
    end = time.monotonic() + SECONDS
    while process_batch(run_id=run_id, now=clock()):
        if time.monotonic() > end:
            enqueue_after_commit(workflow.PROCESS, str(run_id))
            return


def resume_lost(*, now: datetime.datetime) -> None:
    """Queue the imports again whose task was lost with its worker or its broker (quality rows 1 and 4)."""
    lost = ImportRun.objects.waiting(since=now - LOST_AFTER).order_by("touched_at", "pk")
    for run_id in lost.values_list("pk", flat=True)[:100]:
        enqueue_after_commit(workflow.PROCESS, str(run_id))


@transaction.atomic
def process_batch(*, run_id: UUID, now: datetime.datetime) -> bool:
    """Check or import the next rows; returns whether there may be more.

    A second worker finds the run taken and stops.
    """
    runs = ImportRun.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    run = runs.filter(pk=run_id, status__in=(ImportStatus.READ, ImportStatus.RUNNING)).first()
    if run is None:
        return False
    if run.status == ImportStatus.RUNNING:  # its kind and tags stay as they are, and its imports take turns
        Partner.objects.locked(run.partner_id)
    actor = _actor_of(run)
    if actor is None:
        workflow.close(run, actor=None, now=now)
        return False
    rows = list(run.rows.filter(number__gt=run.position).order_by("number")[:BATCH])
    if not rows:
        _finish(run, actor, now)
        return False
    if run.status == ImportStatus.RUNNING:
        _import(run, rows, actor, now)
    else:
        BATCHES[ImportKind(run.kind)](run, rows, actor=actor, now=now).judge()
    _tell(rows)
    _count(run, rows, now)
    return True


def _actor_of(run: ImportRun) -> Actor | None:
    """Return the person in whose name the import runs, if person and partner still may (row 16)."""
    run.partner = Partner.objects.select_related("organization").get(pk=run.partner_id)
    members = Membership.objects.active().filter(user_id=run.started_by_id, organization_id=run.partner_id)
    membership = members.select_related("user", "organization").first()
    if membership is None or not may_take_over_subscriptions(run.partner):
        return None
    actor = make_actor(membership, membership.user)
    return actor if actor.may(IMPORT_PERMISSIONS[ImportKind(run.kind)]) else None


def _import(run: ImportRun, rows: Sequence[ImportRow], actor: Actor, now: datetime.datetime) -> None:
    """Judge the rows anew, under locks, and write what they ask for. Rows the database refuses are found by halving."""
    try:
        with transaction.atomic():
            batch = BATCHES[ImportKind(run.kind)](run, rows, actor=actor, now=now)
            batch.lock()
            batch.judge()
            batch.write()
    except (IntegrityError, DataError):
        if len(rows) == 1:
            rows[0].result, rows[0].reason, rows[0].facts = RowResult.WRONG, "not-stored", {}
            return
        middle = len(rows) // 2
        _import(run, rows[:middle], actor, now)
        _tell(rows[:middle])  # the second half looks for the same customer in rows before it
        _import(run, rows[middle:], actor, now)


def _tell(rows: Sequence[ImportRow]) -> None:
    """Keep what became of the rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            _TELL,
            [
                [row.pk for row in rows],
                [str(row.result) for row in rows],
                [row.reason for row in rows],
                [json.dumps(row.facts) for row in rows],
            ],
        )


def _count(run: ImportRun, rows: Sequence[ImportRow], now: datetime.datetime) -> None:
    counts = Counter(row.result for row in rows)
    run.new_count += counts[RowResult.NEW]
    run.changed_count += counts[RowResult.CHANGED]
    run.same_count += counts[RowResult.SAME]
    run.wrong_count += counts[RowResult.WRONG]
    run.done_count += len(rows)
    run.position = rows[-1].number
    run.touched_at = now
    run.save()


def _finish(run: ImportRun, actor: Actor, now: datetime.datetime) -> None:
    """Show the checked rows to a person, or end the import."""
    if run.status == ImportStatus.READ:
        run.status = ImportStatus.PREVIEWED
        run.previewed_at = run.touched_at = now
        run.save(update_fields=["status", "previewed_at", "touched_at"])
        return
    run.status = ImportStatus.DONE
    run.finished_at = run.touched_at = now
    run.save(update_fields=["status", "finished_at", "touched_at"])
    announce_run(RUN_EVENTS[ImportKind(run.kind)], run, actor=actor, now=now)
