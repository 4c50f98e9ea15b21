"""Price sheets: check a file, put its prices into the lists on a yes, or leave it (A9)."""

import datetime
from dataclasses import dataclass
from typing import Any, BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from billing.enums import PriceEvent, SheetStatus
from billing.models import PriceSheet
from billing.prices_announcements import announce
from billing.prices_files import copy_to_temporary
from billing.prices_sheets import LAYOUT, LISTS, check_statement, publish_statement
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.csv_files import check_count, open_csv
from portal.core.errors import Refusal

COUNTS = """
    SELECT count(*), count(*) FILTER (WHERE result = 'new'), count(*) FILTER (WHERE result = 'changed'),
        count(*) FILTER (WHERE result = 'same'), count(*) FILTER (WHERE result = 'wrong')
    FROM billing_pricesheetrow WHERE sheet_id = %s
"""


class PriceSheetNotWaiting(Refusal):
    code = "price-sheet-not-waiting"


@dataclass(frozen=True)
class SheetTerms:
    """What the file does not say itself: what kind of prices it holds, and of which month."""

    family: str
    month: datetime.date


@transaction.atomic
def check_price_sheet(
    *, stream: BinaryIO, file_name: str, terms: SheetTerms, actor: Actor, now: datetime.datetime
) -> PriceSheet:
    """Read a file in flat memory, and keep each row with what would become of it. No price changes yet.

    Raises: UnreadableFile, PermissionDenied.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    file = open_csv(stream, LAYOUT)
    sheet = PriceSheet.objects.create(
        family=terms.family,
        month=terms.month,
        file_name=file_name[-255:],
        ignored_columns=file.ignored,
        started_by_id=actor.user_id,
        started_by_name=actor.name,
        created_at=now,
    )
    with connection.cursor() as cursor:
        copy_to_temporary(cursor, "incoming", file)
        cursor.execute(check_statement(file, terms.family), _values(sheet))
        cursor.execute("DROP TABLE incoming")
        cursor.execute(COUNTS, [sheet.pk])
        counts = cursor.fetchone()
    check_count(counts[0], most=settings.PRICE_SHEET_MAX_ROWS)
    sheet.row_count, sheet.new_count, sheet.changed_count, sheet.same_count, sheet.wrong_count = counts
    sheet.save(update_fields=["row_count", "new_count", "changed_count", "same_count", "wrong_count"])
    _announce(PriceEvent.SHEET_CHECKED, sheet, actor=actor, now=now)
    return sheet


@transaction.atomic
def publish_price_sheet(*, sheet_id: UUID, actor: Actor, now: datetime.datetime) -> PriceSheet:
    """Put the good rows of a checked sheet into the price lists. A second sheet with the same rows changes nothing.

    Raises: PermissionDenied, PriceSheet.DoesNotExist, PriceSheetNotWaiting.
    """
    sheet = _waiting(sheet_id, actor)
    with connection.cursor() as cursor:
        cursor.execute(LISTS, _values(sheet) | {"now": now})
        cursor.execute(publish_statement(), _values(sheet))
    _close(sheet, SheetStatus.DONE, now)
    _announce(PriceEvent.PRICES_PUBLISHED, sheet, actor=actor, now=now)
    return sheet


@transaction.atomic
def cancel_price_sheet(*, sheet_id: UUID, actor: Actor, now: datetime.datetime) -> PriceSheet:
    """Leave a checked sheet; its rows are forgotten.

    Raises: PermissionDenied, PriceSheet.DoesNotExist, PriceSheetNotWaiting.
    """
    sheet = _waiting(sheet_id, actor)
    sheet.rows.all().delete()
    _close(sheet, SheetStatus.CANCELED, now)
    _announce(PriceEvent.SHEET_CANCELED, sheet, actor=actor, now=now)
    return sheet


def _waiting(sheet_id: UUID, actor: Actor) -> PriceSheet:
    actor.require(Permission.PROGRAMME_OPERATE)
    sheet = PriceSheet.objects.locked(sheet_id)
    if sheet.status != SheetStatus.CHECKED:
        raise PriceSheetNotWaiting(
            _("This price sheet is not waiting for a yes any more."), next_step=_("See its result.")
        )
    return sheet


def _close(sheet: PriceSheet, status: SheetStatus, now: datetime.datetime) -> None:
    sheet.status, sheet.finished_at = status, now
    sheet.save(update_fields=["status", "finished_at"])


def _values(sheet: PriceSheet) -> dict[str, Any]:
    return {"sheet": sheet.pk, "family": sheet.family, "month": sheet.month}


def _announce(event_type: PriceEvent, sheet: PriceSheet, *, actor: Actor, now: datetime.datetime) -> None:
    announce(
        event_type,
        organization_ids=[actor.organization_id],
        subject=("price-sheet", sheet.pk, sheet.file_name),
        actor=actor,
        now=now,
        details={
            "product family": sheet.family,
            "month": sheet.month.isoformat(),
            "rows": sheet.row_count,
            "new": sheet.new_count,
            "changed": sheet.changed_count,
            "already here": sheet.same_count,
            "not imported": sheet.wrong_count,
        },
    )
