"""Close the months that have ended: one run of batches per month, in order (A7).

Each batch is a transaction, so the work may be killed anywhere and go on later; a closed month stays as it is.
"""

import datetime
from collections.abc import Callable

import structlog
from django.conf import settings
from django.db.models import Min

from billing.models import Charge, InvoiceRun, UsageRecord
from billing.workflow.invoices import OWNERS_AT_ONCE, invoice_next_owners, open_month
from billing.workflow.usage import charge_usage
from customers.terms import add_months

logger = structlog.get_logger(__name__)
Clock = Callable[[], datetime.datetime]


def close_ended_months(*, clock: Clock, at_once: int = OWNERS_AT_ONCE) -> list[datetime.date]:
    """Write the invoices of every month that has ended and is not closed; return these months, oldest first."""
    months = months_to_close(now=clock())
    for month in months:
        charge_usage(month=month, now=clock())
        open_month(month=month, now=clock())
        while invoice_next_owners(month=month, now=clock(), at_once=at_once):
            pass
        logger.info("month_closed", month=f"{month:%Y-%m}")
    return months


def months_to_close(*, now: datetime.datetime) -> list[datetime.date]:
    """Return the months that have ended but are not closed, oldest first, from the first with charges or usage."""
    month = _first_month()
    months = []
    latest = now - datetime.timedelta(hours=settings.INVOICE_CLOSING_HOURS)
    while month is not None and add_months(month, 1) <= latest.date():
        months.append(month)
        month = add_months(month, 1)
    return months


def _first_month() -> datetime.date | None:
    last = InvoiceRun.objects.order_by("-month").first()
    if last is not None:
        return last.month if last.finished_at is None else add_months(last.month, 1)
    began_at = Charge.objects.aggregate(first=Min("created_at"))["first"]
    days = [began_at.date()] if began_at else []
    days += UsageRecord.objects.order_by("day").values_list("day", flat=True)[:1]  # charged when its month is closed
    return min(days).replace(day=1) if days else None
