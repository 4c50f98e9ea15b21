"""What search finds of customers and subscriptions (X9)."""

from collections.abc import Iterator

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from customers import queries
from customers.enums import ProductTab
from customers.links import subscription_url
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.search import LIMIT, Result, as_uuid

SHORTEST_TEXT = 2  # one letter finds a tenth of a million


def find(actor: Actor, text: str) -> Iterator[Result]:
    """Find customers by Microsoft ID, part of name or domain, and subscriptions by ID or how their name begins."""
    if not actor.may(Permission.CUSTOMER_VIEW) or len(text) < SHORTEST_TEXT:
        return
    is_exact = as_uuid(text) is not None
    for row in queries.find_customers(actor, text, limit=LIMIT):
        yield Result(
            label=row.customer_name,
            url=reverse("customers:customer", args=[row.customer_id]),
            kind=_("Customers"),
            icon="customers",
            description=row.customer_domain,
            is_exact=is_exact,
        )
    if actor.may(Permission.SUBSCRIPTION_VIEW):
        yield from _subscription(actor, text)
        if actor.is_partner:
            yield from _subscriptions_named(actor, text)


def _subscriptions_named(actor: Actor, text: str) -> Iterator[Result]:
    for row in queries.subscriptions_named(actor, text, limit=LIMIT):
        yield Result(
            label=row.friendly_name,
            url=subscription_url(actor, row.pk, row.product_family),
            kind=_("Subscriptions"),
            icon="subscription",
            description=row.customer.organization.name,
        )


def _subscription(actor: Actor, text: str) -> Iterator[Result]:
    subscription_id = as_uuid(text)
    if subscription_id is None:
        return
    subscription = queries.find_subscription(actor, subscription_id)
    if subscription is not None:
        tab = queries.tab_of(subscription)
        is_first_party = tab != ProductTab.MARKETPLACE
        tab_url = f"{reverse('customers:subscriptions', args=[subscription.customer_id])}?tab={tab}&status=all"
        yield Result(
            label=subscription.friendly_name,
            url=reverse(settings.PRODUCT_PAGE, args=[subscription.pk]) if is_first_party else tab_url,
            kind=_("Subscriptions"),
            icon="subscription",
            description=subscription.customer.organization.name,
            is_exact=True,
        )
