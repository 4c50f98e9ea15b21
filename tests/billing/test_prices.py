"""What something costs by the price list on a day, and what is said where it has no price."""

import datetime
from dataclasses import replace
from decimal import Decimal

import pytest

from billing import prices, prices_demo
from billing.enums import Segment
from billing.prices import NoPrice, PriceQuestion, list_entry
from customers.enums import BillingFrequency, ProductFamily, Term
from tests.billing.price_factories import NOVEMBER, make_price, make_price_list
from tests.factories import NOON, make_organization, make_partner

pytestmark = pytest.mark.django_db

DAY = datetime.date(2026, 11, 20)
ASKED = PriceQuestion("CFQ7TTC0LDPB", "0001", "FR", "EUR", Term.YEAR, BillingFrequency.MONTHLY, DAY)
OCTOBER = datetime.date(2026, 10, 1)


def test_the_price_is_that_of_country_currency_term_and_billing_cycle():
    make_price(unit_price="9.5")
    make_price(term=Term.MONTH, unit_price="11")
    make_price(billing_frequency=BillingFrequency.ANNUAL, unit_price="114")
    make_price(segment=Segment.EDUCATION, unit_price="2")
    make_price(make_price_list(country="SE", currency="SEK"), unit_price="107")

    assert list_entry(ASKED).unit_price == Decimal("9.5")
    assert list_entry(replace(ASKED, term=Term.MONTH)).unit_price == 11
    assert list_entry(replace(ASKED, segment=Segment.EDUCATION)).unit_price == 2
    assert (
        prices.unit_price(
            product_id=ASKED.product_id,
            sku_id=ASKED.sku_id,
            country="SE",
            currency="SEK",
            term=Term.YEAR,
            billing_frequency=BillingFrequency.MONTHLY,
            on=DAY,
        )
        == 107
    )


@pytest.mark.parametrize(
    "other",
    [
        {"product_id": "CFQ7TTC00000"},
        {"sku_id": "0009"},
        {"country": "DE"},
        {"currency": "SEK"},
        {"term": Term.THREE_YEARS},
        {"billing_frequency": BillingFrequency.UPFRONT},
        {"segment": Segment.NONPROFIT},
        {"on": OCTOBER},
    ],
    ids=lambda other: next(iter(other)),
)
def test_no_price_is_refused_with_what_was_asked_and_who_can_mend_it(other):
    make_price()

    with pytest.raises(NoPrice) as refused:
        list_entry(replace(ASKED, **other))

    assert "CFQ7TTC0" in str(refused.value)
    assert refused.value.who
    assert refused.value.next_step


def test_a_list_holds_until_the_next_one_of_its_family_and_what_that_leaves_out_is_not_sold_any_more():
    make_price(make_price_list(month=OCTOBER), unit_price="8")
    make_price(make_price_list(ProductFamily.SOFTWARE), product_id="other")
    assert list_entry(ASKED).unit_price == 8

    make_price(make_price_list(month=NOVEMBER), product_id="another")

    assert list_entry(replace(ASKED, on=datetime.date(2026, 10, 31))).unit_price == 8
    with pytest.raises(NoPrice):
        list_entry(ASKED)


def test_a_price_holds_from_its_first_day_to_the_day_before_its_last():
    make_price(unit_price="9", ends_on=datetime.date(2026, 11, 20))
    make_price(unit_price="10", starts_on=datetime.date(2026, 11, 20))

    assert list_entry(replace(ASKED, on=datetime.date(2026, 11, 19))).unit_price == 9
    assert list_entry(ASKED).unit_price == 10


def test_the_price_of_a_tier_holds_from_its_quantity_on():
    make_price(unit_price="10")
    make_price(unit_price="9", tier_from=100)

    assert list_entry(replace(ASKED, quantity=99)).unit_price == 10
    assert list_entry(replace(ASKED, quantity=100)).unit_price == 9


def test_the_demo_world_has_lists_of_three_months_and_what_they_sell_has_a_price():
    make_partner(currency="SEK")
    make_organization(country="SE")

    prices_demo.load(now=NOON)

    asked = replace(ASKED, country="SE", currency="SEK")
    assert list_entry(asked).unit_price > list_entry(replace(asked, on=OCTOBER)).unit_price
    with pytest.raises(NoPrice):
        list_entry(replace(ASKED, country="SE"))
