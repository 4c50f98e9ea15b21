"""Where a customer and a subscription stand, for who may open their pages: what lists of every app link to."""

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from customers.models import Subscription
from customers.queries.lists import customers_of
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission


def subscription_url(actor: Actor, subscription_id: UUID, product_family: str) -> str:
    """Return the page of a subscription that the actor's company has; nothing for who may not see subscriptions."""
    if not actor.may(Permission.SUBSCRIPTION_VIEW):
        return ""
    return reverse(settings.PRODUCT_PAGES.get(product_family, settings.PRODUCT_PAGE), args=[subscription_id])


def subscription_urls(actor: Actor, subscription_ids: Iterable[UUID | None]) -> dict[UUID | None, str]:
    """Return the pages of these subscriptions, in one query: without those that the actor does not see."""
    rows = Subscription.objects.visible_to(actor).filter(pk__in={one for one in subscription_ids if one})
    families = rows.values_list("pk", "product_family")
    return {pk: subscription_url(actor, pk, family) for pk, family in families}


def customer_urls(actor: Actor, customer_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the pages of these customers, in one query: without those that are no longer the actor's customers."""
    if not actor.may(Permission.CUSTOMER_VIEW):
        return {}
    found = customers_of(actor).filter(customer_id__in=set(customer_ids)).values_list("customer_id", flat=True)
    return {customer_id: reverse("customers:customer", args=[customer_id]) for customer_id in found}
