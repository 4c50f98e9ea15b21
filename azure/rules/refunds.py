"""What canceling a first-party subscription gives back: by the day, in full, or nothing (section 7.7, decision 0041).

What a reservation gives back has a fee by date and a cap per customer and year; both are figures of the settings.
"""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from django.conf import settings
from django.db.models import Sum
from django.utils.translation import gettext as _

from azure.enums import Refund
from azure.rules.families import LIFECYCLES
from azure.rules.money import rate_on
from billing.enums import ChargeKind
from billing.exchange import rate_on as exchange_rate_on
from billing.models import Charge
from customers.enums import ProductFamily
from customers.models import Subscription
from portal.core.errors import Refusal
from portal.core.money import money_text, round_money

NOTHING = Decimal(0)


class RefundCapReached(Refusal):
    code = "refund-cap-reached"


@dataclass(frozen=True)
class GivenBack:
    """What canceling gives back for the days that are left, and the fee that is taken off it."""

    rest: Decimal
    fee: Decimal = NOTHING

    @property
    def total(self) -> Decimal:
        return self.rest - self.fee


def given_back(subscription: Subscription, *, now: datetime.datetime) -> GivenBack:
    """Return what canceling at this moment gives back."""
    refund, today = LIFECYCLES[subscription.product_family].refund, now.date()
    if refund == Refund.FULL:
        charged = Charge.objects.filter(subscription=subscription).exclude(kind=ChargeKind.METERED)
        return GivenBack(charged.aggregate(total=Sum("amount"))["total"] or NOTHING)
    rate = rate_on(subscription, today)
    if refund == Refund.NONE or rate is None:
        return GivenBack(NOTHING)
    rest = rate.rest(today, subscription.currency)
    if subscription.product_family != ProductFamily.RESERVATION:
        return GivenBack(rest)
    return GivenBack(rest, round_money(rest * fee_percent(today) / 100, subscription.currency))


def fee_percent(day: datetime.date) -> Decimal:
    """Return how much of what a reservation gives back is kept as a fee on a day, in percent."""
    return next((percent for begins, percent in reversed(settings.RESERVATION_FEES) if begins <= day), NOTHING)


@dataclass(frozen=True)
class Cap:
    """What reservations of a customer give back in a year at most, and what is left of it, in one currency."""

    whole: Decimal
    left: Decimal


def cap_of(subscription: Subscription, *, now: datetime.datetime) -> Cap:
    """Return the cap of the year that ends now in the subscription's currency.

    It counts in ``RESERVATION_REFUND_CURRENCY``: refunds of every currency by the rate of their day, and what is
    left by today's. Where no rate is known a figure counts as it stands (decision 0041).
    """
    rate = cache(
        lambda currency, day: exchange_rate_on(currency, settings.RESERVATION_REFUND_CURRENCY, day) or Decimal(1)
    )
    returned = Charge.objects.filter(
        kind=ChargeKind.CANCEL,
        customer_id=subscription.customer_id,
        billing_owner_id=subscription.billing_owner_id,
        subscription__product_family=ProductFamily.RESERVATION,
        created_at__gt=now - datetime.timedelta(days=settings.RESERVATION_REFUND_DAYS),
    ).values_list("currency", "created_at", "amount")
    spent = sum((amount * rate(currency, at.date()) for currency, at, amount in returned), NOTHING)
    here, whole = rate(subscription.currency, now.date()), settings.RESERVATION_REFUND_CAP
    return Cap(*(round_money(amount / here, subscription.currency) for amount in (whole, whole + spent)))


def check_cap(subscription: Subscription, *, now: datetime.datetime) -> None:
    """Raises: RefundCapReached for a reservation that would give back more than is left of the year's cap."""
    if subscription.product_family != ProductFamily.RESERVATION:
        return
    cap, total = cap_of(subscription, now=now), given_back(subscription, now=now).total
    if total > cap.left:
        raise RefundCapReached(
            _("It would give back %(refund)s; of the %(cap)s of a year only %(left)s is left for this customer.")
            % {
                "refund": money_text(total, subscription.currency),
                "cap": money_text(cap.whole, subscription.currency),
                "left": money_text(cap.left, subscription.currency),
            },
            who=_("nobody: the product's terms set this amount"),
            next_step=_("Switch auto-renew off, or wait until earlier refunds are a year old."),
        )
