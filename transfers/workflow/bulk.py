"""Many transfers from a file: read it, let it run after a look at its check, stop it, check again what is left (X2)."""

import datetime
import uuid
from itertools import islice
from typing import BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission
from portal.audit.models import Outcome
from portal.core.csv_files import CsvFile
from portal.core.errors import Refusal
from portal.core.queue import enqueue_after_commit
from transfers.announcements import announce_bulk
from transfers.bulk_files import open_file, rows_of
from transfers.enums import BulkKind, BulkResult, BulkStatus, Level, TransferEvent
from transfers.models import BULK_OPEN, BULK_PERMISSIONS, BulkRow, BulkRun
from transfers.queries.bulk import may_check_again
from transfers.reasons import Finding, TransferRefused

PROCESS = "transfers.process_bulk"
LEFT_AT_ONCE = 20
KEPT_AT_ONCE = 500
_SENDABLE = (Level.GREEN, Level.AMBER)


class BulkNotWaiting(Refusal):
    code = "bulk-not-waiting"


class NothingToSend(Refusal):
    code = "bulk-nothing-to-do"


class RedRowsNotLeftOut(Refusal):
    code = "bulk-red-rows"
    http_status = 422


def check_may_send_many(actor: Actor) -> None:
    """An indirect reseller prepares requests one by one; its provider sends (T3). Raises: TransferRefused."""
    if actor.organization_kind == OrganizationKind.INDIRECT_RESELLER:
        raise TransferRefused(Finding("reseller-cannot-send"))


@transaction.atomic
def upload(
    *,
    stream: BinaryIO,
    file_name: str,
    actor: Actor,
    now: datetime.datetime,
    replaces: uuid.UUID | None = None,
) -> BulkRun:
    """Keep the rows of a file, and have them checked in the background. Nothing is sent yet.

    ``replaces``: a checked file that this one corrects; it is left if nobody let it run meanwhile.
    Raises: PermissionDenied, UnreadableFile, TransferRefused (reseller-cannot-send).
    """
    actor.require(Permission.TRANSFER_CREATE)
    check_may_send_many(actor)
    file = open_file(stream)
    kind = BulkKind(file.layout.kind)
    actor.require(BULK_PERMISSIONS[kind])
    run = BulkRun.objects.create(
        partner_id=actor.organization_id,
        kind=kind,
        file_name=file_name[-255:],
        ignored_columns=file.ignored,
        started_by_id=actor.user_id,
        started_by_name=actor.name,
        created_at=now,
        touched_at=now,
    )
    run.row_count = _keep_rows(run, file)
    run.save(update_fields=["row_count"])
    announce_bulk(TransferEvent.BULK_UPLOADED, run, actor=actor, now=now)
    if replaces is not None:
        _leave(BulkRun.objects.visible_to(actor).filter(pk=replaces), actor=actor, now=now)
    enqueue_after_commit(PROCESS, str(run.pk))
    return run


def _keep_rows(run: BulkRun, file: CsvFile) -> int:
    """Write the rows as they come, and return how many. Raises: UnreadableFile."""
    count = 0
    rows = (BulkRow(run=run, number=row.number, values=row.values) for row in rows_of(file))
    while batch := list(islice(rows, KEPT_AT_ONCE)):
        BulkRow.objects.bulk_create(batch)
        count += len(batch)
    return count


def _leave(found: QuerySet[BulkRun], *, actor: Actor | None, now: datetime.datetime) -> None:
    """Stop files that were never let run."""
    never_run = found.filter(status__in=(BulkStatus.CHECKING, BulkStatus.CHECKED), confirmed_at__isnull=True)
    for run in never_run.select_for_update(of=("self",), no_key=True).order_by("pk"):
        close(run, actor=actor, now=now)


@transaction.atomic
def confirm(*, run_id: uuid.UUID, leave_out: bool, actor: Actor, now: datetime.datetime) -> BulkRun:
    """Carry out the checked rows, in the name of the person who looked at them.

    ``leave_out``: the rows that cannot be sent stay behind; without it, one such row stops all.
    Raises: PermissionDenied, BulkRun.DoesNotExist, BulkNotWaiting, NothingToSend, RedRowsNotLeftOut.
    """
    run = BulkRun.objects.visible_to(actor).locked(run_id)
    actor.require(BULK_PERMISSIONS[BulkKind(run.kind)])
    if run.status != BulkStatus.CHECKED:
        raise BulkNotWaiting(_("This file is not waiting for a yes any more."), next_step=_("See how far it is."))
    if not run.sendable_count:
        raise NothingToSend(
            _("No row of this file can be sent."), next_step=_("Mend what the rows say, and check them again.")
        )
    if run.red_count and not leave_out:
        raise RedRowsNotLeftOut(
            _("Some rows cannot be sent."), next_step=_("Say that they are left out, or upload a corrected file.")
        )
    run.rows.filter(result=BulkResult.WAITING, level=Level.RED).update(result=BulkResult.LEFT_OUT)
    run.left_out_count += run.red_count
    run.red_count = 0
    run.status = BulkStatus.RUNNING
    run.confirmed_at = run.touched_at = now
    run.started_by_id, run.started_by_name = actor.user_id, actor.name
    run.save()
    announce_bulk(TransferEvent.BULK_RUN, run, actor=actor, now=now, outcome=Outcome.PROGRESS)
    enqueue_after_commit(PROCESS, str(run.pk))
    return run


