"""Importing daily usage records, beside a plain COPY of the same rows into the same table (issue 7, figures)."""

import datetime
import gzip
import io
import logging
import os
import statistics
import time
import uuid
from typing import Any

from django.db import connection, transaction

from benchmarks import databases, world
from benchmarks.harness import Line, Report, cpu_milliseconds
from benchmarks.workers import Memory, peak_of_children, worker
from billing.enums import UsageImportStatus
from billing.models import UsageImport, UsageRecord
from billing.processing.usage import operator
from billing.usage_files import KEPT
from billing.workflow import usage
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Organization, Partner

COUNT = int(os.environ.get("BENCH_RECORDS", "1000000"))
SUBSCRIPTIONS, METERS, ROUNDS = 5_000, 40, 3
NOW = datetime.datetime(2026, 11, 20, 3, tzinfo=datetime.UTC)
PRICES_ID = uuid.UUID(int=4)
HEADER = "EntitlementId,UsageDate,MeterId,MeterName,MeterCategory,MeterRegion,Unit,ResourceURI,Quantity\n"
FILL = """
INSERT INTO accounts_organization (id, kind, name, name_key, domain, country, cloud, language, contact_email,
    contact_phone, address, is_sandbox, created_at)
SELECT md5('customer ' || n)::uuid, 'customer', 'Customer ' || n, 'customer ' || n, 'customer' || n || '.example', 'FR',
    'public', 'en', '', '', '', false, %(now)s
FROM generate_series(1, %(subscriptions)s) AS n;
INSERT INTO customers_customer (organization_id, registration_number, qualification)
SELECT id, '', 'none' FROM accounts_organization WHERE kind = 'customer';
INSERT INTO customers_subscription (id, customer_id, billing_owner_id, partner_on_record, product_family, product_name,
    friendly_name, quantity, currency, status, pending_operation, term, billing_frequency, auto_renew, is_trial, scope,
    move_restriction, offer_id, created_at)
SELECT md5('subscription ' || n)::uuid, md5('customer ' || n)::uuid, %(partner)s, '', 'azure_subscription',
    'Azure subscription', 'Azure ' || n, 1, '', 'active', '', 'none', 'usage', false, false, '', '', '', %(now)s
FROM generate_series(1, %(subscriptions)s) AS n;
INSERT INTO billing_pricelist (id, family, country, currency, month, created_at)
VALUES (%(prices)s, 'azure_plan', 'FR', 'EUR', '2026-10-01', %(now)s);
INSERT INTO billing_pricelistentry (price_list_id, product_id, sku_id, product_title, sku_title, sku_description,
    publisher, segment, term, billing_frequency, meter_id, unit_of_measure, tier_from, unit_price, retail_price,
    starts_on, tags)
SELECT %(prices)s, 'DZH' || n, '0001', 'Meter ' || n, 'Meter ' || n, '', '', 'commercial', 'none', 'usage',
    'meter-' || n, '1 Hour', 0, 0.0125 * n, 0.0125 * n, '2026-10-01', '{}'
FROM generate_series(0, %(meters)s - 1) AS n;
"""
# What a file of usage holds, written once: the same rows for both sides.
ROWS = """
SELECT md5('subscription ' || 1 + n %% %(subscriptions)s)::uuid, '2026-11-' || lpad((1 + n / 7 %% 19)::text, 2, '0'),
    'meter-' || n %% %(meters)s, 'Meter ' || n %% %(meters)s, 'Compute', 'West Europe', '1 Hour', '/vm/' || n,
    (n %% 240) / 10.0
FROM generate_series(1, %(count)s) AS n
"""
BACK = "TRUNCATE billing_usagerecord, billing_usageimport, billing_usageimportrow, audit_auditevent CASCADE"
VALUES: dict[str, Any] = {
    "now": NOW,
    "count": COUNT,
    "subscriptions": SUBSCRIPTIONS,
    "meters": METERS,
    "partner": world.ORGANIZATION_ID,
    "prices": PRICES_ID,
}


