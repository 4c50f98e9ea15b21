"""Renewing a hundred thousand first-party terms that are due beside set-based SQL (quality row 32)."""

import datetime
import logging
import statistics
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from azure.processing import renewals
from benchmarks import databases, world
from benchmarks.harness import Line, Report, cpu_milliseconds
from billing.models import Charge, PriceList, PriceListEntry
from customers.enums import BillingFrequency, ProductFamily, Term
from portal.accounts.models import Partner
from portal.audit.models import AuditEvent

COUNT, CUSTOMERS, SKUS, ROUNDS = 100_000, 5_000, 20, 3
STARTED, DUE = datetime.date(2025, 11, 1), datetime.date(2026, 11, 1)
NOW = datetime.datetime(2026, 11, 1, 3, tzinfo=datetime.UTC)

FILL = """
INSERT INTO accounts_organization (id, kind, name, name_key, domain, country, cloud, language, contact_email,
    contact_phone, address, is_sandbox, created_at)
SELECT md5('customer ' || n)::uuid, 'customer', 'Customer ' || n, 'customer ' || n, 'customer' || n || '.example', 'FR',
    'public', 'en', '', '', '', false, %(now)s
FROM generate_series(0, %(customers)s - 1) AS n;
INSERT INTO customers_customer (organization_id, registration_number, qualification)
SELECT id, '', 'none' FROM accounts_organization WHERE kind = 'customer';
INSERT INTO customers_subscription (id, customer_id, billing_owner_id, partner_on_record, product_family, product_name,
    friendly_name, quantity, unit_price, currency, status, pending_operation, term, billing_frequency, auto_renew,
    starts_on, ends_on, is_trial, scope, move_restriction, offer_id, created_at)
SELECT md5('subscription ' || n)::uuid, md5('customer ' || n %% %(customers)s)::uuid, %(partner)s, '', 'license_based',
    'Office Suite', 'Office ' || n, 1 + n %% 40, 9.00, 'EUR', 'active', '', 'P1Y', 'monthly', true, %(started)s,
    %(due)s, false, '', '', 'CFQ7TTC0LDPB:' || lpad((n %% %(skus)s)::text, 4, '0') || ':P1Y', %(now)s
FROM generate_series(1, %(count)s) AS n;
"""
# Before each turn everything is due again, a tenth of it with a plan for the next term.
BACK = """
TRUNCATE billing_charge, azure_licenseaddition, audit_auditseal, audit_unsealedevent, audit_auditeventparty,
    audit_auditevent CASCADE;
TRUNCATE azure_productterm CASCADE;
UPDATE customers_subscription SET starts_on = %(started)s, ends_on = %(due)s, quantity = 1 + quantity %% 40;
INSERT INTO azure_productterm (subscription_id, counted_from, counted_months, billed_until, renewal_quantity,
    renewal_term, renewal_frequency)
SELECT id, %(started)s, 12, %(due)s, CASE WHEN get_byte(uuid_send(id), 0) < 26 THEN quantity + 1 END, '', ''
FROM customers_subscription;
INSERT INTO azure_licenseaddition (id, subscription_id, quantity, "left", added_at, reducible_until)
SELECT gen_random_uuid(), id, quantity, quantity, %(started)s, %(started)s + interval '7 days'
FROM customers_subscription;
"""
# The same rows, in one statement each, without looking at prices, locks or anything else.
FLOOR = """
UPDATE customers_subscription SET starts_on = ends_on, ends_on = ends_on + 365, unit_price = 9.00,
    cancelable_until = %(now)s WHERE ends_on <= %(due)s;
UPDATE azure_productterm SET counted_months = counted_months + 12, billed_until = billed_until + 30,
    renewal_quantity = NULL WHERE billed_until <= %(due)s;
UPDATE azure_licenseaddition SET "left" = 0;
INSERT INTO azure_licenseaddition (id, subscription_id, quantity, "left", added_at, reducible_until)
SELECT gen_random_uuid(), id, quantity, quantity, %(now)s, %(now)s FROM customers_subscription;
INSERT INTO billing_charge (id, subscription_id, billing_owner_id, customer_id, kind, starts_on, ends_on, quantity,
    unit_price, amount, currency, reference, created_at)
SELECT gen_random_uuid(), id, billing_owner_id, customer_id, 'renewal', starts_on, starts_on + 30, quantity, unit_price,
    quantity * unit_price, currency, '', %(now)s FROM customers_subscription;
INSERT INTO audit_auditevent (public_id, event_type, outcome, occurred_at, actor_name, actor_email,
    actor_organization_name, subject_type, subject_id, subject_name, customer_id, customer_name, before, after, details,
    request_id)
SELECT gen_random_uuid(), 'subscription-renewed', 'succeeded', %(now)s, '', '', '', 'subscription', id::text,
    friendly_name, customer_id, 'Customer', '{"ends": "2026-11-01", "quantity": 7}',
    '{"ends": "2027-11-01", "quantity": 7}', '{"product": "Office Suite"}', ''
FROM customers_subscription;
INSERT INTO audit_auditeventparty (event_id, organization_id, occurred_at, event_type, outcome, customer_id,
    customer_key, actor_key, details)
SELECT event.id, party.id, event.occurred_at, event.event_type, event.outcome, event.customer_id, 'customer', '', '{}'
FROM audit_auditevent AS event
CROSS JOIN LATERAL (VALUES (event.customer_id), (%(partner)s::uuid)) AS party (id);
"""


