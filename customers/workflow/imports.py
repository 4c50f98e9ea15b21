"""Imports: read a file, let it run after a look at what it would do, or leave it (R12, decision 0021)."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from psycopg.types.json import Jsonb

from customers import rules
from customers.enums import CustomerEvent, ImportKind, ImportStatus, RowResult
from customers.import_announcements import RUN_EVENTS, announce_run
from customers.import_files import LAYOUTS
from customers.models import IMPORT_PERMISSIONS, ImportRow, ImportRun, ResellerRelationship
from customers.rules.imports import as_domain, as_key
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from portal.audit.models import Outcome
from portal.core.csv_files import CsvFile, Row, UnreadableFile, open_csv
from portal.core.errors import Refusal
from portal.core.queue import enqueue_after_commit

PROCESS = "customers.process_import"
LEFT_AT_ONCE = 20
_KEEP_ROWS = "COPY customers_importrow (run_id, number, key, domain, values, result, reason, facts) FROM STDIN"


class ImportNotWaiting(Refusal):
    code = "import-not-waiting"


class NothingToImport(Refusal):
    code = "nothing-to-import"


@dataclass(frozen=True)
class ImportTerms:
    """What the person says about all rows of a file."""

    customer_id: UUID | None = None  # whose subscriptions they are
    country: str = ""  # of customers for which the file names none
    reseller_id: UUID | None = None  # of customers for which the file names none


@transaction.atomic
def upload(*, stream: BinaryIO, file_name: str, terms: ImportTerms, actor: Actor, now: datetime.datetime) -> ImportRun:
    """Keep the rows of a file, read in flat memory, and have them checked in the background. Nothing else changes yet.

    Raises: UnreadableFile, PermissionDenied, rules.ResellersDoNotAdd, rules.SellsThroughProvider, rules.OutsideMarket,
    rules.ResellerNotYours, ResellerRelationship.DoesNotExist.
    """
    file = open_csv(stream, *LAYOUTS.values())
    kind = ImportKind(file.layout.kind)
    actor.require(IMPORT_PERMISSIONS[kind])
    _check_terms(file, terms, actor, now)
    is_customers = kind == ImportKind.CUSTOMERS
    run = ImportRun.objects.create(
        partner_id=actor.organization_id,
        kind=kind,
        file_name=file_name[-255:],
        ignored_columns=file.ignored,
        customer_id=terms.customer_id,
        country=terms.country if is_customers else "",
        reseller_id=terms.reseller_id if is_customers else None,
        takes_tags="tags" in file.columns and actor.may(Permission.CUSTOMER_TAG),
        started_by_id=actor.user_id,
        started_by_name=actor.name,
        created_at=now,
        touched_at=now,
    )
    run.row_count = _keep_rows(run, file)
    run.save(update_fields=["row_count"])
    announce_run(CustomerEvent.IMPORT_UPLOADED, run, actor=actor, now=now)
    enqueue_after_commit(PROCESS, str(run.pk))
    return run


def _check_terms(file: CsvFile, terms: ImportTerms, actor: Actor, now: datetime.datetime) -> None:
    rules.check_may_add(kind=actor.organization_kind)
    partner = Partner.objects.select_related("organization").get(pk=actor.organization_id)
    rules.check_sells_directly(partner)
    if file.layout.kind == ImportKind.CUSTOMERS:
        if terms.customer_id is not None:
            raise UnreadableFile(
                _("This is a file of customers, not of subscriptions."), _("Import it on the page of all imports.")
            )
        rules.check_same_market(partner, terms.country, on=now.date())
        if terms.reseller_id is not None:
            rules.check_reseller_named(partner, terms.reseller_id)
    elif terms.customer_id is not None:
        ResellerRelationship.objects.visible_to(actor).active().get(customer_id=terms.customer_id)
    elif "tenant_id" not in file.columns:
        raise UnreadableFile(
            _("The file does not say whose subscriptions these are."),
            _("Import it on the Subscriptions page of the customer, or add a column Microsoft ID."),
        )


def _keep_rows(run: ImportRun, file: CsvFile) -> int:
    """Write the rows as they come, and return how many. Raises: UnreadableFile."""
    count = 0
    with connection.cursor() as cursor, cursor.copy(_KEEP_ROWS) as copy:
        for row in file.rows(most=settings.IMPORT_MAX_ROWS):
            count += 1
            copy.write_row(
                (run.pk, row.number, *_names(file, row), Jsonb(row.values), RowResult.WAITING, "", Jsonb({}))
            )
    return count


def _names(file: CsvFile, row: Row) -> Iterable[object]:
    """Return ID and domain of the object a row is about, for finding the same one in other rows."""
    if file.layout.kind == ImportKind.CUSTOMERS:
        return as_key(row.values.get("tenant_id", "")), as_domain(row.values.get("domain", ""))
    return as_key(row.values.get("subscription_id", "")), ""


@transaction.atomic
def confirm(*, run_id: UUID, actor: Actor, now: datetime.datetime) -> ImportRun:
    """Let a checked import run, in the name of the person who looked at it.

    Raises: PermissionDenied, ImportRun.DoesNotExist, ImportNotWaiting, NothingToImport.
    """
    run = ImportRun.objects.visible_to(actor).locked(run_id)
    actor.require(IMPORT_PERMISSIONS[ImportKind(run.kind)])
    if run.status != ImportStatus.PREVIEWED:
        raise ImportNotWaiting(_("This import is not waiting for a yes any more."), next_step=_("See how far it is."))
    if not run.new_count + run.changed_count:
        raise NothingToImport(
            _("No row of this file would change anything."), next_step=_("Correct the rows, or leave the import.")
        )
    announce_run(RUN_EVENTS[ImportKind(run.kind)], run, actor=actor, now=now, outcome=Outcome.PROGRESS)
    run.status = ImportStatus.RUNNING
    run.confirmed_at = run.touched_at = now
    run.started_by_id, run.started_by_name = actor.user_id, actor.name
    run.takes_tags = run.takes_tags and actor.may(Permission.CUSTOMER_TAG)
    start_over(run)
    run.save()
    enqueue_after_commit(PROCESS, str(run.pk))
    return run


def start_over(run: ImportRun) -> None:
    """Count from the first row again."""
    run.new_tags = []
    run.position = run.done_count = run.new_count = run.changed_count = run.same_count = run.wrong_count = 0


@transaction.atomic
def cancel(*, run_id: UUID, actor: Actor, now: datetime.datetime) -> ImportRun:
    """Leave an import. What it has imported already stays.

    Raises: PermissionDenied, ImportRun.DoesNotExist, ImportNotWaiting.
    """
    run = ImportRun.objects.visible_to(actor).locked(run_id)
    actor.require(IMPORT_PERMISSIONS[ImportKind(run.kind)])
    if run.finished_at is not None:
        raise ImportNotWaiting(_("This import has ended already."), next_step=_("See its result."))
    close(run, actor=actor, now=now)
    return run


def close(run: ImportRun, *, actor: Actor | None, now: datetime.datetime) -> None:
    """End a locked import before its last row; the rows of one that never ran are forgotten."""
    if run.confirmed_at is None:
        run.rows.all().delete()
    run.status = ImportStatus.CANCELED
    run.finished_at = run.touched_at = now
    run.save(update_fields=["status", "finished_at", "touched_at"])
    announce_run(CustomerEvent.IMPORT_CANCELED, run, actor=actor, now=now)


def forget_old(*, now: datetime.datetime) -> None:
    """Leave imports that nobody let run in time, and forget the rows of those that ended long ago."""
    day = datetime.timedelta(days=1)
    unanswered = ImportRun.objects.filter(
        status=ImportStatus.PREVIEWED, touched_at__lt=now - settings.IMPORT_PREVIEW_DAYS * day
    )
    for run_id in unanswered.order_by("pk").values_list("pk", flat=True)[:LEFT_AT_ONCE]:
        with transaction.atomic():
            run = ImportRun.objects.locked(run_id)
            if run.status == ImportStatus.PREVIEWED:
                close(run, actor=None, now=now)
    ended = ImportRun.objects.filter(
        Exists(ImportRow.objects.filter(run=OuterRef("pk"))),
        finished_at__lt=now - settings.IMPORT_ROWS_DAYS * day,
    )
    for run in ended.order_by("pk")[:LEFT_AT_ONCE]:
        run.rows.all().delete()
