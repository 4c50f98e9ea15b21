"""Amounts by the day add up to the cent (quality row 9)."""

import datetime
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from billing.amounts import cycle_amount, split
from customers.terms import Period
from portal.core.money import smallest_unit

CURRENCIES = ("EUR", "SEK", "USD", "JPY", "KWD", "CHF")
days = st.dates(datetime.date(2023, 1, 1), datetime.date(2033, 12, 31))


@settings(max_examples=2_000, deadline=None)
@given(
    price=st.decimals(0, 100_000, places=4),
    quantity=st.integers(1, 10_000),
    currency=st.sampled_from(CURRENCIES),
    start=days,
    length=st.integers(1, 1_100),
    offset=st.integers(-5, 1_105),
)
def test_both_parts_of_a_cycle_are_whole_cents_and_make_the_whole(price, quantity, currency, start, length, offset):
    period = Period(start, start + datetime.timedelta(days=length))
    amount = cycle_amount(unit_price=price, quantity=quantity, currency=currency)

    before, after = split(amount, period, start + datetime.timedelta(days=offset), currency)

    assert before + after == amount
    assert 0 <= before <= amount
    assert before % smallest_unit(currency) == after % smallest_unit(currency) == 0
    if offset <= 0:
        assert before == 0
    if offset >= length:
        assert after == 0


def test_the_original_example_splits_a_year_by_the_day():
    year = Period(datetime.date(2026, 4, 10), datetime.date(2027, 4, 10))

    assert split(Decimal("365.00"), year, datetime.date(2026, 6, 15), "EUR") == (Decimal("66.00"), Decimal("299.00"))
