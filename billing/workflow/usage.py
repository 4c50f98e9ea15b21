"""Usage of Azure plans: take the records of a file, and charge a month to the owner of each day (A7)."""

import datetime
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from typing import Any, BinaryIO
from uuid import UUID

from babel.core import get_global
from django.conf import settings
from django.db import connection, transaction

from billing import earned_incentives, usage_files
from billing.enums import PriceEvent, UsageImportStatus
from billing.models import UsageImport, UsageImportPart
from billing.prices_announcements import announce
from billing.prices_files import copy_to_temporary, count_lines
from customers.terms import add_months
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Organization
from portal.accounts.permissions import Permission
from portal.audit.models import Outcome
from portal.core.csv_files import CsvFile, check_count, open_csv
from portal.core.queue import enqueue_after_commit

PROCESS = "billing.import_usage_file"
PART = 1024 * 1024  # bytes of a piece of a stored file
SLICES = 16  # in which a long file is stored: the first digit of the key
LONG_FILE = 50_000  # rows
_KEEP = "COPY billing_usageimportpart (usage_import_id, number, content) FROM STDIN (FORMAT binary)"
# Imports share it, charging excludes them: no record changes while its month is charged.
_CHARGING = "hashtext('billing.charge_usage')"

Told = Callable[[str, int, int], None]  # a step of the work, and how much of it is done and in all


def _nobody(_step: str, _done: int, _total: int) -> None:
    """Tell nobody how far the work is."""


@transaction.atomic
def import_usage(
    *, stream: BinaryIO, file_name: str, actor: Actor, now: datetime.datetime, told: Told = _nobody
) -> UsageImport:
    """Keep the records of a file at once, each of them once: a second import of it changes nothing.

    The file goes to PostgreSQL as it comes (COPY); a row that cannot be used is kept with its reason and stops nothing.
    Raises: UnreadableFile, PermissionDenied.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    file = open_csv(stream, usage_files.LAYOUT)
    run = UsageImport.objects.create(
        file_name=file_name[-255:],
        started_by_id=actor.user_id,
        started_by_name=actor.name,
        created_at=now,
    )
    _take_in(run, file, now=now, told=told)
    _finish(run, actor=actor, now=now)
    return run


@transaction.atomic
def upload_usage(*, stream: BinaryIO, file_name: str, actor: Actor, now: datetime.datetime) -> UsageImport:
    """Keep a file, read once in flat memory, and have its records imported in the background.

    Raises: UnreadableFile, PermissionDenied.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    file = open_csv(stream, usage_files.LAYOUT)
    lines = count_lines(file, most=settings.USAGE_MAX_ROWS)
    run = UsageImport.objects.create(
        file_name=file_name[-255:],
        status=UsageImportStatus.WAITING,
        row_count=lines,
        started_by_id=actor.user_id,
        started_by_name=actor.name,
        created_at=now,
        touched_at=now,
    )
    stream.seek(0)
    with connection.cursor() as cursor, cursor.copy(_KEEP) as copy:
        copy.set_types(["uuid", "int4", "bytea"])
        for number, content in enumerate(iter(lambda: stream.read(PART), b"")):
            copy.write_row((run.pk, number, content))
    _announce(PriceEvent.USAGE_UPLOADED, run, actor=actor, now=now, details={"rows": lines})
    enqueue_after_commit(PROCESS, str(run.pk))
    return run


@transaction.atomic
def begin_import(*, run_id: UUID, now: datetime.datetime) -> UsageImport | None:
    """Note that a worker begins with an uploaded file; ``None`` if it is imported, or another worker is at it."""
    run = UsageImport.objects.free().filter(pk=run_id).first()
    if run is not None:
        run.tries += 1
        run.touched_at = now
        run.save(update_fields=["tries", "touched_at"])
    return run


