"""How long terms and billing cycles last, counted in calendar months (API reference, fulfillment section 1.3).

A term that starts on the 31st ends on the last day of a shorter month, and later cycles go back to the 31st: each
boundary is counted from the first day, not from the boundary before it.
"""

import calendar
import datetime
from dataclasses import dataclass

from customers.enums import BillingFrequency, Term

TERM_MONTHS: dict[Term, int] = {Term.MONTH: 1, Term.YEAR: 12, Term.TWO_YEARS: 24, Term.THREE_YEARS: 36}
CYCLE_MONTHS: dict[BillingFrequency, int] = {BillingFrequency.MONTHLY: 1, BillingFrequency.ANNUAL: 12}

# The same in SQL, of the row named: months of its term and of its billing cycle; and the end of the cycle that begins
# on starts_on, of a row that also has cycle, term_starts_on and term_ends_on; whole: as if the term did not end before.
MONTHS_SQL = "CASE {0}.term WHEN 'P1M' THEN 1 WHEN 'P1Y' THEN 12 WHEN 'P2Y' THEN 24 ELSE 36 END"
CYCLE_SQL = f"CASE {{0}}.billing_frequency WHEN 'monthly' THEN 1 WHEN 'annual' THEN 12 ELSE {MONTHS_SQL} END"
WHOLE_CYCLE_SQL = """({0}.term_starts_on + make_interval(months => (
        (extract(year FROM {0}.starts_on) - extract(year FROM {0}.term_starts_on)) * 12
        + extract(month FROM {0}.starts_on) - extract(month FROM {0}.term_starts_on)
    )::int / {0}.cycle * {0}.cycle + {0}.cycle))::date"""
NEXT_CYCLE_SQL = f"least({{0}}.term_ends_on, {WHOLE_CYCLE_SQL})"


@dataclass(frozen=True)
class Period:
    """Days from ``starts_on`` up to, and without, ``ends_on``."""

    starts_on: datetime.date
    ends_on: datetime.date

    @property
    def days(self) -> int:
        return (self.ends_on - self.starts_on).days


def add_months(day: datetime.date, months: int) -> datetime.date:
    """Return the same day of a later (or earlier) month, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return datetime.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def end_of_term(starts_on: datetime.date, term: str) -> datetime.date | None:
    """Return the first day after a term, or ``None`` for what has no term."""
    months = TERM_MONTHS.get(Term(term))
    return add_months(starts_on, months) if months else None


def cycle_on(
    day: datetime.date, *, starts_on: datetime.date, ends_on: datetime.date | None, frequency: str
) -> Period | None:
    """Return the billing cycle that holds a day, or ``None`` outside the term or where nothing is billed in cycles.

    "Upfront" is one cycle over the whole term; usage and one-time purchases have none.
    """
    if day < starts_on or (ends_on is not None and day >= ends_on):
        return None
    if frequency == BillingFrequency.UPFRONT:
        return Period(starts_on, ends_on) if ends_on else None
    months = CYCLE_MONTHS.get(BillingFrequency(frequency))
    if months is None:
        return None
    number = ((day.year - starts_on.year) * 12 + day.month - starts_on.month) // months
    if add_months(starts_on, number * months) > day:
        number -= 1
    end = add_months(starts_on, (number + 1) * months)
    return Period(add_months(starts_on, number * months), min(end, ends_on) if ends_on else end)


def whole_days(cycle: Period, *, starts_on: datetime.date, term: str, frequency: str) -> int:
    """Return how many days a billing cycle would have if the end of its term did not cut it short."""
    months = CYCLE_MONTHS.get(BillingFrequency(frequency)) or TERM_MONTHS.get(Term(term), 0)
    passed = (cycle.starts_on.year - starts_on.year) * 12 + cycle.starts_on.month - starts_on.month
    return max((add_months(starts_on, passed + months) - cycle.starts_on).days, cycle.days)
