"""Terms, charges and windows of first-party subscriptions. Called inside the transaction of a change."""

import datetime

from azure.models import LicenseAddition, ProductTerm
from azure.rules.families import LIFECYCLES, window_end
from azure.rules.money import rate_on
from billing import workflow as billing
from billing.enums import ChargeKind
from customers.enums import BillingFrequency, Term
from customers.models import Subscription
from customers.terms import TERM_MONTHS, Period, add_months, cycle_on
from portal.core.money import round_money

ONE_DAY = datetime.timedelta(days=1)
MOST_TERMS = 1_000  # a month at a time, for some eighty years


def start_term(subscription: Subscription, *, now: datetime.datetime) -> ProductTerm | None:
    """Charge the first cycle, or the one payment, of a new subscription; ``None`` for what is billed by usage."""
    price, begins = subscription.unit_price, subscription.starts_on
    if price is None or begins is None:
        return None
    if subscription.billing_frequency == BillingFrequency.ONE_TIME:
        period = Period(begins, begins + ONE_DAY)
        amount = round_money(price * subscription.quantity, subscription.currency)
        billing.write_charge(
            subscription=subscription,
            kind=ChargeKind.NEW,
            period=period,
            quantity=subscription.quantity,
            unit_price=price,
            amount=amount,
            now=now,
        )
        return None
    rate = rate_on(subscription, begins)
    if rate is None:
        return None
    billing.charge_cycle(subscription=subscription, kind=ChargeKind.NEW, rate=rate, now=now)
    months, ends = TERM_MONTHS[Term(subscription.term)], subscription.ends_on
    is_whole = ends is None or ends == add_months(begins, months)
    return ProductTerm.objects.create(
        subscription=subscription,
        counted_from=begins if is_whole or ends is None else ends,
        counted_months=months if is_whole else 0,
        billed_until=rate.period.ends_on,
    )


def taken_in(subscription: Subscription, *, paid_until: datetime.date | None, today: datetime.date) -> ProductTerm:
    """Return how a subscription runs that came from elsewhere: what was paid, or the cycle of today, is not charged."""
    begins, ends = subscription.starts_on, subscription.ends_on
    if begins is None or ends is None:
        raise ValueError("only what has a term is charged in cycles")
    months = TERM_MONTHS[Term(subscription.term)]
    counted = next((n for n in range(months, months * MOST_TERMS + 1, months) if add_months(begins, n) >= ends), 0)
    is_regular = counted > 0 and add_months(begins, counted) == ends
    cycle = cycle_on(
        min(today, ends - ONE_DAY), starts_on=begins, ends_on=ends, frequency=subscription.billing_frequency
    )
    return ProductTerm(
        subscription=subscription,
        counted_from=begins if is_regular else ends,
        counted_months=counted if is_regular else 0,
        billed_until=paid_until or (cycle.ends_on if cycle else ends),
    )


def term_of(subscription: Subscription, *, now: datetime.datetime) -> ProductTerm:
    """Return how a locked subscription with a term runs, taken in if it was not yet."""
    found = ProductTerm.objects.filter(subscription=subscription).first()
    if found is None:
        found = taken_in(subscription, paid_until=None, today=now.date())
        found.save(force_insert=True)
    return found


def open_window(subscription: Subscription, quantity: int, *, now: datetime.datetime) -> None:
    """Note that so many licenses came now and can go again until their window ends (section 8)."""
    until = window_end(subscription.product_family, now)
    if LIFECYCLES[subscription.product_family].can_remove and until is not None:
        LicenseAddition.objects.create(
            subscription=subscription, quantity=quantity, left=quantity, added_at=now, reducible_until=until
        )


def drop_plans(subscription: Subscription) -> None:
    """Let the next term of a locked subscription, if there is one, begin as the running one is (section 8)."""
    ProductTerm.objects.filter(subscription=subscription).update(
        renewal_quantity=None, renewal_term="", renewal_frequency=""
    )
