"""What a partner bills its customers for an invoice, by its own prices (A13)."""

import csv
import datetime
import io
from decimal import Decimal

import pytest
from django.urls import reverse

from billing.enums import ChargeKind, PriceRuleKind
from billing.models import OwnPrice
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
