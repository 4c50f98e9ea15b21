"""Bought, assigned and billed licenses of each subscription, side by side (X10)."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Case, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from billing.enums import ChargeKind, Difference
from billing.models import Charge
from customers.enums import BillingFrequency, SubscriptionStatus
from customers.models import Subscription
from customers.queries import as_uuid
from portal.accounts.actor import Actor
from portal.core.fields import name_key
from portal.core.pages import Page, keyset_page, walk

ORDER = ("customer__organization__name_key", "pk")
EXPORT_BATCH = 1_000
IN_CYCLES = (BillingFrequency.MONTHLY, BillingFrequency.ANNUAL, BillingFrequency.UPFRONT)
HELD = (SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED)

# Which licenses a charge adds to those that are paid for on each of its days.
_ADDS = (ChargeKind.NEW, ChargeKind.CYCLE, ChargeKind.RENEWAL, ChargeKind.ADD_QUANTITY, ChargeKind.TRANSFER_CHARGE)
_TAKES = (ChargeKind.REMOVE_QUANTITY, ChargeKind.CANCEL, ChargeKind.TRANSFER_CREDIT)

BILLED_DIFFERS = ~Q(bought=F("billed"))
UNUSED = Q(assigned__lt=F("bought"))
TOO_MANY = Q(assigned__gt=F("bought"))
CONDITIONS = {
    Difference.ANY: BILLED_DIFFERS | UNUSED | TOO_MANY,
    Difference.BILLED: BILLED_DIFFERS,
    Difference.UNUSED: UNUSED,
    Difference.TOO_MANY: TOO_MANY,
}


@dataclass(frozen=True)
class ReconciliationFilter:
    """What the page is narrowed to; empty values narrow nothing."""

    text: str = ""
    difference: str = ""


def rows_of(actor: Actor, wanted: ReconciliationFilter, *, day: datetime.date) -> QuerySet[Subscription]:
    """Subscriptions that are billed in cycles to the actor's company, with ``bought``, ``assigned`` and ``billed``.

    ``billed`` is how many licenses the charges of a day pay for. What the company neither has nor pays for is left out.
    """
    rows = Subscription.objects.filter(billing_owner_id=actor.organization_id, billing_frequency__in=IN_CYCLES)
    rows = rows.annotate(
        bought=Case(When(status__in=HELD, then=F("quantity")), default=Value(0), output_field=IntegerField()),
        billed=Coalesce(Subquery(_billed(day)), Value(0), output_field=IntegerField()),
        assigned=F("assignment__assigned"),
    )
    rows = rows.filter(Q(bought__gt=0) | ~Q(billed=0))
    if wanted.text:
        rows = rows.filter(_matches(wanted.text))
    if wanted.difference:
        rows = rows.filter(CONDITIONS[Difference(wanted.difference)])
    return rows.select_related("customer__organization")


def _billed(day: datetime.date) -> QuerySet[Charge, int]:
    signed = Case(
        When(kind__in=_ADDS, then=F("quantity")),
        When(kind__in=_TAKES, then=-F("quantity")),
        When(kind=ChargeKind.CONVERT, reference__endswith=":new", then=F("quantity")),
        When(kind=ChargeKind.CONVERT, reference__endswith=":old", then=-F("quantity")),
        default=Value(0),
        output_field=IntegerField(),
    )
    paid = Charge.objects.filter(subscription=OuterRef("pk"), starts_on__lte=day, ends_on__gt=day)
    return paid.order_by().values("subscription").annotate(sum=Sum(signed)).values_list("sum", flat=True)


def _matches(text: str) -> Q:
    number = as_uuid(text)
    if number is not None:
        return Q(pk=number) | Q(customer_id=number)
    return Q(customer__organization__name_key__contains=name_key(text)) | Q(friendly_name__icontains=text)


def page_of(actor: Actor, wanted: ReconciliationFilter, *, day: datetime.date, cursor: str = "") -> Page[Subscription]:
    """Return one page of the rows by customer. Raises: BadCursor."""
    return keyset_page(rows_of(actor, wanted, day=day), order=ORDER, cursor=cursor)


def all_rows(actor: Actor, wanted: ReconciliationFilter, *, day: datetime.date) -> Iterator[Subscription]:
    """Yield every row by customer, with flat memory: what the file holds."""
    return walk(rows_of(actor, wanted, day=day), order=ORDER, size=EXPORT_BATCH)


_COUNT = """
    SELECT count(*), count(*) FILTER (WHERE bought <> billed OR assigned <> bought),
        count(*) FILTER (WHERE bought <> billed), count(*) FILTER (WHERE assigned < bought),
        count(*) FILTER (WHERE assigned > bought)
    FROM ({rows}) AS found (bought, assigned, billed)
"""


def counts_of(actor: Actor, *, day: datetime.date) -> dict[str, int]:
    """Return how many subscriptions there are, and how many of them differ in what."""
    rows: Any = rows_of(actor, ReconciliationFilter(), day=day).order_by()
    sql, params = rows.values_list("bought", "assigned", "billed").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(_COUNT.format(rows=sql), params)
        found = cursor.fetchone()
    names = ("total", Difference.ANY, Difference.BILLED, Difference.UNUSED, Difference.TOO_MANY)
    return {str(name): count for name, count in zip(names, found or (0,) * len(names), strict=True)}
