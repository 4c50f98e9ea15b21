"""Renewing a hundred thousand due subscriptions beside set-based SQL (quality row 32), and the list of a million."""

import datetime
import functools
import logging
import statistics
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from benchmarks import databases, world
from benchmarks.harness import Candidate, Line, Report, cpu_milliseconds, measure
from billing.models import Charge
from marketplace.enums import OfferCategory, OfferStatus
from marketplace.models import Offer, Plan, PlanPrice, Publisher
from marketplace.processing import renewals
from marketplace.queries import SubscriptionFilter, subscription_page
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Membership, Organization, Partner
from portal.accounts.queries import make_actor

COUNT, CUSTOMERS, ROUNDS = 100_000, 5_000, 3
SMALL, LARGE = 10_000, 1_000_000
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
    activate_by, activated_at, end_reason, counted_from, counted_months, billed_until, name_key, product_key,
    customer_name_key, ends_on, auto_renew)
SELECT row.id, %(publisher)s, %(partner)s, %(plan)s, 'Subscribed', 'owner@customer.example', 'bench@benchmark.example',
    %(publisher)s, 9.00, 'full', false, %(now)s, %(now)s, %(now)s, '', %(started)s, 1, %(due)s, lower(friendly_name),
    'notes – team', customer.name_key, ends_on, true
FROM customers_subscription AS row JOIN accounts_organization AS customer ON customer.id = row.customer_id;
"""
# The list's world: a partner's purchases of three years. As many wait to be activated or renew soon in each size.
WORDS = "amber bakery cedar delta ember fjord grove harbor island juniper kiosk lumen maple north orchard pier quarry"
SPREAD = """
WITH spread AS MATERIALIZED (
    SELECT id, row_number() OVER (ORDER BY id) AS n FROM customers_subscription
)
UPDATE customers_subscription AS row
SET friendly_name = initcap((string_to_array(%(words)s, ' '))[1 + n %% 17]) || ' of shop ' || n || ' '
        || (string_to_array(%(words)s, ' '))[1 + n / 17 %% 17],
    starts_on = CASE WHEN n %% %(rare)s = 1 THEN NULL ELSE current_date - 20 END,
    ends_on = CASE WHEN n %% %(rare)s = 1 THEN NULL WHEN n %% %(rare)s = 2 THEN current_date + 20
        ELSE current_date + 40 + (n %% 300)::int END,
    status = CASE WHEN n %% %(rare)s = 1 THEN 'pending' ELSE 'active' END, auto_renew = n %% 50 > 0,
    cancelable_until = now() - n * interval '3 years' / %(count)s + interval '14 days'
FROM spread WHERE spread.id = row.id;
UPDATE marketplace_saassubscription AS saas
SET status = CASE WHEN row.status = 'pending' THEN 'PendingFulfillmentStart' ELSE 'Subscribed' END,
    activated_at = CASE WHEN row.status <> 'pending' THEN saas.activated_at END,
    billed_until = CASE WHEN row.status <> 'pending' THEN row.ends_on END,
    purchased_at = row.cancelable_until - interval '14 days', cancelable_until = row.cancelable_until,
    ends_on = row.ends_on, auto_renew = row.auto_renew, name_key = lower(row.friendly_name)
FROM customers_subscription AS row WHERE row.id = saas.subscription_id;
VACUUM (FULL, ANALYZE) customers_subscription;
VACUUM (FULL, ANALYZE) marketplace_saassubscription;
VACUUM customers_subscription, marketplace_saassubscription;
"""  # the last as autovacuum does: without it PostgreSQL does not know which rows an index answers by itself
FEW = 100  # wait to be activated, and as many renew soon
DEEP_PAGE = 100
HTMX = {"HX-Request": "true"}
PAGES: dict[str, dict[str, str]] = {
    "first": {},
    "waiting": {"status": "PendingFulfillmentStart"},
    "renewing": {"renewing": "yes"},
    "cancelable": {"cancelable": "yes"},
    "off": {"autorenew": "no"},
    "by name": {"sort": "name"},
    "search": {"q": "bakery"},
    "rare": {"q": "shop 4711 "},
}
BACK = """
TRUNCATE billing_charge, marketplace_webhookattempt, marketplace_webhookcall, marketplace_operation, audit_auditseal,
    audit_unsealedevent, audit_auditeventparty, audit_auditevent CASCADE;
UPDATE customers_subscription SET starts_on = %(started)s, ends_on = %(due)s;
UPDATE marketplace_saassubscription SET counted_months = 1, billed_until = %(due)s, ends_on = %(due)s;
"""
# The same rows, in one statement each, without looking at prices, locks or anything else.
FLOOR = """
UPDATE customers_subscription SET starts_on = ends_on, ends_on = ends_on + 30, unit_price = 9.00
WHERE ends_on <= %(due)s;
UPDATE marketplace_saassubscription SET counted_months = counted_months + 1, billed_until = billed_until + 30,
    ends_on = ends_on + 30, list_price = 9.00, reminded_days = NULL WHERE billed_until <= %(due)s;
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


