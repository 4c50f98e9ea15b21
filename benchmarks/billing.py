"""The monthly invoice run beside one chain of set-based SQL, and a reconciliation file of as many lines (issue 7)."""

import datetime
import logging
import os
import statistics
import time
import uuid
from typing import Any

from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks import databases, world
from benchmarks.harness import Line, Report, cpu_milliseconds
from benchmarks.workers import Memory
from billing.models import Invoice
from billing.processing import invoices
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Membership, Organization, Partner

LINES = int(os.environ.get("BENCH_CHARGES", "1000000"))  # of one billing owner, who is asked for its file
CHARGES = LINES + LINES // 10  # with those of all others
OWNERS, SUBSCRIPTIONS, CUSTOMERS = 40, 2_000, 200  # subscriptions and customers of each owner
ROUNDS = 3
NAME = "bench_billing"
MONTH = datetime.date(2026, 10, 1)
CLOSING = datetime.datetime(2026, 11, 1, 6, 30, tzinfo=datetime.UTC)
BIG = uuid.UUID(int=1)
WRITTEN = (
    "billing_invoiceline, billing_invoicesubtotal, billing_invoice, billing_invoicerun, billing_invoiceseries,"
    " audit_auditevent, notifications_outgoingemail, notifications_actionitem"
)
PEOPLE = """
    INSERT INTO accounts_organization (id, kind, name, name_key, domain, country, cloud, language, contact_email,
        contact_phone, address, is_sandbox, created_at)
    SELECT md5('customer ' || n)::uuid, 'customer', 'Customer ' || n, 'customer ' || n, 'customer' || n || '.example',
        'FR', 'public', 'en', '', '', '', false, %(now)s
    FROM generate_series(1, %(customers)s) AS n
"""
SUBSCRIBED = """
    INSERT INTO customers_subscription (id, customer_id, billing_owner_id, partner_on_record, product_family,
        product_name, friendly_name, quantity, unit_price, currency, status, term, billing_frequency, auto_renew,
        starts_on, ends_on, created_at)
    SELECT md5(owner.organization_id::text || n)::uuid, md5('customer ' || 1 + n %% %(customers)s)::uuid,
        owner.organization_id, '4000000',
        (ARRAY['license_based', 'software', 'reservation', 'third_party'])[1 + n %% 4], 'Product ' || n %% 40,
        'Subscription ' || n, 1 + n %% 90, 11.70, 'EUR', 'active', 'P1Y', 'monthly', true, '2026-01-14', '2027-01-14',
        %(now)s
    FROM accounts_partner AS owner CROSS JOIN generate_series(1, %(subscriptions)s) AS n
"""
CHARGED = """
    INSERT INTO billing_charge (id, subscription_id, billing_owner_id, customer_id, kind, starts_on, ends_on, quantity,
        unit_price, amount, currency, reference, created_at)
    SELECT gen_random_uuid(), subscription.id, subscription.billing_owner_id, subscription.customer_id,
        CASE WHEN n %% 9 = 0 THEN 'cancel' ELSE 'cycle' END, '2026-10-14', '2026-11-14', subscription.quantity, 11.70,
        CASE WHEN n %% 9 = 0 THEN -3.20 ELSE 11.70 * subscription.quantity END, 'EUR', n::text, '2026-10-14 09:00+00'
    FROM (
        SELECT n, CASE WHEN n <= %(lines)s THEN 0 ELSE 1 + n %% (%(owners)s - 1) END AS owner_number
        FROM generate_series(1, %(charges)s) AS n
    ) AS numbered
    JOIN (
        SELECT organization_id, row_number() OVER (ORDER BY organization_id) - 1 AS number FROM accounts_partner
    ) AS owner ON owner.number = owner_number
    JOIN customers_subscription AS subscription
        ON subscription.id = md5(owner.organization_id::text || 1 + (n / 7) %% %(subscriptions)s)::uuid
"""
# The same lines, subtotals and invoices, all at once, with the keys and constraints of the same tables.
FLOOR = (
    """
    CREATE TEMPORARY TABLE due ON COMMIT DROP AS
    SELECT charge.id, charge.subscription_id, charge.customer_id, charge.billing_owner_id, charge.currency, charge.kind,
        charge.starts_on, charge.amount, subscription.reseller_id, subscription.product_family,
        subscription.product_name, md5(charge.billing_owner_id::text || charge.currency)::uuid AS invoice_id
    FROM billing_charge AS charge
    JOIN customers_subscription AS subscription ON subscription.id = charge.subscription_id
    WHERE charge.starts_on < '2026-11-01' AND charge.created_at < '2026-11-01 06:30+00'
    """,
    """
    INSERT INTO billing_invoice (id, number, billing_owner_id, month, currency, total, line_count, is_sandbox,
        billed_to_name, billed_to_address, billed_to_country, issued_on, due_on, status, created_at)
    SELECT invoice_id, 'F' || row_number() OVER (ORDER BY invoice_id), billing_owner_id, '2026-10-01', currency,
        sum(amount), count(*), false, '', '', 'FR', '2026-11-01', '2026-12-31', 'open', now()
    FROM due GROUP BY invoice_id, billing_owner_id, currency
    """,
    """
    INSERT INTO billing_invoiceline (charge_id, invoice_id, position, reseller_id, product_family, product_name)
    SELECT id, invoice_id,
        row_number() OVER (PARTITION BY invoice_id ORDER BY customer_id, subscription_id, starts_on, id), reseller_id,
        product_family, product_name
    FROM due
    """,
    """
    INSERT INTO billing_invoicesubtotal (invoice_id, customer_id, reseller_id, product_family, kind, line_count, amount)
    SELECT invoice_id, customer_id, reseller_id, product_family, kind, count(*), sum(amount)
    FROM due GROUP BY invoice_id, customer_id, reseller_id, product_family, kind
    """,
)


