"""A month of demo business closes: invoices equal their files, and a transfer splits a price without loss (issue 7)."""

import csv
import datetime
import io
from collections import defaultdict
from decimal import Decimal

import pytest
from django.urls import reverse

from billing import demo, invariants
from billing.models import Charge, Invoice
from billing.queries import lines
from billing.reconciliation_file import HEADER, row_of_line
from customers import demo as customers_demo
from customers.models import Subscription
from marketplace import demo as marketplace_demo
from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.local import demo as people_demo
from transfers import demo as transfers_demo
from transfers.models import TransferLineItem

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 12, 6, 12, 0, tzinfo=datetime.UTC)  # a transfer was accepted on 24 November


@pytest.fixture
def closed():
    """The demo world at the beginning of December: October and November are closed."""
    for world in (people_demo, customers_demo, marketplace_demo, transfers_demo, demo):
        world.load(now=NOW)
    return list(Invoice.objects.order_by("number"))


def file_of(invoice):
    return [dict(zip(HEADER, row_of_line(invoice, *found), strict=True)) for found in lines.all_lines(invoice)]


def test_a_month_of_demo_business_closes_with_invoices_that_equal_their_files(closed, client_for):
    files = {invoice.pk: file_of(invoice) for invoice in closed}
    for invoice in closed:
        assert sum(row["Total"] for row in files[invoice.pk]) == invoice.total, invoice.number
        assert len(files[invoice.pk]) == invoice.line_count
    assert {invoice.month.month for invoice in closed} == {10, 11}
    assert {invoice.is_sandbox for invoice in closed} == {True, False}
    assert {invoice.status for invoice in closed} == {"open", "paid", "nothing_due"}
    assert not [*invariants.breaches(), *invariants.overdue()]

    # Over the transfers that were accepted on the way, what each side pays makes up each price as it was.
    sums: dict[object, Decimal] = defaultdict(Decimal)
    for charge in Charge.objects.filter(subscription__product_family="license_based").select_related("subscription"):
        sums[charge.subscription.entitlement, charge.kind.startswith("transfer")] += charge.amount
    moved = TransferLineItem.objects.filter(status="completed", moved_amount__gt=0).select_related("subscription")
    assert moved
    for item in moved:
        assert sums[item.subscription.entitlement, True] == 0

    # One of them is billed for a whole year: both partners' charges are the price of the term.
    yearly = Subscription.objects.get(friendly_name="Kajkontoret", transferred_to__isnull=False)
    both = [yearly.pk, yearly.transferred_to.pk]
    shares = defaultdict(Decimal)
    for invoice in closed:
        for row in files[invoice.pk]:
            if row["SubscriptionId"] in both:
                shares[invoice.billing_owner_id] += row["Total"]
                assert bool(row["TransferId"]) == row["ChargeType"].startswith("transfer")
    assert len(shares) == 2
    assert all(share > 0 for share in shares.values())
    assert sum(shares.values()) == yearly.unit_price * yearly.quantity

    # What the billing admin downloads is the same file.
    invoice = next(one for one in closed if one.billing_owner.organization.domain == "belfortcloud.example")
    admins = Membership.objects.with_role(Role.BILLING_ADMIN).filter(organization_id=invoice.billing_owner_id)
    answer = client_for(admins[0]).get(reverse("billing:reconciliation_file", args=[invoice.pk]))
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert sum(Decimal(row["Total"]) for row in rows) == invoice.total
