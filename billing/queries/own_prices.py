"""What a partner set for its customers: prices, terms, budgets and how much of them is used (A13)."""

import datetime
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from billing.models import Budget, OwnPrice, OwnTerms, PriceListEntry, UsageRecord
from billing.prices_own import Sold
from customers.terms import add_months
from portal.accounts.actor import Actor
from portal.core.pages import Page, keyset_page

PRICE_ORDER = ("-valid_from", "-pk")
BUDGET_ORDER = ("customer__organization__name_key", "pk")


def own_price_page(actor: Actor, *, today: datetime.date, with_ended: bool, cursor: str = "") -> Page[OwnPrice]:
    """Return one page of the partner's prices, newest first. Raises: BadCursor."""
    rows = OwnPrice.objects.visible_to(actor).select_related("customer__organization")
    if not with_ended:
        rows = rows.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=today))
    return keyset_page(rows, order=PRICE_ORDER, cursor=cursor)


def terms_in_force(actor: Actor, *, customer_id: uuid.UUID | None, on: datetime.date) -> OwnTerms | None:
    """Return the partner's terms for a customer that day: its own, else those for all."""
    rows = OwnTerms.objects.visible_to(actor).filter(valid_from__lte=on).order_by("-valid_from", "-created_at")
    own = rows.filter(customer_id=customer_id).first() if customer_id else None
    return own or rows.filter(customer__isnull=True).first()


def terms_of(actor: Actor) -> list[OwnTerms]:
    """Return the latest texts, newest first."""
    rows = OwnTerms.objects.visible_to(actor).select_related("customer__organization")
    return list(rows.order_by("-valid_from", "-created_at")[:20])


def sold(entry: PriceListEntry) -> Sold:
    """Return a row of a price list as a price is asked for it."""
    return Sold(
        family=entry.price_list.family,
        product_id=entry.product_id,
        sku_id=entry.sku_id,
        cost=entry.unit_price,
        retail=entry.retail_price,
        currency=entry.price_list.currency,
    )


@dataclass(frozen=True)
class BudgetUse:
    """A budget and what this month has used of it."""

    budget: Budget
    spent: Decimal

    @property
    def percent(self) -> int:
        return int(self.spent * 100 / self.budget.amount)


def budgets(actor: Actor, *, month: datetime.date) -> QuerySet[Any]:
    """Return the partner's budgets with ``spent``: what the usage of the month is estimated to cost."""
    used = UsageRecord.objects.filter(
        billing_owner_id=OuterRef("partner_id"),
        customer_id=OuterRef("customer_id"),
        currency=OuterRef("currency"),
        day__gte=month,
        day__lt=add_months(month, 1),
    )
    cost = used.order_by().values("customer_id").annotate(total=Sum("cost")).values("total")
    kind: DecimalField[Any, Any] = DecimalField(max_digits=24, decimal_places=12)
    spent = Coalesce(Subquery(cost, output_field=kind), Decimal(0), output_field=kind)
    return Budget.objects.visible_to(actor).annotate(spent=spent).select_related("customer__organization")


def budget_of(actor: Actor, customer_id: uuid.UUID, *, month: datetime.date) -> BudgetUse | None:
    """Return a customer's budget with its use in a month."""
    found = budgets(actor, month=month).filter(customer_id=customer_id).first()
    return BudgetUse(found, found.spent) if found else None
