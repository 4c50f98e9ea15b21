"""Usage as its billing owner sees it: cost of a month by day, customer, subscription, category or meter (A7)."""

import datetime
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from billing.models import UsageImport, UsageImportRow, UsageRecord
from customers.terms import add_months
from portal.accounts.actor import Actor
from portal.core.pages import Page, keyset_page

# What a month can be split by: the fields whose values make the rows, and what orders them.
GROUPS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "day": (("day",), ("day",)),
    "customer": (("customer_id", "customer__organization__name"), ("-cost", "customer_id")),
    "subscription": (
        ("subscription_id", "subscription__friendly_name", "customer_id", "customer__organization__name"),
        ("-cost", "subscription_id"),
    ),
    "category": (("category",), ("-cost", "category")),
    "meter": (("meter_id", "meter_name", "unit", "region"), ("-cost", "meter_id", "region")),
}
DEFAULT_GROUP = "day"
MOST_ROWS = 500
RECORD_ORDER = ("day", "pk")
EARNED = Sum(F("cost") * F("earned_percent") / 100, default=Decimal(0))


@dataclass(frozen=True)
class UsageFilter:
    """Which usage is looked at; empty values leave everything."""

    month: datetime.date
    customer_id: uuid.UUID | None = None
    subscription_id: uuid.UUID | None = None


@dataclass(frozen=True)
class UsageTotal:
    """What a month's usage comes to in one currency, before and after the partner earned credit."""

    currency: str
    cost: Decimal
    earned: Decimal
    records: int

    @property
    def net(self) -> Decimal:
        return self.cost - self.earned


def usage_of(actor: Actor, wanted: UsageFilter) -> QuerySet[UsageRecord]:
    """Return the records of a month that the actor's partner is billed for."""
    rows = UsageRecord.objects.visible_to(actor)
    rows = rows.filter(day__gte=wanted.month, day__lt=add_months(wanted.month, 1))
    if wanted.customer_id:
        rows = rows.filter(customer_id=wanted.customer_id)
    if wanted.subscription_id:
        rows = rows.filter(subscription_id=wanted.subscription_id)
    return rows


def totals(actor: Actor, wanted: UsageFilter) -> list[UsageTotal]:
    """Return the sums of a month, one per currency."""
    rows = usage_of(actor, wanted).order_by().values("currency")
    sums = rows.annotate(total=Sum("cost"), earned=EARNED, records=Count("pk")).order_by("currency")
    return [UsageTotal(row["currency"], row["total"], row["earned"], row["records"]) for row in sums]


def split(actor: Actor, wanted: UsageFilter, group: str) -> list[dict[str, Any]]:
    """Return the sums of a month by one of GROUPS, the dearest first (days in order); at most MOST_ROWS and one."""
    fields, order = GROUPS[group]
    rows = usage_of(actor, wanted).order_by().values(*fields, "currency")
    found = rows.annotate(amount=Sum("cost"), earned=EARNED, used=Sum("quantity"))
    return list(found.order_by(*[name.replace("cost", "amount") for name in order], "currency")[: MOST_ROWS + 1])


def months_of(actor: Actor, *, today: datetime.date) -> list[datetime.date]:
    """Return the months to choose from, newest first: up to a year back."""
    this_month = today.replace(day=1)
    return [add_months(this_month, -back) for back in range(13)]


def records(actor: Actor, wanted: UsageFilter) -> QuerySet[UsageRecord]:
    """Return the single records, with all that a row of the file shows."""
    return usage_of(actor, wanted).select_related("subscription", "customer__organization")


def import_page(*, text: str = "", state: str = "", cursor: str = "") -> Page[UsageImport]:
    """Return one page of the operator's files of usage, newest first. Raises: BadCursor."""
    runs = UsageImport.objects.all()
    if text:
        runs = runs.filter(Q(file_name__icontains=text) | Q(started_by_name__icontains=text))
    if state:
        runs = runs.filter(status=state)
    return keyset_page(runs, order=("-created_at", "-pk"), cursor=cursor)


def wrong_rows(run: UsageImport) -> QuerySet[UsageImportRow]:
    """Return the rows of a file that were not imported."""
    return UsageImportRow.objects.filter(usage_import=run)