@transaction.atomic
def import_uploaded(
    *, run_id: UUID, stream: BinaryIO, actor: Actor, clock: Callable[[], datetime.datetime], told: Told = _nobody
) -> None:
    """Import an uploaded file, all of it or nothing; do nothing if another worker is at it.

    Raises: UnreadableFile, PermissionDenied.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    run = UsageImport.objects.free().filter(pk=run_id).first()
    if run is None:
        return
    file = open_csv(stream, usage_files.LAYOUT)
    _take_in(run, replace(file, blocks=_counted(file.blocks, run.row_count, told)), now=clock(), told=told)
    run.parts.all().delete()
    _finish(run, actor=actor, now=clock())


@transaction.atomic
def fail_import(*, run_id: UUID, failure: str, line: int, actor: Actor | None, now: datetime.datetime) -> None:
    """Give up an uploaded file that cannot be imported; its content is forgotten."""
    run = UsageImport.objects.free().filter(pk=run_id).first()
    if run is None:
        return
    run.status, run.failure, run.failure_line = UsageImportStatus.FAILED, failure, line
    run.finished_at = now
    run.save(update_fields=["status", "failure", "failure_line", "finished_at"])
    run.parts.all().delete()
    _announce(
        PriceEvent.USAGE_NOT_IMPORTED,
        run,
        actor=actor,
        now=now,
        outcome=Outcome.FAILED,
        details={"reason": failure, "line": line},
    )


def content_of(run: UsageImport) -> Iterator[bytes]:
    """Yield the stored file, piece by piece."""
    for number in count():
        part = UsageImportPart.objects.filter(usage_import=run, number=number).first()
        if part is None:
            return
        yield bytes(part.content)


def _counted(blocks: Iterator[bytes], total: int, told: Told) -> Iterator[bytes]:
    """Yield the blocks of a file, telling how many of its lines have come by."""
    done = 0
    for block in blocks:
        yield block
        done += block.count(b"\n")
        told("read", min(done, total), total)


def _take_in(run: UsageImport, file: CsvFile, *, now: datetime.datetime, told: Told) -> None:
    """Store the records of a file and count what became of its rows."""
    values: dict[str, Any] = {
        "today": now.date(),
        "retail_from": settings.RETAIL_PRICE_FROM,
        "list_currency": usage_files.LIST_CURRENCY,
        "usage_import": run.pk,
        "most": settings.USAGE_WRONG_ROWS,
    }
    with connection.cursor() as cursor:
        copy_to_temporary(cursor, "incoming", file)
        _find(cursor, file, values, told)
        cursor.execute("SELECT count(*), count(*) FILTER (WHERE reason <> '') FROM judged")
        run.row_count, run.wrong_count = cursor.fetchone()
        check_count(run.row_count, most=settings.USAGE_MAX_ROWS)
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('billing.usage_tiers')) FROM tiers LIMIT 1")
        has_tiers = cursor.fetchone() is not None  # the price of each record hangs on the others: one import at a time
        run.new_count, run.changed_count = _store(cursor, run.row_count - run.wrong_count, told)
        if has_tiers:
            cursor.execute(usage_files.BY_TIERS)
        run.same_count = run.row_count - run.wrong_count - run.new_count - run.changed_count
        cursor.execute(usage_files.WRONG, values)
        cursor.execute(f"DROP TABLE {', '.join(usage_files.TEMPORARY)}")


def _finish(run: UsageImport, *, actor: Actor, now: datetime.datetime) -> None:
    run.status, run.finished_at = UsageImportStatus.DONE, now
    run.save()
    counts = {
        "rows": run.row_count,
        "new": run.new_count,
        "changed": run.changed_count,
        "already here": run.same_count,
        "not imported": run.wrong_count,
    }
    _announce(PriceEvent.USAGE_IMPORTED, run, actor=actor, now=now, details=counts)
    enqueue_after_commit("billing.check_budgets")


def _find(cursor: Any, file: CsvFile, values: dict[str, Any], told: Told) -> None:
    """Say of each row whose it is, what it costs and what is wrong with it."""
    cursor.execute(usage_files.owners_statement())
    statements = (
        "CREATE INDEX ON owners (entitlement)",
        "ANALYZE owners",
        usage_files.earning_statement(),
        "CREATE INDEX ON earning (entitlement)",
        "ANALYZE earning",
        usage_files.read_statement(file),
        "DROP TABLE incoming",
        "ANALYZE read",
        usage_files.PRICES,
        usage_files.TIERS,
        usage_files.RATES,
        "ANALYZE priced",
        usage_files.JUDGED,
        f"SELECT pg_advisory_xact_lock_shared({_CHARGING})",
        "ANALYZE judged",
        usage_files.CHARGED,
        "CREATE INDEX ON judged (key)",
    )
    for number, statement in enumerate(statements):
        told("judge", number, len(statements))
        cursor.execute(statement, values)


def _store(cursor: Any, good: int, told: Told) -> tuple[int, int]:
    """Store the good rows, and return how many records are new and how many changed."""
    new = changed = 0
    slices = SLICES if good > LONG_FILE else 1
    for number in range(slices):
        told("store", good * number // slices, good)
        first, last = (f"{number:x}", f"{number:x}") if slices > 1 else ("0", "f")
        cursor.execute(
            f"WITH stored AS ({usage_files.STORE}) SELECT count(*) FILTER (WHERE is_new), count(*) FROM stored",  # noqa: S608 - a statement of ours
            {"first": first.ljust(32, "0"), "last": last.ljust(32, "f")},
        )
        found, stored = cursor.fetchone()
        new, changed = new + found, changed + stored - found
    return new, changed


_CHARGE = f"""
    WITH due AS (
        SELECT subscription_id, billing_owner_id, customer_id, currency, date_trunc('month', day)::date AS month,
            sum(cost) AS cost, sum(cost * earned_percent) / 100 AS earned
        FROM billing_usagerecord WHERE charge_id IS NULL AND day < %(before)s
        GROUP BY subscription_id, billing_owner_id, customer_id, currency, month
    ), charged AS (
        INSERT INTO billing_charge (id, subscription_id, billing_owner_id, customer_id, kind, starts_on, ends_on,
            quantity, unit_price, amount, currency, reference, created_at)
        SELECT gen_random_uuid(), subscription_id, billing_owner_id, customer_id, side.kind, month,
            (month + interval '1 month')::date, 1, round(side.price, 4),
            round(side.price, coalesce(fraction.decimals, 2)),
            due.currency, %(reference)s, %(now)s
        FROM due
        LEFT JOIN unnest(%(currencies)s::text[], %(decimals)s::int[]) AS fraction (currency, decimals)
            ON fraction.currency = due.currency
        CROSS JOIN LATERAL (
            VALUES ('metered', due.cost), ('earned_credit', -due.earned)
        ) AS side (kind, price)
        WHERE side.kind = 'metered' OR round(side.price, 4) <> 0
        RETURNING id, subscription_id, billing_owner_id, kind, starts_on, currency
    ), earned AS (
        INSERT INTO billing_incentiveearning (charge_id, rule_id, billing_owner_id, month, competency, percent, base,
            amount, currency, source, created_at)
        SELECT charged.id, found.rule_id, found.billing_owner_id, %(month)s, found.competency, found.percent,
            round(found.base, 4), sum.amount, found.currency, found.source, %(now)s
        FROM ({earned_incentives.DUE}) AS found
        JOIN charged ON charged.kind = 'metered' AND charged.subscription_id = found.subscription_id
            AND charged.billing_owner_id = found.billing_owner_id AND charged.starts_on = found.month
            AND charged.currency = found.currency
        LEFT JOIN unnest(%(currencies)s::text[], %(decimals)s::int[]) AS fraction (currency, decimals)
            ON fraction.currency = found.currency
        CROSS JOIN LATERAL (
            SELECT round(found.base * found.percent / 100, coalesce(fraction.decimals, 2)) AS amount
        ) AS sum
        WHERE sum.amount > 0
    )
    UPDATE billing_usagerecord AS record SET charge_id = charged.id
    FROM charged
    WHERE charged.kind = 'metered' AND record.subscription_id = charged.subscription_id AND record.charge_id IS NULL
        AND record.day < %(before)s AND date_trunc('month', record.day)::date = charged.starts_on