def run() -> Report:
    """Measure the run over all charges against its floor, then stream the file of the largest invoice."""
    content = f"{CHARGES} charges of {OWNERS} billing owners, version 2"
    databases.use(databases.prepare(NAME, content=content, fill=_fill))
    logging.disable(logging.WARNING)
    rates: dict[str, list[float]] = {"floor": [], "run": []}
    grown = []
    for _round in range(ROUNDS):
        _empty()
        rates["floor"].append(1000 * CHARGES / cpu_milliseconds(_floor, 1))
        _empty()
        with Memory() as memory:
            rates["run"].append(1000 * CHARGES / cpu_milliseconds(_close, 1))
        grown.append(memory.grown)
    found = {name: statistics.median(figures) for name, figures in rates.items()}
    report = Report("Billing: charges per second of CPU (process and database), and the reconciliation file")
    ratio = found["run"] / found["floor"]
    report.lines += [
        Line(f"invoicing {CHARGES:,} charges", found["run"], "charges/s", "set-based SQL", ratio, 0.6, at_least=True),
        Line("memory of the run", max(grown), "MB more", "64 MB", max(grown) / 64, 1),
    ]
    report.notes.append(f"floor: {found['floor']:,.0f} charges/s")
    _measure_file(report)
    return report


def _floor() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in FLOOR:
            cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the foreign keys, which a commit would look at


def _close() -> None:
    if invoices.close_ended_months(clock=lambda: CLOSING) != [MONTH]:
        raise RuntimeError("The month was not closed")


def _measure_file(report: Report) -> None:
    """Read the file of the largest invoice as a browser does: bit by bit, keeping nothing."""
    invoice = Invoice.objects.filter(billing_owner_id=BIG).get()
    client = Client()
    user = Membership.objects.get(organization_id=BIG).user
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    address = reverse("billing:reconciliation_file", args=[invoice.pk])
    client.get(reverse("billing:invoice", args=[invoice.pk]))  # warm
    with Memory() as memory:
        began = time.perf_counter()
        parts = iter(client.get(address).streaming_content)  # type: ignore[attr-defined]
        next(parts)
        first = time.perf_counter() - began
        lines = sum(part.count(b"\n") for part in parts)
        seconds = time.perf_counter() - began
    if lines != invoice.line_count:
        raise RuntimeError(f"{lines} lines instead of {invoice.line_count}")
    report.lines += [
        Line("first byte of the file", first * 1000, "ms", "250 ms", first / 0.25, 1),
        Line(f"memory for {lines:,} lines", memory.grown, "MB more", "32 MB", memory.grown / 32, 1),
    ]
    report.notes.append(f"file: {lines:,} lines in {seconds:.1f} s, {lines / seconds:,.0f} lines/s")


# --- the world -------------------------------------------------------------------------------------------------------
def _fill() -> None:
    now = timezone.now()
    for number in range(1, OWNERS + 1):
        organization = Organization.objects.create(
            id=uuid.UUID(int=number),
            kind=OrganizationKind.DIRECT_BILL,
            name=f"Owner {number}",
            domain=f"owner{number}.example",
            country="FR",
            created_at=now,
        )
        Partner.objects.create(organization=organization, market="europe", currency="EUR")
        world.make_agent(organization, email=f"agent@owner{number}.example")
    values: dict[str, Any] = {
        "now": now,
        "customers": CUSTOMERS,
        "subscriptions": SUBSCRIPTIONS,
        "charges": CHARGES,
        "owners": OWNERS,
        "lines": LINES,
    }
    _statements(
        PEOPLE,
        "INSERT INTO customers_customer (organization_id, registration_number, qualification)"
        " SELECT id, '', 'none' FROM accounts_organization WHERE kind = 'customer'",
        SUBSCRIBED,
        CHARGED,
        values=values,
    )
    _vacuum()


def _statements(*statements: str, values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values if "%(" in statement else None)


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {WRITTEN} CASCADE")
    _vacuum()


def _vacuum() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
