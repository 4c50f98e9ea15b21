"""Terms and billing cycles in calendar months."""

import datetime

import pytest

from customers.enums import BillingFrequency, Term
from customers.terms import Period, add_months, cycle_on, end_of_term

day = datetime.date.fromisoformat


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-01-31", 2, "2026-03-31"),
        ("2026-12-15", 1, "2027-01-15"),
        ("2028-02-29", 12, "2029-02-28"),
        ("2026-03-31", -1, "2026-02-28"),
    ],
)
def test_months_are_counted_from_the_first_day(start, months, expected):
    assert add_months(day(start), months) == day(expected)


def test_terms_end_after_their_months_and_what_has_no_term_does_not_end():
    assert end_of_term(day("2026-04-10"), Term.YEAR) == day("2027-04-10")
    assert end_of_term(day("2026-04-10"), Term.THREE_YEARS) == day("2029-04-10")
    assert end_of_term(day("2026-04-10"), Term.NONE) is None


@pytest.mark.parametrize(
    ("frequency", "on", "expected"),
    [
        (BillingFrequency.MONTHLY, "2026-04-10", ("2026-04-10", "2026-05-10")),
        (BillingFrequency.MONTHLY, "2026-06-09", ("2026-05-10", "2026-06-10")),
        (BillingFrequency.ANNUAL, "2026-06-15", ("2026-04-10", "2027-04-10")),
        (BillingFrequency.ANNUAL, "2027-04-10", ("2027-04-10", "2028-04-10")),
        (BillingFrequency.UPFRONT, "2027-06-15", ("2026-04-10", "2029-04-10")),
        (BillingFrequency.USAGE, "2026-06-15", None),
        (BillingFrequency.ONE_TIME, "2026-06-15", None),
        (BillingFrequency.MONTHLY, "2026-04-09", None),
        (BillingFrequency.MONTHLY, "2029-04-10", None),
    ],
)
def test_a_day_lies_in_one_billing_cycle(frequency, on, expected):
    found = cycle_on(day(on), starts_on=day("2026-04-10"), ends_on=day("2029-04-10"), frequency=frequency)

    assert found == (Period(day(expected[0]), day(expected[1])) if expected else None)


def test_cycles_of_a_month_end_go_back_to_it_and_the_last_ends_with_the_term():
    start = day("2026-01-31")

    def cycle(on: str, end: str = "2027-01-31") -> Period | None:
        return cycle_on(day(on), starts_on=start, ends_on=day(end), frequency=BillingFrequency.MONTHLY)

    assert cycle("2026-02-28") == Period(day("2026-02-28"), day("2026-03-31"))
    assert cycle("2026-03-30") == Period(day("2026-02-28"), day("2026-03-31"))
    assert cycle("2026-03-31") == Period(day("2026-03-31"), day("2026-04-30"))
    assert cycle("2026-04-05", end="2026-04-08") == Period(day("2026-03-31"), day("2026-04-08"))
