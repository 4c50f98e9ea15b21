"""Renewing a hundred thousand due subscriptions, beside set-based SQL that writes as many rows (quality row 32)."""

import datetime
import logging
import statistics
import uuid
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from benchmarks import databases, world
from benchmarks.harness import Line, Report, cpu_milliseconds
from billing.models import Charge
from marketplace.enums import OfferCategory, OfferStatus
from marketplace.models import Offer, Plan, PlanPrice, Publisher
from marketplace.processing import renewals
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Organization, Partner

COUNT, CUSTOMERS, ROUNDS = 100_000, 5_000, 3
STARTED, DUE = datetime.date(2026, 10, 1), datetime.date(2026, 11, 1)
NOW = datetime.datetime(2026, 11, 1, 3, tzinfo=datetime.UTC)
PUBLISHER_ID, PLAN_ID = uuid.UUID(int=2), uuid.UUID(int=3)

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
SELECT md5('subscription ' || n)::uuid, md5('customer ' || n %% %(customers)s)::uuid, %(partner)s, '', 'third_party',
    'Notes – Team', 'Notes ' || n, 1 + n %% 40, 9.00, 'EUR', 'active', '', 'P1M', 'monthly', true, %(started)s, %(due)s,
    false, '', '', 'notes:team:P1M', %(now)s
FROM generate_series(1, %(count)s) AS n;
INSERT INTO marketplace_saassubscription (subscription_id, publisher_id, partner_id, plan_id, status,
    beneficiary_email, purchaser_email, purchaser_object_id, list_price, refund, publisher_may_change, purchased_at,
    activate_by, activated_at, end_reason, counted_from, counted_months, billed_until)
SELECT id, %(publisher)s, %(partner)s, %(plan)s, 'Subscribed', 'owner@customer.example', 'bench@benchmark.example',
    %(publisher)s, 9.00, 'full', false, %(now)s, %(now)s, %(now)s, '', %(started)s, 1, %(due)s
FROM customers_subscription;
"""
BACK = """
TRUNCATE billing_charge, marketplace_webhookattempt, marketplace_webhookcall, marketplace_operation, audit_auditseal,
    audit_unsealedevent, audit_auditeventparty, audit_auditevent CASCADE;
UPDATE customers_subscription SET starts_on = %(started)s, ends_on = %(due)s;
UPDATE marketplace_saassubscription SET counted_months = 1, billed_until = %(due)s;
"""
# The same rows, in one statement each, without looking at prices, locks or anything else.
FLOOR = """
UPDATE customers_subscription SET starts_on = ends_on, ends_on = ends_on + 30, unit_price = 9.00
WHERE ends_on <= %(due)s;
UPDATE marketplace_saassubscription SET counted_months = counted_months + 1, billed_until = billed_until + 30,
    list_price = 9.00, reminded_days = NULL WHERE billed_until <= %(due)s;
INSERT INTO billing_charge (id, subscription_id, billing_owner_id, customer_id, kind, starts_on, ends_on, quantity,
    unit_price, amount, currency, reference, created_at)
SELECT gen_random_uuid(), id, billing_owner_id, customer_id, 'renewal', starts_on, ends_on, quantity, unit_price,
    quantity * unit_price, currency, '', %(now)s FROM customers_subscription;
INSERT INTO marketplace_operation (id, saas_id, activity_id, action, source, status, plan_id, quantity, asked_by_name,
    created_at, finished_at, error_code, error_message)
SELECT gen_random_uuid(), id, gen_random_uuid(), 'Renew', 'Azure', 'Succeeded', %(plan)s, quantity, '', %(now)s,
    %(now)s, '', '' FROM customers_subscription;
INSERT INTO marketplace_webhookcall (id, operation_id, publisher_id, body, status, attempts, created_at,
    next_attempt_at)
SELECT gen_random_uuid(), id, %(publisher)s, convert_to(repeat(md5(id::text), 40), 'UTF8'), 'waiting', 0, %(now)s,
    %(now)s FROM marketplace_operation;
