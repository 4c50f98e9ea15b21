"""The billing overview: spending by month and family, and what stands on no invoice yet."""

import datetime

import pytest
import time_machine
from django.urls import reverse

from billing.queries.overview import spending_of
from customers.enums import ProductFamily
from portal.accounts.enums import OrganizationKind, Role
from tests.billing.invoice_factories import CLOSING, close, make_billed_subscription, make_charge
from tests.customers.factories import make_relationship
from tests.factories import make_actor, make_member, make_partner

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 12, 3)


@pytest.fixture
def relationship():
    """A partner with two invoices in euro, one in kronor, and two charges that are not billed yet."""
    own = make_relationship()
    euro, krona = make_billed_subscription(own), make_billed_subscription(own, currency="SEK")
    software = make_billed_subscription(own, product_family=ProductFamily.SOFTWARE)
    make_charge(euro, "30.00")
    make_charge(software, "70.00")
    make_charge(krona, "11.00")
    close()
    make_charge(euro, "20.00", starts_on=datetime.date(2026, 11, 14))
    close(CLOSING.replace(month=12))
    for day in (1, 2):
        make_charge(euro, "4.00", starts_on=datetime.date(2026, 12, day))
    make_charge(euro, "9.00", starts_on=datetime.date(2027, 1, 1))
    make_charge()
    return own


def test_spending_is_summed_by_month_and_family_in_each_currency(relationship):
    euro, krona = spending_of(make_actor(relationship.partner.organization), today=TODAY)

    assert {month.month: amount for month, amount in euro.months.items()} == {10: 100, 11: 20}
    assert list(euro.families.items()) == [("software", 70), ("license_based", 50)]
    assert (euro.unbilled, euro.unbilled_count) == (8, 2)
    assert {month.month: amount for month, amount in krona.months.items()} == {10: 11, 11: 0}


def test_the_page_draws_and_tabulates(relationship, client_for):
    with time_machine.travel(datetime.datetime(2026, 12, 3, tzinfo=datetime.UTC), tick=False):
        client = client_for(make_member(relationship.partner.organization, Role.BILLING_ADMIN))
        page = client.get(reverse("billing:overview")).content.decode()

    assert page.count('<svg class="chart"') == 4
    for text in ("October 2026", "€100.00", "Software subscription", "€8.00", "SEK"):
        assert text in page


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (OrganizationKind.DIRECT_BILL, "Nothing was charged yet"),
        (OrganizationKind.INDIRECT_RESELLER, "Your indirect provider bills you"),
    ],
)
def test_an_empty_overview_says_why(kind, text, client_for):
    client = client_for(make_member(make_partner(kind), Role.GLOBAL_ADMIN))

    assert text in client.get(reverse("billing:overview")).content.decode()


def test_a_sales_agent_is_told_who_may(client_for):
    answer = client_for(make_member(make_partner(), Role.SALES_AGENT)).get(reverse("billing:overview"))

    assert answer.status_code == 403
    assert "Billing admin" in answer.content.decode()