@transaction.atomic
def check_again(*, run_id: uuid.UUID, actor: Actor, now: datetime.datetime) -> BulkRun:
    """Check every row again that was not carried out: failed, left out or stopped, or mended meanwhile.

    Then a person looks at the result and lets it run, as the first time: what was done is not done again.
    Raises: PermissionDenied, BulkRun.DoesNotExist, BulkNotWaiting.
    """
    run = BulkRun.objects.visible_to(actor).locked(run_id)
    actor.require(BULK_PERMISSIONS[BulkKind(run.kind)])
    if not may_check_again(run):
        raise BulkNotWaiting(_("Nothing of this file is left to be checked."), next_step=_("See how far it is."))
    run.rows.exclude(result=BulkResult.DONE).update(result=BulkResult.WAITING, level="", findings=[])
    run.green_count = run.amber_count = run.red_count = run.failed_count = run.left_out_count = 0
    run.status = BulkStatus.CHECKING
    run.finished_at, run.touched_at = None, now
    run.started_by_id, run.started_by_name = actor.user_id, actor.name
    run.save()
    announce_bulk(TransferEvent.BULK_CHECKED_AGAIN, run, actor=actor, now=now)
    enqueue_after_commit(PROCESS, str(run.pk))
    return run


@transaction.atomic
def stop(*, run_id: uuid.UUID, actor: Actor, now: datetime.datetime) -> BulkRun:
    """Leave what is not done yet. Requests that were sent stay; each is canceled on its own page.

    Raises: PermissionDenied, BulkRun.DoesNotExist, BulkNotWaiting.
    """
    run = BulkRun.objects.visible_to(actor).locked(run_id)
    actor.require(BULK_PERMISSIONS[BulkKind(run.kind)])
    if run.status not in BULK_OPEN:
        raise BulkNotWaiting(_("This file has ended already."), next_step=_("See its result."))
    close(run, actor=actor, now=now)
    return run


def close(run: BulkRun, *, actor: Actor | None, now: datetime.datetime) -> None:
    """End a locked file before its last row; ``actor`` None: nobody let it run in time, or its person no longer may."""
    run.status = BulkStatus.STOPPED
    run.finished_at = run.touched_at = now
    run.save(update_fields=["status", "finished_at", "touched_at"])
    announce_bulk(TransferEvent.BULK_STOPPED, run, actor=actor, now=now)


def finish(run: BulkRun, *, actor: Actor, now: datetime.datetime) -> None:
    """Show the checked rows of a locked file to a person, or end it after its last row."""
    run.touched_at = now
    if run.status == BulkStatus.CHECKING:
        run.status, run.checked_at = BulkStatus.CHECKED, now
        run.save(update_fields=["status", "checked_at", "touched_at"])
        return
    run.status, run.finished_at = BulkStatus.DONE, now
    run.save(update_fields=["status", "finished_at", "touched_at"])
    outcome = Outcome.SUCCEEDED if run.done_count or not run.failed_count else Outcome.FAILED
    announce_bulk(TransferEvent.BULK_RUN, run, actor=actor, now=now, outcome=outcome)


def forget_old(*, now: datetime.datetime) -> None:
    """Leave files that nobody let run in time, and forget the rows of those that ended long ago: they name people."""
    day = datetime.timedelta(days=1)
    with transaction.atomic():
        old = BulkRun.objects.filter(touched_at__lt=now - settings.IMPORT_PREVIEW_DAYS * day)
        _leave(old.filter(status=BulkStatus.CHECKED), actor=None, now=now)
    ended = BulkRun.objects.filter(
        Exists(BulkRow.objects.filter(run=OuterRef("pk"))), finished_at__lt=now - settings.IMPORT_ROWS_DAYS * day
    )
    for run in ended.order_by("pk")[:LEFT_AT_ONCE]:
        run.rows.all().delete()
