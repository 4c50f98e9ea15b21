"""Importing daily usage records, beside a plain COPY of the same rows into the same table (issue 7, figures)."""

import datetime
import io
import logging
import statistics
import uuid
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from benchmarks import databases, world
from benchmarks.harness import Line, Report, cpu_milliseconds
from billing.models import UsageImport, UsageRecord
from billing.usage_files import KEPT
from billing.workflow import usage
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Organization, Partner

COUNT, SUBSCRIPTIONS, METERS, ROUNDS = 1_000_000, 5_000, 40, 3
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
BACK = "TRUNCATE billing_usagerecord, billing_usageimport, billing_usageimportrow CASCADE"
VALUES: dict[str, Any] = {
    "now": NOW,
    "count": COUNT,
    "subscriptions": SUBSCRIPTIONS,
    "meters": METERS,
    "partner": world.ORGANIZATION_ID,
    "prices": PRICES_ID,
}


def run() -> Report:
    """Measure the import beside its floor: records per second of CPU."""
    databases.use(databases.prepare("bench_usage", content=f"{SUBSCRIPTIONS} subscriptions, version 1", fill=_fill))
    logging.disable(logging.INFO)
    content = _file()
    rows = _stored(content)
    rates: dict[str, list[float]] = {"floor": [], "import": []}

    def note(name: str, work: Callable[[], object]) -> None:
        _back()
        rates[name].append(1000 * COUNT / cpu_milliseconds(work, 1))

    for _ in range(ROUNDS):
        note("floor", lambda: _copy(rows))
        note("import", lambda: _import(content))
    found = {name: statistics.median(figures) for name, figures in rates.items()}
    report = Report("Importing usage, per second of CPU (process and database)")
    ratio = found["import"] / found["floor"]
    what = f"importing {COUNT:,} usage records"
    report.lines.append(Line(what, found["import"], "each/s", "COPY of the same rows", ratio, 0.25, at_least=True))
    report.notes.append(f"floor: {found['floor']:,.0f} records/s; file: {len(content) / 1e6:,.0f} MB")
    return report


def _fill() -> None:
    world.fill(100)
    Partner.objects.create(organization_id=world.ORGANIZATION_ID, market="europe", currency="EUR")
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
    """Somebody who runs the programme; nobody of the database."""
    organization = Organization.objects.get(pk=world.ORGANIZATION_ID)
    return Actor(
        user_id=uuid.UUID(int=5),
        name="Operator",
        email="operator@benchmark.example",
        organization_id=organization.pk,
        organization_name=organization.name,
        organization_kind=OrganizationKind.OPERATOR,
        roles=frozenset({Role.OPERATOR_ADMIN}),
    )
