"""What a first-party subscription costs on a day."""

import datetime

from billing.amounts import Rate
from customers.models import Subscription
from customers.terms import cycle_on, whole_days


def rate_on(subscription: Subscription, day: datetime.date) -> Rate | None:
    """Return what is paid for the billing cycle that holds a day, or ``None`` where none is paid."""
    if subscription.starts_on is None or subscription.unit_price is None:
        return None
    cycle = cycle_on(
        day,
        starts_on=subscription.starts_on,
        ends_on=subscription.ends_on,
        frequency=subscription.billing_frequency,
    )
    if cycle is None:
        return None
    whole = whole_days(
        cycle, starts_on=subscription.starts_on, term=subscription.term, frequency=subscription.billing_frequency
    )
    return Rate(cycle, subscription.quantity, subscription.unit_price, whole)