"""  # noqa: S608 - text of ours


@transaction.atomic
def charge_usage(*, month: datetime.date, now: datetime.datetime) -> int:
    """Charge all usage up to the end of a month that no charge has yet; return how many records were charged.

    One charge per subscription and month, owed by whoever owned the days (decision 0031), and one below zero for the
    partner earned credit of the days on which a role earned it (decision 0047). With the charge of the usage comes what
    it earns by the incentive rules. Records that come late stand on a charge of the next run. A second run charges
    nothing.
    """
    end = add_months(month.replace(day=1), 1)
    decimals = {code: digits[0] for code, digits in get_global("currency_fractions").items() if code != "DEFAULT"}
    values: dict[str, Any] = {
        "before": end,
        "month": month.replace(day=1),
        "reference": f"usage:{month:%Y-%m}",
        "now": now,
        "currencies": list(decimals),
        "decimals": list(decimals.values()),
    }
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({_CHARGING})")
        cursor.execute(usage_files.earning_statement())
        cursor.execute("CREATE INDEX ON earning (entitlement)")
        cursor.execute("ANALYZE earning")
        cursor.execute(usage_files.UNEARNED, values)
        cursor.execute("DROP TABLE earning")
        cursor.execute(_CHARGE, values)
        return int(cursor.rowcount)


def _operators() -> list[UUID]:
    return list(Organization.objects.filter(kind=OrganizationKind.OPERATOR).values_list("pk", flat=True))


def _announce(
    event_type: PriceEvent, run: UsageImport, *, actor: Actor | None, now: datetime.datetime, **facts: Any
) -> None:
    announce(
        event_type,
        organization_ids=[actor.organization_id] if actor else _operators(),
        subject=("usage-import", run.pk, run.file_name),
        actor=actor,
        now=now,
        **facts,
    )
