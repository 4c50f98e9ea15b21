"""What happens to one subscription by itself: its term ends, its end comes near, its usage is charged (M8)."""

import datetime
from uuid import UUID

from django.db import transaction

from billing import workflow as billing
from customers.rules.reminders import reminder_due
from customers.terms import add_months
from marketplace.announcements import announce
from marketplace.enums import EndReason, FulfillmentStatus, MarketplaceEvent
from marketplace.models import SaaSSubscription
from marketplace.workflow.endings import end_subscription
from marketplace.workflow.operations import running_operation

LATE = datetime.timedelta(hours=25)  # after a month: usage events of its last hour are taken for a day
MONTHS_BACK = 3  # how long the charging of usage may have stood still

USAGE = """
    SELECT used.saas_id AS subscription_id, 'metered' AS kind, %s::date AS starts_on, %s::date AS ends_on,
        1 AS quantity, round(sum(used.quantity * used.unit_price), 4) AS unit_price, dimension.code AS reference
    FROM marketplace_usagerecord AS used
    JOIN marketplace_dimension AS dimension ON dimension.id = used.dimension_id
    WHERE used.hour >= %s AND used.hour < %s
    GROUP BY used.saas_id, dimension.code
"""


@transaction.atomic
def end_term(*, subscription_id: UUID, now: datetime.datetime) -> bool:
    """End a subscription whose term is over and that does not renew; say whether that was so."""
    saas = SaaSSubscription.objects.locked(subscription_id)
    row = saas.subscription
    is_over = row.ends_on is not None and row.ends_on <= now.date()
    if saas.status != FulfillmentStatus.SUBSCRIBED or row.auto_renew or not is_over:
        return False
    if running_operation(saas) is not None:
        return False  # the publisher's answer comes first; it takes some hours at most
    end_subscription(saas, EndReason.TERM_ENDED, actor=None, now=now)
    return True


@transaction.atomic
def remind_of_renewal(*, subscription_id: UUID, now: datetime.datetime) -> bool:
    """Tell a partner that a term ends soon, once per reminder and term; say whether there was one to give."""
    saas = SaaSSubscription.objects.locked(subscription_id)
    row = saas.subscription
    due = reminder_due(starts_on=row.starts_on, ends_on=row.ends_on, reminded_days=saas.reminded_days, today=now.date())
    if saas.status != FulfillmentStatus.SUBSCRIBED or due is None or row.ends_on is None:
        return False
    saas.reminded_days = due
    saas.save(update_fields=["reminded_days"])
    announce(
        MarketplaceEvent.RENEWAL_NEAR,
        saas,
        actor=None,
        now=now,
        details={"ends": row.ends_on.isoformat(), "auto-renew": row.auto_renew},
    )
    return True


@transaction.atomic
def charge_usage(*, now: datetime.datetime) -> int:
    """Charge metered usage of the calendar months that are over; return how many charges that made (section 5.3)."""
    this_month = now.date().replace(day=1)
    charged = 0
    for back in range(MONTHS_BACK, 0, -1):
        begins, ends = add_months(this_month, -back), add_months(this_month, 1 - back)
        start, end = _midnight(begins), _midnight(ends)
        if now >= end + LATE:
            charged += billing.charge_many(select=USAGE, params=[begins, ends, start, end], now=now)
    return charged


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), datetime.UTC)