def run() -> Report:
    """Measure the renewal of all that is due beside its floor: subscriptions per second of CPU."""
    databases.use(databases.prepare("bench_azure", content=f"{COUNT} due terms, version 1", fill=_fill))
    logging.disable(logging.INFO)
    rates: dict[str, list[float]] = {"floor": [], "renewal": []}

    def note(name: str, work: Callable[[], object]) -> None:
        _execute(BACK)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")
        rates[name].append(1000 * COUNT / cpu_milliseconds(work, 1))

    for _ in range(ROUNDS):
        note("floor", _floor)
        note("renewal", _renew)
    found = {name: statistics.median(figures) for name, figures in rates.items()}
    ratio = found["renewal"] / found["floor"]
    report = Report("First-party terms: renewal, per second of CPU (process and database)")
    report.lines.append(
        Line(f"renewing {COUNT:,} due terms", found["renewal"], "each/s", "set-based SQL", ratio, 0.6, at_least=True)
    )
    report.notes.append(f"floor: {found['floor']:,.0f} terms/s")
    return report


def _execute(sql: str) -> None:
    """Run several statements, one after the other."""
    values: dict[str, Any] = {"now": NOW, "count": COUNT, "customers": CUSTOMERS, "skus": SKUS}
    values |= {"started": STARTED, "due": DUE, "partner": world.ORGANIZATION_ID}
    with connection.cursor() as cursor:
        for statement in sql.split(";\n"):
            if statement.strip():
                cursor.execute(statement, values)


def _fill() -> None:
    """Write a partner, a price list, and a year's subscriptions that all renew on one day."""
    world.fill(100)
    Partner.objects.create(organization_id=world.ORGANIZATION_ID, market="europe", currency="EUR")
    price_list = PriceList.objects.create(
        family=ProductFamily.LICENSE_BASED, country="FR", currency="EUR", month=STARTED, created_at=NOW
    )
    PriceListEntry.objects.bulk_create(
        PriceListEntry(
            price_list=price_list,
            product_id="CFQ7TTC0LDPB",
            sku_id=f"{number:04}",
            product_title="Office Suite",
            sku_title=f"Office Suite {number}",
            term=Term.YEAR,
            billing_frequency=BillingFrequency.MONTHLY,
            unit_price=9,
            retail_price=11,
            starts_on=STARTED,
        )
        for number in range(SKUS)
    )
    _execute(FILL)


def _floor() -> None:
    with transaction.atomic():
        _execute(FLOOR)


def _renew() -> None:
    renewed = renewals.renew_terms(now=NOW)
    written = Charge.objects.count(), AuditEvent.objects.count()
    if renewed != COUNT or renewals.renew_terms(now=NOW) or written != (COUNT, COUNT):
        raise RuntimeError(f"{renewed} renewed, {written} charges and events")
