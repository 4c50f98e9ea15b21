"""What days of a billing cycle cost. Amounts are ``Decimal``, in whole cents of their currency."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from customers.terms import Period
from portal.core.money import round_money


def cycle_amount(*, unit_price: Decimal, quantity: int, currency: str, days: int = 1, whole_days: int = 1) -> Decimal:
    """Return what one billing cycle of all licenses costs; of one that is cut short, so many of its whole days."""
    return round_money(unit_price * quantity * days / whole_days, currency)


def split(amount: Decimal, period: Period, day: datetime.date, currency: str) -> tuple[Decimal, Decimal]:
    """Return what the days before ``day`` cost and what ``day`` and the days after it cost; together the amount.

    By the day: a day costs the amount divided by the days of the period. The first part is rounded, the second is
    what is left, so nothing is lost or invented (quality row 9).
    """
    before = min(max((day - period.starts_on).days, 0), period.days)
    first = round_money(amount * before / period.days, currency)
    return first, amount - first


@dataclass(frozen=True)
class Rate:
    """What is paid for one billing cycle: so many licenses at this price.

    ``whole_days``: how long the cycle would be if the end of its term did not cut it short; ``None``: it is whole.
    """

    period: Period
    quantity: int
    unit_price: Decimal
    whole_days: int | None = None

    @property
    def amount_parts(self) -> dict[str, int]:
        """The days that are paid, and of how many, as ``cycle_amount`` takes them."""
        return {"days": self.period.days, "whole_days": self.whole_days or self.period.days}

    def rest(self, day: datetime.date, currency: str) -> Decimal:
        """Return what ``day`` and the days after it cost."""
        amount = cycle_amount(
            unit_price=self.unit_price, quantity=self.quantity, currency=currency, **self.amount_parts
        )
        return split(amount, self.period, day, currency)[1]
