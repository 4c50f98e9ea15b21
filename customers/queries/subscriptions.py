"""Subscriptions of a customer as far as a partner may see them."""

from functools import cache
from uuid import UUID

from django.db.models import Count, QuerySet

from customers.enums import CURRENT_STATUSES, TAB_FAMILIES, ProductTab
from customers.models import Subscription
from customers.queries.lists import customers_of
from portal.accounts.actor import Actor
from portal.core.statements import Statement

SUBSCRIPTION_ORDER = ("friendly_name", "pk")
ORDER_ORDER = ("-created_at", "-pk")


def subscriptions_of(
    actor: Actor, customer_id: UUID, *, tab: ProductTab | None = None, status: str = ""
) -> QuerySet[Subscription]:
    """Return a customer's subscriptions as far as the actor may see them, with what a row shows.

    ``status``: one of SubscriptionStatus, "all", or empty for the current ones.
    """
    rows = Subscription.objects.visible_to(actor).filter(customer_id=customer_id)
    if tab is not None:
        rows = rows.filter(product_family__in=TAB_FAMILIES[tab])
    if status != "all":
        rows = rows.filter(status__in=[status] if status else CURRENT_STATUSES)
    return rows.select_related("reseller__organization", "parent")


def with_former_owners(found: QuerySet[Subscription]) -> QuerySet[Subscription]:
    """Return the subscriptions with the owners before and after, in the same query (T13, X8)."""
    sides = ("transferred_from", "transferred_to")
    return found.select_related(*(f"{side}__billing_owner__organization" for side in sides))


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


def tab_of(subscription: Subscription) -> ProductTab:
    """Return the tab of the Subscriptions page on which a subscription stands."""
    return next(tab for tab, families in TAB_FAMILIES.items() if subscription.product_family in families)
