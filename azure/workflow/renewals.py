"""What happens to first-party subscriptions by themselves: terms renew or end, and runs that came from elsewhere are
taken in (section 8).
"""

import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from azure import prices
from azure.announcements import announce
from azure.enums import AzureEvent
from azure.models import LicenseAddition, ProductTerm
from azure.rules.families import FIRST_PARTY, window_end
from azure.rules.money import rate_on
from azure.workflow.changes import end
from azure.workflow.terms import drop_plans, open_window, taken_in
from billing import workflow as billing
from billing.enums import ChargeKind
from billing.models import Charge
from customers.enums import SubscriptionStatus, Term
from customers.models import Subscription
from customers.terms import TERM_MONTHS, add_months

RUNNING = (SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED)


@transaction.atomic
def take_in(*, now: datetime.datetime, batch: int) -> int:
    """Begin to charge what was imported or transferred, from the cycle after the one that is paid; return how many."""
    new = Subscription.objects.filter(
        product_family__in=FIRST_PARTY,
        status__in=RUNNING,
        product_term__isnull=True,
        ends_on__isnull=False,
        starts_on__isnull=False,
        unit_price__isnull=False,
    ).exclude(term=Term.NONE)
    rows = list(new.order_by("pk").select_for_update(of=("self",), no_key=True, skip_locked=True)[:batch])
    paid = dict(
        Charge.objects.filter(subscription__in=rows).values_list("subscription_id").annotate(until=Max("ends_on"))
    )
    ProductTerm.objects.bulk_create(taken_in(row, paid_until=paid.get(row.pk), today=now.date()) for row in rows)
    return len(rows)


@transaction.atomic
def pass_term(*, subscription_id: UUID, now: datetime.datetime) -> bool:
    """Renew a subscription whose term is over, or end it where auto-renew is off; say whether it was over."""
    rows = Subscription.objects.select_related("customer__organization").filter(pk=subscription_id)
    subscription = rows.locked_all().get()
    term = ProductTerm.objects.select_for_update(of=("self",)).get(pk=subscription_id)
    ends_on = subscription.ends_on
    is_over = ends_on is not None and ends_on <= now.date() and term.billed_until >= ends_on
    if not is_over or subscription.status not in RUNNING or subscription.pending_operation:
        return False
    if subscription.status == SubscriptionStatus.SUSPENDED or not subscription.auto_renew:
        _end_with_term(subscription, now=now)
    else:
        _renew(subscription, term, now=now)
    return True


def _end_with_term(subscription: Subscription, *, now: datetime.datetime) -> None:
    was_suspended = subscription.status == SubscriptionStatus.SUSPENDED
    end(subscription, SubscriptionStatus.DISABLED if was_suspended else SubscriptionStatus.EXPIRED, now=now)
    announce(AzureEvent.ENDED, subscription, actor=None, now=now)


def _renew(subscription: Subscription, term: ProductTerm, *, now: datetime.datetime) -> None:
    """Begin the next term as planned, at the list price of its first day; without a price the old one goes on."""
    begins = subscription.ends_on or now.date()
    before = {"ends": begins.isoformat(), "quantity": subscription.quantity}
    _take_way(subscription, term, begins)
    term.counted_months += TERM_MONTHS[Term(subscription.term)]
    subscription.starts_on, subscription.ends_on = begins, add_months(term.counted_from, term.counted_months)
    subscription.quantity = term.renewal_quantity or subscription.quantity
    subscription.cancelable_until = window_end(subscription.product_family, now)
    subscription.is_trial = False
    way = ["unit_price", "term", "billing_frequency", "offer_id"]
    subscription.save(update_fields=["starts_on", "ends_on", "quantity", *way, "cancelable_until", "is_trial"])
    rate = rate_on(subscription, begins)
    if rate is not None:
        billing.charge_cycle(subscription=subscription, kind=ChargeKind.RENEWAL, rate=rate, now=now)
        term.billed_until = rate.period.ends_on
    term.save(update_fields=["counted_months", "billed_until"])
    drop_plans(subscription)
    LicenseAddition.objects.filter(subscription=subscription).update(left=0)
    open_window(subscription, subscription.quantity, now=now)
    after = {"ends": subscription.ends_on.isoformat(), "quantity": subscription.quantity}
    announce(AzureEvent.RENEWED, subscription, actor=None, now=now, before=before, after=after)


def _take_way(subscription: Subscription, term: ProductTerm, day: datetime.date) -> None:
    """Take term, billing frequency and price of the next term: as planned if that is still sold, else as before."""
    sold = {(way.term, way.billing_frequency): way for way in prices.ways_for(subscription, day)}
    planned, current = (term.renewal_term, term.renewal_frequency), (subscription.term, subscription.billing_frequency)
    way = sold.get(planned) or sold.get(current)
    if way is not None:
        subscription.term, subscription.billing_frequency = way.term, way.billing_frequency
        subscription.unit_price = way.unit_price
        subscription.offer_id = prices.offer_id_for(subscription, way.term)
