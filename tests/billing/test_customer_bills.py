"""What a partner bills its customers for an invoice, by its own prices (A13)."""

import csv
import datetime
import io
import uuid
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.enums import ChargeKind, PriceRuleKind
from billing.models import OwnPrice
from billing.queries.bill_lines import lines_of
from billing.queries.downstream import resold
from portal.accounts.enums import Role
from tests.billing.invoice_factories import OCTOBER, close, make_billed_subscription, make_charge
from tests.customers.factories import make_relationship
from tests.factories import NOON, make_member, make_partner

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner():
    return make_partner()


def set_price(partner, percent, **fields):
    defaults = {"kind": PriceRuleKind.MARKUP, "valid_from": OCTOBER, "set_by_name": "Kim", "created_at": NOON}
    return OwnPrice.objects.create(partner=partner.partner, percent=percent, **defaults | fields)


@pytest.fixture
def invoice(partner):
    """A bakery with a cycle and a credit, and a mill; the bakery has a price of its own, the mill that of all."""
    bakery, mill = make_relationship(partner, name="Bakery"), make_relationship(partner, name="Mill")
    office = make_billed_subscription(bakery, unit_price=Decimal("10"))
    make_charge(office, "50.00")
    make_charge(office, "-12.33", kind=ChargeKind.REMOVE_QUANTITY)
    make_charge(make_billed_subscription(mill, unit_price=Decimal("10")), "30.00")
    make_charge(make_billed_subscription(mill, unit_price=Decimal(0)), "0.00")
    set_price(partner, 20, customer_id=bakery.customer_id)
    set_price(partner, 10)
    set_price(partner, 90, valid_from=datetime.date(2026, 11, 1))  # too late for this invoice
    (found,) = close()
    return found


def test_each_customer_is_billed_by_the_closest_price_of_the_month(invoice):
    sums = {}
    for one in resold(invoice):
        cost, price = sums.get(one.customer_name, (0, 0))
        sums[one.customer_name] = cost + one.cost, price + one.price

    assert sums == {
        "Bakery": (Decimal("37.67"), Decimal("45.20")),
        "Mill": (Decimal("30.00"), Decimal("33.00")),
    }


def test_page_and_file_tell_cost_price_and_what_remains(invoice, partner, client_for):
    client = client_for(make_member(partner, Role.BILLING_ADMIN))

    page = client.get(reverse("billing:customer_bills", args=[invoice.pk])).content.decode()
    file = client.get(reverse("billing:customer_bills_export", args=[invoice.pk])).getvalue().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(file)))

    assert all(text in page for text in ("Bakery", "€45.20", "€37.67", "€7.53", "€78.20"))
    assert sum(Decimal(row["CustomerPrice"]) for row in rows) == Decimal("78.20")
    assert sum(Decimal(row["Cost"]) for row in rows) == invoice.total
    assert {row["OwnPrice"] for row in rows} == {"yes"}


def test_without_prices_of_its_own_a_partner_passes_on_what_it_pays(invoice):
    OwnPrice.objects.all().delete()

    assert all(one.price == one.cost and not one.has_own_price for one in resold(invoice))


def test_others_do_not_see_it(invoice, partner, client_for):
    url = reverse("billing:customer_bills", args=[invoice.pk])

    assert client_for(make_member(partner, Role.SALES_AGENT)).get(url).status_code == 403
    assert client_for(make_member(make_partner(), Role.BILLING_ADMIN)).get(url).status_code == 404


def bill_of(client, invoice, customer_id, **values):
    return client.get(reverse("billing:customer_bill", args=[invoice.pk, customer_id]), values)


def test_the_bill_of_a_customer_lists_rows_and_charges_that_sum_to_its_file(invoice, partner, client_for):
    client = client_for(make_member(partner, Role.BILLING_ADMIN))
    bakery = invoice.lines.filter(charge__customer__organization__name="Bakery").first().charge.customer_id
    rows = list(resold(invoice, customer_id=bakery))

    page = bill_of(client, invoice, bakery).content.decode()
    address = reverse("billing:customer_bills_export", args=[invoice.pk])
    file = client.get(address, {"customer": bakery}).getvalue().decode("utf-8-sig")

    assert {row["CustomerName"] for row in csv.DictReader(io.StringIO(file))} == {"Bakery"}
    assert sum(row.price for row in rows) == Decimal("45.20")
    lines = lines_of(invoice, bakery, rows)
    parts = [(line.kind, line.quantity, line.unit_price, line.price) for found in lines.values() for line in found]
    assert sorted(parts) == [
        ("cycle", 5, Decimal("12.00"), Decimal("60.00")),
        ("remove_quantity", 5, Decimal("12.00"), Decimal("-14.80")),
    ]
    shown = ("€45.20", "€37.67", "2 charges", "5 × €12.00", "€60.00", "-€14.80", "10/14/2026")
    assert all(text in page for text in shown)
    assert "Mill" not in page
    other = client_for(make_member(make_partner(), Role.BILLING_ADMIN))
    assert bill_of(other, invoice, bakery).status_code == 404
    assert bill_of(client_for(make_member(partner, Role.SALES_AGENT)), invoice, bakery).status_code == 403
    assert bill_of(client, invoice, uuid.uuid4()).status_code == 404


def test_a_long_bill_has_pages_and_costs_the_same_queries(partner, client_for, django_assert_num_queries):
    mill = make_relationship(partner, name="Mill")
    for number in range(30):
        row = make_billed_subscription(mill, unit_price=Decimal("10"), product_name=f"Product {number:02}")
        make_charge(row, "10.00")
        make_charge(row, "2.00", kind=ChargeKind.ADD_QUANTITY)
    bakery = make_relationship(partner, name="Bakery")
    make_charge(make_billed_subscription(bakery, unit_price=Decimal("10")), "10.00")
    (invoice,) = close()
    client = client_for(make_member(partner, Role.BILLING_ADMIN))
    with CaptureQueriesContext(connection) as short:
        bill_of(client, invoice, bakery.customer_id)

    with django_assert_num_queries(len(short)):
        first = bill_of(client, invoice, mill.customer_id)
    second = bill_of(client, invoice, mill.customer_id, after=25)

    assert [len(page.context["rows"]) for page in (first, second)] == [25, 5]
    assert "after=25" in first.content.decode()
    assert all("€360.00" in page.content.decode() for page in (first, second))
    assert (first.context["rows"][0]["name"], second.context["rows"][-1]["name"]) == ("Product 00", "Product 29")


def test_of_a_row_with_many_charges_the_first_are_shown_and_the_rest_counted(partner, client_for):
    mill = make_relationship(partner, name="Mill")
    row = make_billed_subscription(mill, unit_price=Decimal("10"))
    for _ in range(23):
        make_charge(row, "0.10")
    set_price(partner, 15)
    (invoice,) = close()

    [shown] = bill_of(client_for(make_member(partner, Role.BILLING_ADMIN)), invoice, mill.customer_id).context["rows"]

    assert (shown["count"], len(shown["lines"]), shown["hidden"]) == ("23 charges", 20, "3")
    assert shown["price"] == "€2.65"  # 23 times 11.5 cents, rounded once
    assert {line["price"] for line in shown["lines"]} == {"€0.11", "€0.12"}
