"""What happens to one first-party subscription by itself: its term ends, or it came from elsewhere (section 8)."""

import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from azure.announcements import announce
from azure.enums import AzureEvent
from azure.models import ProductTerm
from azure.rules.families import FIRST_PARTY
from azure.workflow.changes import end
from azure.workflow.terms import taken_in
from billing.models import Charge
from customers.enums import SubscriptionStatus, Term
from customers.models import Subscription
from customers.rules.reminders import reminder_due

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
def end_term(*, subscription_id: UUID, now: datetime.datetime) -> bool:
    """End a subscription whose term is over and that does not renew; say whether that was so."""
    rows = Subscription.objects.select_related("customer__organization").filter(pk=subscription_id)
    subscription = rows.locked_all().get()
    term = ProductTerm.objects.select_for_update(of=("self",)).get(pk=subscription_id)
    ends_on, was_suspended = subscription.ends_on, subscription.status == SubscriptionStatus.SUSPENDED
    is_over = ends_on is not None and ends_on <= now.date() and term.billed_until >= ends_on
    if not is_over or subscription.status not in RUNNING or subscription.pending_operation:
        return False
    if subscription.auto_renew and not was_suspended:
        return False
    end(subscription, SubscriptionStatus.DISABLED if was_suspended else SubscriptionStatus.EXPIRED, now=now)
    announce(AzureEvent.ENDED, subscription, actor=None, now=now)
    return True


@transaction.atomic
def remind_of_renewal(*, subscription_id: UUID, now: datetime.datetime) -> bool:
    """Tell a partner that a term ends soon, once per reminder and term; say whether there was one to give."""
    rows = Subscription.objects.select_related("customer__organization").filter(pk=subscription_id)
    row = rows.locked_all().get()
    term = ProductTerm.objects.select_for_update(of=("self",)).get(pk=subscription_id)
    due = reminder_due(starts_on=row.starts_on, ends_on=row.ends_on, reminded_days=term.reminded_days, today=now.date())
    if row.status not in RUNNING or row.ends_on is None or due is None:
        return False
    term.reminded_days = due
    term.save(update_fields=["reminded_days"])
    announce(
        AzureEvent.RENEWAL_NEAR,
        row,
        actor=None,
        now=now,
        details={"ends": row.ends_on.isoformat(), "auto-renew": row.auto_renew},
    )
    return True
