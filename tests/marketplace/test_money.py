"""No cent is lost or invented, whatever is changed on whichever day (quality row 9)."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import workflow as billing
from billing.amounts import Rate, cycle_amount
from billing.models import Charge
from customers.enums import BillingFrequency, Term
from customers.terms import Period, cycle_on, end_of_term
from marketplace.rules import Price
from portal.core.money import round_money
from tests.customers.factories import make_relationship, make_subscription

DAY = datetime.timedelta(days=1)
START = datetime.date(2026, 1, 1)
prices = st.decimals(min_value=0, max_value=10_000, places=4)
currencies = st.sampled_from(["EUR", "SEK", "JPY", "KWD"])
quantities = st.integers(min_value=1, max_value=5_000)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)  # a busy machine is no fault
@given(
    price=prices,
    currency=currencies,
    first=quantities,
    steps=st.lists(st.tuples(st.integers(min_value=0, max_value=30), quantities), max_size=8),
)
def test_changes_of_quantity_add_up_to_what_each_day_costs(price, currency, first, steps):
    period = Period(START, START + 31 * DAY)
    total, quantity, day = cycle_amount(unit_price=price, quantity=first, currency=currency), first, 0
    by_day = []
    for later, wanted in sorted(steps):
        old, new = Rate(period, quantity, price), Rate(period, wanted, price)
        on = START + later * DAY
        total += new.rest(on, currency) - old.rest(on, currency)
        by_day += [quantity] * (later - day)
        quantity, day = wanted, later
    by_day += [quantity] * (31 - day)
    exact = sum(price * licenses for licenses in by_day) / 31
    smallest = round_money(Decimal("0.01"), currency) or Decimal(1)
    assert total == round_money(total, currency)
    assert abs(total - exact) <= max(smallest, Decimal("0.01")) * (2 * len(steps) + 1)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(price=prices, currency=currencies, quantity=quantities, other=quantities, later=st.integers(0, 30))
def test_there_and_back_on_one_day_costs_nothing(price, currency, quantity, other, later):
    period, on = Period(START, START + 31 * DAY), START + later * DAY
    old, new = Rate(period, quantity, price), Rate(period, other, price)
    there = new.rest(on, currency) - old.rest(on, currency)
    back = old.rest(on, currency) - new.rest(on, currency)
    assert there + back == 0


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    day=st.dates(datetime.date(2024, 1, 1), datetime.date(2030, 12, 31)),
    term=st.sampled_from([Term.YEAR, Term.THREE_YEARS]),
)
def test_the_cycles_of_a_term_are_as_many_as_its_price_says(day, term):
    for frequency in (BillingFrequency.MONTHLY, BillingFrequency.ANNUAL):
        ends_on, at, count = end_of_term(day, term), day, 0
        while at < ends_on:
            at = cycle_on(at, starts_on=day, ends_on=ends_on, frequency=frequency).ends_on
            count += 1
        price = Price(term, frequency, "EUR", Decimal(1), Decimal(1))
        assert count == price.cycles


@pytest.mark.django_db
@pytest.mark.parametrize(("currency", "amount"), [("EUR", "33.34"), ("JPY", "33"), ("KWD", "33.335")])
def test_many_charges_at_once_are_rounded_as_single_ones(currency, amount):
    subscription = make_subscription(make_relationship(), unit_price=Decimal("3.3335"), currency=currency, quantity=10)
    select = """
        SELECT id AS subscription_id, 'cycle' AS kind, starts_on, ends_on, quantity, unit_price, '' AS reference
        FROM customers_subscription
    """
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    assert billing.charge_many(select=select, params=[], now=now) == 1
    assert billing.charge_many(select=select, params=[], now=now) == 0
    charge = Charge.objects.get()
    single = cycle_amount(unit_price=subscription.unit_price, quantity=10, currency=currency)
    assert charge.amount == single == Decimal(amount)
