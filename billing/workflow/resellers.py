"""Keep which reseller a subscription named before, so that charges of those days stay with it (decision 0042)."""

import datetime

from billing.models import FormerReseller
from customers.models import Subscription


def keep_reseller(*, subscription: Subscription, day: datetime.date) -> None:
    """Note the reseller that the subscription names until a day; called, its row locked, before another is named.

    Who was named for less than a day is not kept: charges of that day are the last one's.
    """
    last = FormerReseller.objects.filter(subscription=subscription).order_by("-until").first()
    since = last.until if last else None
    if since is not None and since >= day:
        return
    FormerReseller.objects.create(
        subscription=subscription,
        reseller_id=subscription.reseller_id,
        partner_on_record=subscription.partner_on_record,
        since=since,
        until=day,
    )
