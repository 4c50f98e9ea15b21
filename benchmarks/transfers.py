"""Moving items between billing owners, beside one chain of set-based SQL on the same rows (quality row 32)."""

import datetime
import logging
import resource
import statistics
import time
import uuid
from decimal import Decimal
from functools import partial

from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from benchmarks import databases, world
from benchmarks.harness import Candidate, Line, Report, cpu_milliseconds, measure
from benchmarks.workers import worker
from customers.enums import BillingFrequency, ProductFamily, SubscriptionStatus, Term
from customers.models import Customer, ResellerRelationship, Subscription
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Membership, Organization, Partner
from portal.accounts.queries import make_actor
from portal.celery import app
from transfers import processing
from transfers.commerce import postgres
from transfers.enums import TransferStatus
from transfers.models import Transfer
from transfers.workflow import acceptance

FEW, SOME, MANY, ROUNDS = 25, 100, 10_000, 3
TOGETHER, ITEMS_EACH, TURNS = 10, 2_000, 2
NAME = "bench_transfers"
SOURCE, TARGET, CUSTOMER = (uuid.UUID(int=number) for number in (1, 2, 3))
TABLES = "transfers_transfer, transfers_commercefault, billing_charge, customers_subscription, audit_auditevent"

# The commerce back end's own statements, over all items of the transfer at once, with the counters and the event.
FLOOR_EVENT = """
    INSERT INTO audit_auditevent (
        public_id, event_type, outcome, occurred_at, actor_name, actor_email, actor_organization_name, subject_type,
        subject_id, subject_name, customer_name, details, request_id
    )
    VALUES (gen_random_uuid(), 'complete-transfer', 'succeeded', now(), '', '', '', 'transfer', %s, '', '', '{}', '')
"""


def run() -> Report:
    """Measure one large transfer, many small ones, ten together with one worker and two, and the details page."""
    databases.use(databases.prepare(NAME, content="two partners, version 2", fill=_fill))
    logging.disable(logging.WARNING)
    rates: dict[str, list[float]] = {"floor": [], "many": [], "some": []}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _round in range(ROUNDS):
        _empty()
        accepted = _accepted(MANY)
        rates["floor"].append(1000 * MANY / cpu_milliseconds(partial(_floor, accepted), 1))
        _vacuum()
        rates["many"].append(1000 * MANY / cpu_milliseconds(partial(_work, accepted), 1))
        small = [_accepted(SOME) for _number in range(20)]
        rates["some"].append(1000 * SOME * len(small) / cpu_milliseconds(partial(_work_all, small), 1))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    found = {name: statistics.median(figures) for name, figures in rates.items()}

    report = Report("Transfers: items per second of CPU (process and database)")
    report.lines += [
        Line(
            f"moving {MANY:,} items",
            found["many"],
            "items/s",
            "set-based SQL",
            found["many"] / found["floor"],
            0.6,
            True,
        ),
        Line(f"time per item at {MANY:,}", 1e6 / found["many"], "µs", f"at {SOME}", found["some"] / found["many"], 1.2),
    ]
    report.notes.append(f"floor: {found['floor']:,.0f} items/s; peak memory grew by {grown:.0f} MB over the whole run")
    _measure_workers(report)
    _measure_pages(report)
    return report


def _measure_workers(report: Report) -> None:
    one, two = (statistics.median(_seconds_together(workers) for _turn in range(TURNS)) for workers in (1, 2))
    what = f"{TOGETHER} transfers of {ITEMS_EACH:,} items together, two workers"
    report.lines.append(Line(what, two, "s", "one worker's speed", one / two, 1.6, at_least=True))


def _measure_pages(report: Report) -> None:
    _empty()
    small, large = _accepted(FEW), _accepted(MANY)
    _vacuum()
    client = Client(raise_request_exception=True)
    user = Membership.objects.get(organization_id=SOURCE).user
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")

    def page(transfer: Transfer) -> Candidate:
        address = reverse("transfers:detail", args=[transfer.pk])

        def open_it() -> None:
            if client.get(address).status_code != 200:
                raise RuntimeError(f"{address} did not open")

        return Candidate(open_it)

    costs = measure({"small": page(small), "large": page(large)})
    ratio = costs["large"] / costs["small"]
    report.lines.append(Line(f"details page with {MANY:,} items", costs["large"], "ms", f"with {FEW}", ratio, 1.15))


