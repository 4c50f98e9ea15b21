"""Subscriptions of a customer as far as a partner may see them."""

import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, QuerySet, Value
from django.db.models.functions import Lower

from customers.enums import CURRENT_STATUSES, TAB_FAMILIES, ProductTab
from customers.models import Subscription
from customers.queries.lists import customers_of
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.core.pages import Page, Place, place_of
from portal.core.statements import ListStatement, Statement

SUBSCRIPTION_ORDER = ("friendly_name", "pk")
ORDER_ORDER = ("-created_at", "-pk")


def subscriptions_of(
    actor: Actor, customer_id: UUID, *, tab: ProductTab | None = None, status: str = ""
) -> QuerySet[Subscription]:
    """Return a customer's subscriptions as far as the actor may see them, with what a row shows.

    ``status``: one of SubscriptionStatus, "all", or empty for the current ones.
    """
    rows = Subscription.objects.visible_to(actor).filter(customer_id=customer_id)
    return _narrowed(rows, tab, status).select_related("reseller__organization", "parent")


def _narrowed(rows: QuerySet[Subscription], tab: ProductTab | None, status: str) -> QuerySet[Subscription]:
    if tab is not None:
        rows = rows.filter(product_family__in=TAB_FAMILIES[tab])
    if status != "all":
        rows = rows.filter(status__in=[status] if status else CURRENT_STATUSES)
    return rows


class SubscriptionLine(NamedTuple):
    """What a page of a customer's subscriptions reads of one, with the owners before and after (T13, X8)."""

    pk: UUID
    friendly_name: str
    product_name: str
    quantity: int
    status: str
    ends_on: datetime.date | None
    auto_renew: bool
    term: str
    billing_frequency: str
    partner_on_record: str
    transferred_at: datetime.datetime | None
    parent_name: str | None
    reseller_name: str | None
    owner_after: str | None
    owner_before: str | None
    came_at: datetime.datetime | None


_COLUMNS = (
    *SubscriptionLine._fields[: SubscriptionLine._fields.index("parent_name")],
    "parent__friendly_name",
    "reseller__organization__name",
    "transferred_to__billing_owner__organization__name",
    "transferred_from__billing_owner__organization__name",
    "transferred_from__transferred_at",
)


def subscription_lines(
    actor: Actor, customer_id: UUID, *, tab: ProductTab, status: str = "", cursor: str = "", size: int = 50
) -> Page[SubscriptionLine]:
    """Return a page of what ``subscriptions_of`` gives, by name, in one query. Raises: BadCursor."""
    place = place_of(cursor, SUBSCRIPTION_ORDER)
    found = _LINES.rows(
        (actor.is_partner, tab, status, place.shape, size + 1),
        keeps_plan=True,
        organization_id=actor.organization_id,
        customer_id=customer_id,
        **place.values(Subscription),
    )
    return place.page([SubscriptionLine._make(values) for values in found], size)


def _lines(shape: Any, *, organization_id: UUID, customer_id: UUID, **edge: Any) -> QuerySet[Subscription, Any]:
    is_partner, tab, status, (order, backwards), count = shape
    rows = Subscription.objects.visible_in(organization_id, is_partner=is_partner).filter(customer_id=customer_id)
    place = Place(order, backwards, tuple(edge.values()))
    return place.rows(_narrowed(rows, tab, status)).values_list(*_COLUMNS)[:count]


_LINES = ListStatement(_lines)


def subscription_counts(actor: Actor, customer_id: UUID) -> dict[ProductTab, int]:
    """Count a customer's current subscriptions on each tab (one query)."""
    counts = dict(_counts(actor.is_partner).rows(actor.organization_id, customer_id))
    return {tab: sum(counts.get(family, 0) for family in families) for tab, families in TAB_FAMILIES.items()}


@cache
def _counts(is_partner: bool) -> Statement:
    """Return the counts by product family, for partners or for customers themselves."""

    def build(organization_id: UUID, customer_id: UUID) -> QuerySet[Subscription, tuple[str, int]]:
        rows = Subscription.objects.visible_in(organization_id, is_partner=is_partner)
        rows = rows.filter(customer_id=customer_id, status__in=CURRENT_STATUSES)
        return rows.order_by().values_list("product_family").annotate(count=Count("pk"))

    return Statement(build)


def orders_of(actor: Actor, customer_id: UUID) -> QuerySet[Subscription]:
    """Return what was ordered for a customer, as far as the actor may see it: one row per line of an order.

    A transfer is an order of the new billing owner's, so what came by one stands here too (section 6.8).
    """
    rows = Subscription.objects.visible_to(actor).filter(customer_id=customer_id, order_id__isnull=False)
    return rows.select_related("transferred_from__billing_owner__organization")


def find_subscription(actor: Actor, subscription_id: UUID) -> Subscription | None:
    """Return a subscription of one of the actor's customers by its id, if the actor may see it."""
    own_customers = customers_of(actor).values("customer_id")
    rows = Subscription.objects.visible_to(actor).filter(pk=subscription_id, customer_id__in=own_customers)
    return rows.select_related("customer__organization").first()


def subscriptions_named(actor: Actor, text: str, *, limit: int) -> list[Subscription]:
    """Return the first current subscriptions by name that begin with the text, of the actor's company."""
    side = "reseller_id" if actor.organization_kind == OrganizationKind.INDIRECT_RESELLER else "billing_owner_id"
    rows = Subscription.objects.annotate(lower_name=Lower("friendly_name")).filter(
        **{side: actor.organization_id}, status__in=CURRENT_STATUSES, lower_name__startswith=Lower(Value(text))
    )
    return list(rows.select_related("customer__organization").order_by("lower_name", "pk")[:limit])


def tab_of(subscription: Subscription) -> ProductTab:
    """Return the tab of the Subscriptions page on which a subscription stands."""
    return next(tab for tab, families in TAB_FAMILIES.items() if subscription.product_family in families)