INSERT INTO audit_auditevent (public_id, event_type, outcome, occurred_at, actor_name, actor_email,
    actor_organization_name, subject_type, subject_id, subject_name, customer_id, customer_name, after, details,
    request_id)
SELECT gen_random_uuid(), 'marketplace-subscription-renewed', 'succeeded', %(now)s, '', '', '',
    'marketplace-subscription', id::text, friendly_name, customer_id, 'Customer', '{"ends": "2026-12-01"}', '{}', ''
FROM customers_subscription;
INSERT INTO audit_auditeventparty (event_id, organization_id, occurred_at, event_type, outcome, customer_id,
    customer_key, actor_key, details)
SELECT event.id, party.id, event.occurred_at, event.event_type, event.outcome, event.customer_id, 'customer', '', '{}'
FROM audit_auditevent AS event
CROSS JOIN LATERAL (VALUES (event.customer_id), (%(partner)s::uuid), (%(publisher)s::uuid)) AS party (id);
"""
VALUES: dict[str, Any] = {
    "now": NOW,
    "count": COUNT,
    "customers": CUSTOMERS,
    "started": STARTED,
    "due": DUE,
    "partner": world.ORGANIZATION_ID,
    "publisher": PUBLISHER_ID,
    "plan": PLAN_ID,
}


def run() -> Report:
    """Measure the renewal of all that is due beside its floor: subscriptions per second of CPU."""
    databases.use(databases.prepare("bench_marketplace", content=f"{COUNT} due subscriptions, version 1", fill=_fill))
    logging.disable(logging.INFO)
    rates: dict[str, list[float]] = {"floor": [], "renewal": []}

    def note(name: str, work: Callable[[], object]) -> None:
        _back()
        rates[name].append(1000 * COUNT / cpu_milliseconds(work, 1))

    for _ in range(ROUNDS):
        note("floor", _floor)
        note("renewal", _renew)
    found = {name: statistics.median(figures) for name, figures in rates.items()}
    report = Report("Renewing subscriptions, per second of CPU (process and database)")
    report.lines.append(
        Line(
            f"renewing {COUNT:,} due subscriptions",
            found["renewal"],
            "each/s",
            "set-based SQL",
            found["renewal"] / found["floor"],
            0.6,
            at_least=True,
        )
    )
    report.notes.append(f"floor: {found['floor']:,.0f} subscriptions/s")
    return report


def _execute(sql: str) -> None:
    """Run several statements, one after the other."""
    with connection.cursor() as cursor:
        for statement in sql.split(";\n"):
            if statement.strip():
                cursor.execute(statement, VALUES)


def _fill() -> None:
    """Write a partner, a publisher with one plan, and a month's subscriptions that all renew on one day."""
    world.fill(100)
    Partner.objects.create(organization_id=world.ORGANIZATION_ID, market="europe", currency="EUR")
    organization = Organization.objects.create(
        id=PUBLISHER_ID,
        kind=OrganizationKind.PUBLISHER,
        name="Publisher",
        domain="publisher.example",
        country="FR",
        created_at=NOW,
    )
    offer = Offer.objects.create(
        publisher=Publisher.objects.create(organization=organization, code="publisher"),
        code="notes",
        name="Notes",
        category=OfferCategory.COLLABORATION,
        status=OfferStatus.PUBLISHED,
        landing_page_url="https://publisher.example/start",
        webhook_url="https://publisher.example/webhook",
        created_at=NOW,
        published_at=NOW,
    )
    plan = Plan.objects.create(id=PLAN_ID, offer=offer, code="team", name="Team")
    PlanPrice.objects.create(
        plan=plan, term="P1M", billing_frequency="monthly", currency="EUR", unit_price=9, valid_from=STARTED
    )
    _execute(FILL)


def _back() -> None:
    """Make everything due again, and leave no dead rows to either side."""
    _execute(BACK)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def _floor() -> None:
    with transaction.atomic():
        _execute(FLOOR)


def _renew() -> None:
    renewed = renewals.renew_terms(now=NOW)
    if renewed != COUNT or renewals.renew_terms(now=NOW) or Charge.objects.count() != COUNT:
        raise RuntimeError(f"{renewed} renewed, {Charge.objects.count()} charged")
