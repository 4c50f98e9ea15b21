"""What days of a billing cycle cost. Amounts are ``Decimal``, in whole cents of their currency."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from customers.terms import Period
from portal.core.money import round_money


def cycle_amount(*, unit_price: Decimal, quantity: int, currency: str) -> Decimal:
    """Return what one full billing cycle of all licenses costs."""
    return round_money(unit_price * quantity, currency)


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
    """What is paid for one billing cycle: so many licenses at this price."""

    period: Period
    quantity: int
    unit_price: Decimal

    def rest(self, day: datetime.date, currency: str) -> Decimal:
        """Return what ``day`` and the days after it cost."""
        amount = cycle_amount(unit_price=self.unit_price, quantity=self.quantity, currency=currency)
        return split(amount, self.period, day, currency)[1]