def _floor(transfer: Transfer) -> None:
    """Change the same rows in one transaction, then take it back so that the transfer can be measured."""
    with transaction.atomic():
        ids = list(transfer.line_items.values_list("pk", flat=True))
        postgres.Commerce().move(transfer, ids, now=timezone.now())
        with connection.cursor() as cursor:
            cursor.execute("UPDATE transfers_transfer SET items_completed = items_total WHERE id = %s", [transfer.pk])
            cursor.execute(FLOOR_EVENT, [str(transfer.pk)])
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the foreign keys, which a commit would look at
        transaction.set_rollback(True)


def _work(transfer: Transfer) -> None:
    if processing.process_transfer(transfer_id=transfer.pk, clock=timezone.now).next_at is not None:
        raise RuntimeError("The transfer did not end")


def _work_all(transfers: list[Transfer]) -> None:
    for transfer in transfers:
        _work(transfer)


def _seconds_together(workers: int) -> float:
    """Return the seconds that a Celery worker with so many processes needs for transfers that are there at once."""
    _empty()
    transfers = [_accepted(ITEMS_EACH) for _number in range(TOGETHER)]
    _vacuum()
    with worker(workers):
        began = time.monotonic()
        for transfer in transfers:
            app.send_task("transfers.process", args=[str(transfer.pk)])
        while Transfer.objects.filter(status=TransferStatus.IN_PROGRESS).exists():
            time.sleep(0.02)
        return time.monotonic() - began


# --- the world -------------------------------------------------------------------------------------------------------
def _fill() -> None:
    """Write two partners with an admin agent each, and their customer."""
    now = timezone.now()
    rows = ((SOURCE, OrganizationKind.DIRECT_BILL), (TARGET, OrganizationKind.DIRECT_BILL))
    for number, (partner_id, kind) in enumerate((*rows, (CUSTOMER, OrganizationKind.CUSTOMER)), start=1):
        Organization.objects.create(
            id=partner_id,
            kind=kind,
            name=f"Organization {number}",
            domain=f"organization{number}.example",
            country="FR",
            created_at=now,
        )
    customer = Customer.objects.create(organization_id=CUSTOMER)
    for number, (partner_id, _kind) in enumerate(rows, start=1):
        partner = Partner.objects.create(organization_id=partner_id, market="europe", currency="EUR")
        world.make_agent(Organization.objects.get(pk=partner_id), email=f"agent{number}@organization{number}.example")
        ResellerRelationship.objects.create(
            partner=partner,
            customer=customer,
            kind="direct",
            customer_name="Organization 3",
            customer_domain="organization3.example",
            customer_country="FR",
            created_at=now,
        )


def _accepted(count: int) -> Transfer:
    """Write so many subscriptions at the source, and a transfer that takes them all along."""
    now = timezone.now()
    today = now.date()
    subscriptions = Subscription.objects.bulk_create(
        Subscription(
            customer_id=CUSTOMER,
            billing_owner_id=SOURCE,
            product_family=ProductFamily.LICENSE_BASED,
            product_name="Office Suite",
            friendly_name=f"Office {number}",
            quantity=number % 200 + 1,
            unit_price=Decimal("11.70"),
            currency="EUR",
            status=SubscriptionStatus.ACTIVE,
            term=Term.YEAR,
            billing_frequency=BillingFrequency.MONTHLY,
            auto_renew=True,
            starts_on=today - datetime.timedelta(days=40),
            ends_on=today + datetime.timedelta(days=325),
            created_at=now,
        )
        for number in range(count)
    )
    transfer = Transfer.objects.create(
        customer_id=CUSTOMER,
        source_partner_id=SOURCE,
        target_partner_id=TARGET,
        status=TransferStatus.PENDING,
        customer_name="Organization 3",
        customer_email="office@organization3.example",
        customer_language="en",
        created_by_name="Bench",
        created_at=now,
        modified_at=now,
        sent_at=now,
        expires_at=now + datetime.timedelta(days=30),
    )
    agent = Membership.objects.select_related("organization", "user").get(organization_id=SOURCE)
    with transaction.atomic():
        items = acceptance.items_of(transfer, [one.pk for one in subscriptions], now=now)
        return acceptance.start(transfer, items, actor=make_actor(agent, agent.user), now=now)


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {TABLES} CASCADE")


def _vacuum() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
