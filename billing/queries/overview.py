"""What a company spends: by month, by product family, and so far this month (issue 7: look rather than read)."""

import datetime
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Count, Q, Sum

from billing.models import Charge, IncentiveEarning, Invoice, InvoiceRun, InvoiceSubtotal
from customers.terms import add_months
from portal.accounts.actor import Actor

MONTHS = 12


@dataclass
class Spending:
    """The figures of one currency: nothing is converted."""

    currency: str
    months: dict[datetime.date, Decimal] = field(default_factory=dict)  # every month up to the last closed one
    families: dict[str, Decimal] = field(default_factory=dict)  # of the same months, largest first
    unbilled: Decimal = Decimal(0)  # charged, but on no invoice yet
    unbilled_count: int = 0
    earned: Decimal | None = None  # by incentives, in the last closed month
    earned_month: datetime.date | None = None


def spending_of(actor: Actor, *, today: datetime.date) -> list[Spending]:
    """Return what the actor's company was invoiced in the last twelve months, and what is charged since."""
    last = add_months(today.replace(day=1), -1)
    first = add_months(last, 1 - MONTHS)
    own = Invoice.objects.visible_to(actor).filter(month__gte=first)
    found: dict[str, Spending] = {}

    def of(currency: str) -> Spending:
        return found.setdefault(currency, Spending(currency))

    totals: dict[str, dict[datetime.date, Decimal]] = defaultdict(dict)
    for month, currency, total in own.order_by("month").values_list("month", "currency", "total"):
        totals[currency][month] = total
    for currency, by_month in totals.items():
        begins = min(by_month)
        every = [month for n in range(MONTHS) if (month := add_months(first, n)) >= begins]
        of(currency).months = {month: by_month.get(month, Decimal(0)) for month in every}
    parts = InvoiceSubtotal.objects.filter(invoice__in=own).values_list("invoice__currency", "product_family")
    for currency, family, amount in parts.annotate(sum=Sum("amount")).order_by("-sum", "product_family"):
        of(currency).families[family] = amount
    for currency, count, amount in _unbilled(actor, today):
        of(currency).unbilled, of(currency).unbilled_count = amount, count
    for month, currency, amount in _earned(actor):
        of(currency).earned, of(currency).earned_month = amount, month
    return [found[currency] for currency in sorted(found)]


def _unbilled(actor: Actor, today: datetime.date) -> list[tuple[str, int, Decimal]]:
    rows = Charge.objects.filter(Q(invoice_line__isnull=True), billing_owner_id=actor.organization_id)
    rows = rows.filter(starts_on__lt=add_months(today.replace(day=1), 1))
    sums = rows.order_by("currency").values("currency").annotate(count=Count("pk"), sum=Sum("amount"))
    return list(sums.values_list("currency", "count", "sum"))


def _earned(actor: Actor) -> list[tuple[datetime.date, str, Decimal]]:
    last = InvoiceRun.objects.order_by("-month").values("month")[:1]
    rows = IncentiveEarning.objects.visible_to(actor).due().filter(month=last).order_by("currency")
    return list(rows.values("month", "currency").annotate(sum=Sum("amount")).values_list("month", "currency", "sum"))
