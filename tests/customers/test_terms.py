"""Terms and billing cycles in calendar months."""

import datetime

import pytest
from django.db import connection

from customers.enums import BillingFrequency, Term
from customers.terms import Period, add_months, cycle_end_sql, cycle_on, end_of_term

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


def test_a_later_term_of_the_31st_keeps_its_cycles_whole_although_it_begins_earlier():
    def cycle(on: str, start: str, end: str) -> Period | None:
        return cycle_on(day(on), starts_on=day(start), ends_on=day(end), frequency=BillingFrequency.MONTHLY)

    assert cycle("2027-03-29", "2027-02-28", "2027-03-31") == Period(day("2027-02-28"), day("2027-03-31"))
    assert cycle("2027-06-29", "2027-02-28", "2028-02-29") == Period(day("2027-06-29"), day("2027-07-29"))
    assert cycle("2027-04-30", "2027-04-30", "2027-05-30") == Period(day("2027-04-30"), day("2027-05-30"))


@pytest.mark.django_db
@pytest.mark.parametrize("frequency", [BillingFrequency.MONTHLY, BillingFrequency.ANNUAL, BillingFrequency.UPFRONT])
def test_sql_counts_cycles_as_python_does(frequency):
    """Each day of two years as the first of what renews twice: boundaries are the same, and the last is the term's."""
    months = {BillingFrequency.MONTHLY: 1, BillingFrequency.ANNUAL: 12, BillingFrequency.UPFRONT: 24}[frequency]
    rows = [
        (starts, add_months(first, term * 24), add_months(first, term * 24 + 24))
        for first in (day("2027-01-01") + datetime.timedelta(days=number) for number in range(0, 800, 3))
        for term in (0, 1)
        for starts in [add_months(first, term * 24)]
    ]
    for _number in range(24 // months):
        columns = [list(column) for column in zip(*rows, strict=True)]
        with connection.cursor() as cursor:
            sql = cycle_end_sql("c.starts", cycle="c.cycle", term=("c.begins", "c.ends"))
            cursor.execute(
                f"SELECT {sql} FROM (SELECT row.*, %s AS cycle FROM unnest(%s::date[], %s::date[], %s::date[])"
                " WITH ORDINALITY AS row (starts, begins, ends, number)) AS c ORDER BY number",
                [months, *columns],
            )
            found = [row[0] for row in cursor.fetchall()]
        cycles = [
            cycle_on(starts, starts_on=begins, ends_on=ends, frequency=frequency) for starts, begins, ends in rows
        ]
        assert found == [cycle.ends_on for cycle in cycles]
        assert [cycle.starts_on for cycle in cycles] == [starts for starts, _begins, _ends in rows]
        rows = [(end, begins, ends) for end, (_starts, begins, ends) in zip(found, rows, strict=True)]
    assert all(starts == ends for starts, _begins, ends in rows)
