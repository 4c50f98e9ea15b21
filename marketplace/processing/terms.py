"""What time does to subscriptions: purchases lapse, terms renew or end, cycles are charged, people are reminded (M8).

Everything here may be killed and run again: each step takes what is due, changes it so that it is due no more, and
charges it in the same transaction; the database refuses a second charge for the same days.
"""

import datetime
from collections.abc import Callable
from uuid import UUID

import structlog

from billing import workflow as billing
from customers.rules.reminders import to_remind
from marketplace.enums import FulfillmentStatus
from marketplace.models import PurchaseToken, SaaSSubscription
from marketplace.processing import renewals
from marketplace.workflow import endings, terms

CHARGED = "runs.status = 'Subscribed' AND NOT owned.is_trial"
EACH_RUN = 5_000  # of the steps that go one by one; the rest waits for the next run

logger = structlog.get_logger(__name__)


def run(*, now: datetime.datetime) -> dict[str, int]:
    """Do all that is due; return how much of each."""
    return {
        "lapsed": _each(_unactivated(now), endings.lapse_purchase, now),
        "not_paid": _each(_in_grace_too_long(now), endings.end_unpaid_subscription, now),
        "cycles": billing.charge_cycles(runs="marketplace_saassubscription", due=CHARGED, now=now),
        "ended": _each(_ending(now), terms.end_term, now),
        "renewed": renewals.renew_terms(now=now),
        "reminded": _each(_to_remind(now), terms.remind_of_renewal, now),
        "metered": terms.charge_usage(now=now),
        "forgotten_links": PurchaseToken.objects.filter(expires_at__lte=now).delete()[0],
    }


def _each(ids: list[UUID], step: Callable[..., bool], now: datetime.datetime) -> int:
    """Do one step for each subscription, in a transaction of its own; what fails is logged and stops nothing else."""
    done = 0
    for subscription_id in ids:
        try:
            done += step(subscription_id=subscription_id, now=now)
        except Exception:  # whatever is wrong with one subscription must not keep others from being billed
            logger.exception("marketplace_step_failed", step=step.__name__, subscription_id=str(subscription_id))
    return done


def _unactivated(now: datetime.datetime) -> list[UUID]:
    due = SaaSSubscription.objects.filter(status=FulfillmentStatus.PENDING, activate_by__lte=now)
    return list(due.order_by("activate_by", "pk").values_list("pk", flat=True)[:EACH_RUN])


def _in_grace_too_long(now: datetime.datetime) -> list[UUID]:
    due = SaaSSubscription.objects.filter(status=FulfillmentStatus.SUSPENDED, suspended_until__lte=now)
    return list(due.order_by("suspended_until", "pk").values_list("pk", flat=True)[:EACH_RUN])


def _ending(now: datetime.datetime) -> list[UUID]:
    due = SaaSSubscription.objects.filter(
        status=FulfillmentStatus.SUBSCRIBED,
        billed_until__lte=now.date(),
        subscription__ends_on__lte=now.date(),
        subscription__auto_renew=False,
    )
    return list(due.order_by("billed_until", "pk").values_list("pk", flat=True)[:EACH_RUN])


def _to_remind(now: datetime.datetime) -> list[UUID]:
    """Return the subscriptions whose term ends within 30 days, or 7, and of which nobody was told so yet."""
    due = SaaSSubscription.objects.filter(to_remind(now.date()), status=FulfillmentStatus.SUBSCRIBED)
    return list(due.order_by("subscription__ends_on", "pk").values_list("pk", flat=True)[:EACH_RUN])
