"""The money of a transfer, item by item: what the source is credited and the target is charged (X3, decision 0031).

The source pays up to the day before the transfer day, the target from that day on (portal reference, section 6.8).
Only license-based subscriptions are paid for in advance by the cycle; usage is billed to the owner of its day, and a
cycle of a reservation or savings plan stays with the source to its end.
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from billing.amounts import cycle_amount, split
from customers.enums import BillingFrequency, ProductFamily
from customers.models import Subscription
from customers.terms import Period, cycle_on, whole_days


@dataclass(frozen=True)
class ItemStatement:
    """What moves with one item on ``day``: ``moved`` is credited to the source and charged to the target alike.

    ``cycle`` None: nothing is billed in cycles, so nothing is credited and nothing charged.
    """

    day: datetime.date
    currency: str
    cycle: Period | None = None
    amount: Decimal = Decimal(0)
    kept: Decimal = Decimal(0)
    moved: Decimal = Decimal(0)

    @property
    def days_moved(self) -> int:
        return (self.cycle.ends_on - self.day).days if self.cycle else 0


def cycle_of(subscription: Subscription, day: datetime.date) -> Period | None:
    """Return the billing cycle a subscription is in on a day, if it is billed in cycles."""
    if subscription.starts_on is None:
        return None
    return cycle_on(
        day,
        starts_on=subscription.starts_on,
        ends_on=subscription.ends_on,
        frequency=subscription.billing_frequency,
    )


def item_statement(subscription: Subscription, day: datetime.date) -> ItemStatement:
    """Return the money statement of one item for a transfer on ``day``."""
    price, currency = subscription.unit_price, subscription.currency
    cycle = cycle_of(subscription, day)
    if price is None or cycle is None:
        return ItemStatement(day=day, currency=currency)
    whole = whole_days(
        cycle,
        starts_on=subscription.starts_on or cycle.starts_on,
        term=subscription.term,
        frequency=subscription.billing_frequency,
    )
    amount = cycle_amount(
        unit_price=price, quantity=subscription.quantity, currency=currency, days=cycle.days, whole_days=whole
    )
    if subscription.product_family == ProductFamily.LICENSE_BASED:
        kept, moved = split(amount, cycle, day, currency)
    else:
        kept, moved = amount, Decimal(0)
    return ItemStatement(day=day, currency=currency, cycle=cycle, amount=amount, kept=kept, moved=moved)


def ends_early_on(subscription: Subscription, day: datetime.date) -> datetime.date | None:
    """Return when a reservation or savings plan ends that moves between partners of different currencies."""
    if subscription.product_family not in {ProductFamily.RESERVATION, ProductFamily.SAVINGS_PLAN}:
        return None
    if subscription.billing_frequency == BillingFrequency.UPFRONT:
        return None
    cycle = cycle_of(subscription, day)
    return cycle.ends_on if cycle else None


def totals(statements: list[ItemStatement]) -> dict[str, Decimal]:
    """Return what moves in each currency; one line per currency, because nothing is converted."""
    sums: dict[str, Decimal] = {}
    for statement in statements:
        if statement.moved:
            sums[statement.currency] = sums.get(statement.currency, Decimal(0)) + statement.moved
    return dict(sorted(sums.items()))
