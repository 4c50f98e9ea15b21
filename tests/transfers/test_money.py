"""Two-sided money statement: what the source is credited the target is charged, to the cent (X3, quality row 9)."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.enums import BillingFrequency, ProductFamily, Term
from customers.models import Subscription
from customers.terms import cycle_on, end_of_term
from portal.core.money import smallest_unit
from transfers.statements import ends_early_on, item_statement, totals

CURRENCIES = ("EUR", "SEK", "USD", "CAD", "JPY", "KWD", "CHF")
FREQUENCIES = [BillingFrequency.MONTHLY, BillingFrequency.ANNUAL, BillingFrequency.UPFRONT]
TERMS = [Term.MONTH, Term.YEAR, Term.TWO_YEARS, Term.THREE_YEARS]


def subscription(**fields) -> Subscription:
    defaults = {
        "product_family": ProductFamily.LICENSE_BASED,
        "quantity": 1,
        "unit_price": Decimal("10"),
        "currency": "EUR",
        "term": Term.YEAR,
        "billing_frequency": BillingFrequency.MONTHLY,
        "starts_on": datetime.date(2026, 4, 10),
        "ends_on": datetime.date(2027, 4, 10),
    }
    return Subscription(**defaults | fields)


@settings(max_examples=10_000, deadline=None)
@given(
    price=st.decimals(0, 20_000, places=4),
    quantity=st.integers(1, 5_000),
    currency=st.sampled_from(CURRENCIES),
    frequency=st.sampled_from(FREQUENCIES),
    term=st.sampled_from(TERMS),
    starts_on=st.dates(datetime.date(2023, 1, 1), datetime.date(2032, 12, 31)),
    after=st.floats(0, 1, exclude_max=True),
)
def test_credit_and_charge_are_equal_and_nothing_is_lost(price, quantity, currency, frequency, term, starts_on, after):
    ends_on = end_of_term(starts_on, term)
    day = starts_on + datetime.timedelta(days=int((ends_on - starts_on).days * after))
    one = subscription(
        unit_price=price,
        quantity=quantity,
        currency=currency,
        term=term,
        billing_frequency=frequency,
        starts_on=starts_on,
        ends_on=ends_on,
    )

    statement = item_statement(one, day)

    cycle = cycle_on(day, starts_on=starts_on, ends_on=ends_on, frequency=frequency)
    assert statement.cycle == cycle
    assert statement.kept + statement.moved == statement.amount
    assert 0 <= statement.kept <= statement.amount
    cent = smallest_unit(currency)
    assert statement.kept % cent == statement.moved % cent == 0
    # by the day: never more than half a cent away from the exact share
    assert abs(statement.moved - statement.amount * statement.days_moved / cycle.days) <= cent / 2
    if day == cycle.starts_on:
        assert statement.kept == 0


def test_the_original_example_is_split_on_the_day_of_acceptance():
    one = subscription(unit_price=Decimal("365"), billing_frequency=BillingFrequency.ANNUAL)

    statement = item_statement(one, datetime.date(2026, 6, 15))

    assert statement.days_moved == 299
    assert (statement.kept, statement.moved) == (Decimal("66.00"), Decimal("299.00"))


@pytest.mark.parametrize("family", [ProductFamily.RESERVATION, ProductFamily.SAVINGS_PLAN])
def test_a_cycle_of_a_commitment_stays_with_the_source_to_its_end(family):
    one = subscription(product_family=family)

    statement = item_statement(one, datetime.date(2026, 6, 15))

    assert (statement.kept, statement.moved) == (Decimal("10.00"), Decimal(0))
    assert ends_early_on(one, datetime.date(2026, 6, 15)) == datetime.date(2026, 7, 10)


def test_usage_has_no_cycle_and_moves_no_money():
    azure = subscription(
        product_family=ProductFamily.AZURE_SUBSCRIPTION,
        unit_price=None,
        currency="",
        billing_frequency=BillingFrequency.USAGE,
        ends_on=None,
    )

    statement = item_statement(azure, datetime.date(2026, 6, 15))

    assert (statement.cycle, statement.moved) == (None, Decimal(0))


def test_totals_are_by_currency_because_nothing_is_converted():
    day = datetime.date(2026, 4, 10)
    statements = [item_statement(subscription(currency=currency), day) for currency in ("SEK", "EUR", "SEK")]

    assert totals(statements) == {"EUR": Decimal("10.00"), "SEK": Decimal("20.00")}
