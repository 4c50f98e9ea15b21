"""What time does to first-party subscriptions: cycles are charged, terms renew, end or are near it (section 8).

Everything here may be killed and run again: each batch takes what is due and nobody else holds, changes it so that
it is due no more, and charges it in the same transaction; the database refuses a second charge for the same days.
"""

import datetime
from collections.abc import Callable
from typing import Any

import structlog
from django.db.models import Q, QuerySet

from azure.models import ProductTerm
from azure.processing import renewals
from azure.workflow import renewals as workflow
from billing import workflow as billing
from customers.enums import SubscriptionStatus
from customers.models import Subscription
from customers.rules.reminders import to_remind

BATCH = 5_000
ONE_BY_ONE = 500
EXPIRED_DAYS = 30  # then disabled
CHARGED = "runs.ended_at IS NULL AND owned.status IN ('active', 'suspended')"
DELETED_DAYS = 120  # after the end of the term: 30 days expired or disabled, and 90 disabled

logger = structlog.get_logger(__name__)


def run(*, now: datetime.datetime) -> dict[str, int]:
    """Do all that is due; return how much of each."""
    return {
        "taken_in": _take_in(now),
        "cycles": billing.charge_cycles(runs="azure_productterm", due=CHARGED, now=now),
        "ended": _end_each(now),
        "renewed": renewals.renew_terms(now=now),
        "reminded": _remind_each(now),
        "disabled": _age(SubscriptionStatus.EXPIRED, SubscriptionStatus.DISABLED, EXPIRED_DAYS, now),
        "deleted": _age(SubscriptionStatus.DISABLED, SubscriptionStatus.DELETED, DELETED_DAYS, now),
    }


def _take_in(now: datetime.datetime) -> int:
    """Begin to charge all that came from elsewhere; return how many."""
    total = 0
    while done := workflow.take_in(now=now, batch=ONE_BY_ONE):
        total += done
    return total


def _end_each(now: datetime.datetime) -> int:
    """End each subscription that does not renew, in a transaction of its own; what fails stops nothing else."""
    over = Subscription.objects.filter(
        Q(auto_renew=False) | Q(status=SubscriptionStatus.SUSPENDED),
        product_term__ended_at__isnull=True,
        product_term__billed_until__lte=now.date(),
        ends_on__lte=now.date(),
        status__in=workflow.RUNNING,
        pending_operation="",
    )
    return _each(over.order_by("ends_on", "pk"), workflow.end_term, now)


def _remind_each(now: datetime.datetime) -> int:
    """Remind of each term that ends within 30 days, or 7, of which nobody was told so yet."""
    due = ProductTerm.objects.filter(
        to_remind(now.date()), ended_at__isnull=True, subscription__status__in=workflow.RUNNING
    )
    return _each(due.order_by("subscription__ends_on", "pk"), workflow.remind_of_renewal, now)


def _each(rows: QuerySet[Any], step: Callable[..., bool], now: datetime.datetime) -> int:
    done = 0
    for subscription_id in rows.values_list("pk", flat=True)[:BATCH]:
        try:
            done += step(subscription_id=subscription_id, now=now)
        except Exception:  # whatever is wrong with one subscription must not keep others from being billed
            logger.exception("term_step_failed", step=step.__name__, subscription_id=str(subscription_id))
    return done


def _age(before: SubscriptionStatus, after: SubscriptionStatus, days: int, now: datetime.datetime) -> int:
    """Move what ended so many days ago on to the next state of section 8; return how many."""
    ended = ProductTerm.objects.filter(ended_at__lte=now - datetime.timedelta(days=days), subscription__status=before)
    ids = list(ended.order_by("ended_at", "pk").values_list("pk", flat=True)[:BATCH])
    return Subscription.objects.filter(pk__in=ids, status=before).update(status=after)