def run() -> Report:
    """Measure the import beside its floor: records per second of CPU, its memory, and the way through Celery."""
    databases.use(databases.prepare("bench_usage", content=f"{SUBSCRIPTIONS} subscriptions, version 2", fill=_fill))
    logging.disable(logging.INFO)
    content = _file()
    rows = _stored(content)
    rates: dict[str, list[float]] = {"floor": [], "import": [], "copied": []}
    grown = []
    for _ in range(ROUNDS):
        _back()
        began = time.perf_counter()
        rates["floor"].append(1000 * COUNT / cpu_milliseconds(lambda: _copy(rows), 1))
        rates["copied"].append(COUNT / (time.perf_counter() - began))
        _back()
        with Memory() as memory:
            rates["import"].append(1000 * COUNT / cpu_milliseconds(lambda: _import(content), 1))
        grown.append(memory.grown)
    found = {name: statistics.median(figures) for name, figures in rates.items()}
    report = Report("Importing usage, per second of CPU (process and database)")
    ratio = found["import"] / found["floor"]
    what = f"importing {COUNT:,} usage records"
    report.lines += [
        Line(what, found["import"], "each/s", "COPY of the same rows", ratio, 0.25, at_least=True),
        Line("memory of the import", max(grown), "MB more", "64 MB", max(grown) / 64, 1),
    ]
    report.notes.append(f"floor: {found['floor']:,.0f} records/s; file: {len(content) / 1e6:,.0f} MB")
    _measure_celery(report, gzip.compress(content, compresslevel=1), found["copied"])
    return report


def _measure_celery(report: Report, packed: bytes, floor: float) -> None:
    """Upload the file compressed, and wait until a worker has imported it."""
    _back()
    with worker(1) as pid:
        began = time.perf_counter()
        sent = usage.upload_usage(stream=io.BytesIO(packed), file_name="usage.csv.gz", actor=_operator(), now=NOW)
        uploaded = time.perf_counter() - began
        while (run := UsageImport.objects.get(pk=sent.pk)).status == UsageImportStatus.WAITING:
            time.sleep(0.1)
        rate = COUNT / (time.perf_counter() - began - uploaded)
        peak = peak_of_children(pid)
    if run.new_count != COUNT:
        raise RuntimeError(f"{run.new_count} new, {run.failure}")
    what = "the same through Celery, by the clock"
    report.lines.append(Line(what, rate, "each/s", "COPY, by the clock", rate / floor, 0.25, at_least=True))
    report.notes.append(
        f"compressed: {len(packed) / 1e6:,.0f} MB, checked and kept in {uploaded:.1f} s; the worker held {peak:.0f} MB"
    )


def _fill() -> None:
    world.fill(100)
    Partner.objects.create(organization_id=world.ORGANIZATION_ID, market="europe", currency="EUR")
    programme = Organization.objects.create(
        kind=OrganizationKind.OPERATOR, name="Programme", domain="programme.example", country="FR", created_at=NOW
    )
    member = world.make_agent(programme, email="operator@programme.example")
    member.roles = [Role.OPERATOR_ADMIN]
    member.save()
    with connection.cursor() as cursor:
        for statement in FILL.split(";\n"):
            if statement.strip():
                cursor.execute(statement, VALUES)
        cursor.execute("VACUUM (ANALYZE)")


def _file() -> bytes:
    """Return the usage file."""
    content = io.BytesIO()
    content.write(HEADER.encode())
    with connection.cursor() as cursor, cursor.copy(f"COPY ({_written(cursor, ROWS)}) TO STDOUT (FORMAT csv)") as copy:
        for part in copy:
            content.write(part)
    return content.getvalue()


def _stored(content: bytes) -> bytes:
    """Return the rows as the table holds them after an import, for the plain COPY."""
    _back()
    _import(content)
    rows = io.BytesIO()
    with connection.cursor() as cursor, cursor.copy(f"COPY billing_usagerecord ({KEPT}, cost) TO STDOUT") as copy:
        for part in copy:
            rows.write(part)
    return rows.getvalue()


def _written(cursor: Any, statement: str) -> str:
    return str(cursor.mogrify(statement, VALUES)) if hasattr(cursor, "mogrify") else statement % VALUES


def _back() -> None:
    with connection.cursor() as cursor:
        cursor.execute(BACK)
        cursor.execute("VACUUM (ANALYZE) billing_usagerecord")


def _copy(rows: bytes) -> None:
    """The floor: every index and foreign key of the table, and nothing else."""
    with (
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy(f"COPY billing_usagerecord ({KEPT}, cost) FROM STDIN") as copy,
    ):
        copy.write(rows)


def _import(content: bytes) -> None:
    done = usage.import_usage(stream=io.BytesIO(content), file_name="usage.csv", actor=_operator(), now=NOW)
    if (done.new_count, UsageRecord.objects.count(), UsageImport.objects.count()) != (COUNT, COUNT, 1):
        raise RuntimeError(f"{done.new_count} new, {done.wrong_count} wrong")


def _operator() -> Actor:
    """Return the person who runs the programme."""
    actor = operator(email="operator@programme.example")
    if actor is None:
        raise RuntimeError("Nobody runs the programme")
    return actor
