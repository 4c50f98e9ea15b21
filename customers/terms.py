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

# The same in SQL, of the row named: months of its term and of its billing cycle.
MONTHS_SQL = "CASE {0}.term WHEN 'P1M' THEN 1 WHEN 'P1Y' THEN 12 WHEN 'P2Y' THEN 24 ELSE 36 END"
CYCLE_SQL = f"CASE {{0}}.billing_frequency WHEN 'monthly' THEN 1 WHEN 'annual' THEN 12 ELSE {MONTHS_SQL} END"


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
    number = _months_between(starts_on, day) // months
    if _boundary(starts_on, ends_on, number * months) > day:
        number -= 1
    end = _boundary(starts_on, ends_on, (number + 1) * months)
    return Period(_boundary(starts_on, ends_on, number * months), min(end, ends_on) if ends_on else end)


def _boundary(starts_on: datetime.date, ends_on: datetime.date | None, months: int) -> datetime.date:
    """Return the first day so many months into a term.

    A later term of what began on the 31st may start at the end of a shorter month: then its end tells the day.
    """
    is_cut = ends_on is not None and ends_on.day > starts_on.day and (starts_on + datetime.timedelta(days=1)).day == 1
    if ends_on is not None and is_cut:
        return add_months(ends_on, months - _months_between(starts_on, ends_on))
    return add_months(starts_on, months)


def _months_between(first: datetime.date, last: datetime.date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def whole_days(cycle: Period, *, starts_on: datetime.date, term: str, frequency: str) -> int:
    """Return how many days a billing cycle would have if the end of its term did not cut it short."""
    months = CYCLE_MONTHS.get(BillingFrequency(frequency)) or TERM_MONTHS.get(Term(term), 0)
    passed = _months_between(starts_on, cycle.starts_on)
    return max((add_months(starts_on, passed + months) - cycle.starts_on).days, cycle.days)


def cycle_end_sql(starts: str, *, cycle: str, term: tuple[str, str]) -> str:
    """Return as SQL when a cycle of so many months ends, if its term (first day, day after) does not end before.

    The same as ``cycle_on``; all are columns.
    """
    begins, ends = term
    months = f"{_months_between_sql(begins, starts)} / {cycle} * {cycle} + {cycle}"
    return f"""(CASE
        WHEN extract(day FROM {begins} + 1) = 1 AND extract(day FROM {ends}) > extract(day FROM {begins})
        THEN {ends} + make_interval(months => {months} - {_months_between_sql(begins, ends)})
        ELSE {begins} + make_interval(months => {months}) END)::date"""


def _months_between_sql(first: str, last: str) -> str:
    years = f"(extract(year FROM {last}) - extract(year FROM {first})) * 12"
    return f"({years} + extract(month FROM {last}) - extract(month FROM {first}))::int"