class Site:
    """The portal with so many subscriptions of one partner, an admin agent of it signed in."""

    def __init__(self, count: int) -> None:
        self.database = databases.prepare(
            f"bench_marketplace_{count}",
            content=f"{count} subscriptions, version 2",
            fill=functools.partial(_fill_list, count),
        )
        databases.use(self.database)
        self.client = world.signed_in_client()
        self.pages = {**PAGES, "deep": {"cursor": _deep_cursor()}}

    def page(self, address: str, headers: Mapping[str, str] | None = None) -> Candidate:
        """Return the candidate that opens a page, and fails if it does not answer 200."""
        return Candidate(work=lambda: self.open(address, headers), enter=lambda: databases.use(self.database))

    def open(self, address: str, headers: Mapping[str, str] | None = None) -> None:
        response = self.client.get(address, headers=headers)
        if response.status_code != 200:
            raise RuntimeError(f"{address} answered {response.status_code}")

    def list(self, query: Mapping[str, str]) -> str:
        return f"{reverse('marketplace:subscriptions')}?{urlencode(query)}"

    def queries(self, query: Mapping[str, str]) -> int:
        """Count the database queries of a list page."""
        databases.use(self.database)
        with CaptureQueriesContext(connection) as captured:
            self.open(self.list(query))
        return len(captured)


def _deep_cursor() -> str:
    membership = Membership.objects.select_related("organization", "user").get()
    actor, cursor, now = make_actor(membership, membership.user), "", timezone.now()
    for _page in range(DEEP_PAGE - 1):
        cursor = subscription_page(actor, SubscriptionFilter(), cursor=cursor, now=now).next_cursor
    return cursor


def run_list() -> Report:
    """Measure the list over all customers at both sizes beside each other, and beside the floors b and c1."""
    small, large = Site(SMALL), Site(LARGE)
    candidates = {"b": large.page("/floor/b/"), "c1": large.page("/floor/c1/")}
    for site, size in ((small, "small"), (large, "large")):
        for name, query in site.pages.items():
            candidates[f"{name} {size}"] = site.page(site.list(query))
    candidates["fragment"] = large.page(large.list({}), HTMX)
    candidates["count"] = large.page(reverse("marketplace:count"), HTMX)
    costs = measure(candidates)
    report = Report(f"Subscriptions list, {LARGE:,} against {SMALL:,}, CPU per request (process and database)")
    for name in small.pages:
        value, floor = costs[f"{name} large"], costs[f"{name} small"]
        limit = 2.0 if name == "rare" else 1.15  # a trigram index grows with its table
        report.lines.append(Line(f"subscriptions list: {name}", value, "ms", f"at {SMALL:,}", value / floor, limit))
    b, c1 = costs["b"], costs["c1"]
    for what, name, limit in (
        ("subscriptions list, first page", "first large", 1.0),
        ("list as fragment", "fragment", 1.0),
        ("search for 'bakery'", "search large", 2.0),
        ("search for one of a million by a word all have", "rare large", 2.0),
        ("the count that comes after the page", "count", 1.0),
    ):
        report.lines.append(Line(what, costs[name], "ms", "c1", costs[name] / c1, limit))
    report.notes.append(f"floors: b = {b:.2f} ms, c1 = {c1:.2f} ms = {c1 / b:.1f} b")
    counts = {name: (small.queries(small.pages[name]), large.queries(large.pages[name])) for name in small.pages}
    report.notes.append(f"queries at {SMALL:,} and {LARGE:,}: {counts}")
    return report


def run() -> Report:
    """Measure the list over all customers, then the renewal of all that is due beside its floor."""
    report, renewal = run_list(), run_renewal()
    report.title = "Marketplace: list over all customers (CPU per request), renewal (per second of CPU)"
    report.lines += renewal.lines
    report.notes += renewal.notes
    return report


def run_renewal() -> Report:
    """Measure the renewal of all that is due beside its floor: subscriptions per second of CPU."""
    databases.use(databases.prepare("bench_marketplace", content=f"{COUNT} due subscriptions, version 2", fill=_fill))
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


def _execute(sql: str, **values: Any) -> None:
    """Run several statements, one after the other."""
    with connection.cursor() as cursor:
        for statement in sql.split(";\n"):
            if statement.strip():
                cursor.execute(statement, VALUES | values)


def _fill_list(count: int) -> None:
    """Write so many subscriptions of one partner, bought over three years."""
    _fill(count=count, customers=count // 5)
    _execute(SPREAD, count=count, rare=count // FEW, words=WORDS)


def _fill(*, count: int = COUNT, customers: int = CUSTOMERS) -> None:
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
    _execute(FILL, count=count, customers=customers)


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
