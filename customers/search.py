"""What search finds of customers and subscriptions (X9)."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from customers import queries
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.search import LIMIT, Result, as_uuid

SHORTEST_TEXT = 2  # one letter finds a tenth of a million


def find(actor: Actor, text: str) -> Iterator[Result]:
    """Find customers by Microsoft ID, part of name or domain, and subscriptions by ID."""
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
    yield from _subscription(actor, text)


def _subscription(actor: Actor, text: str) -> Iterator[Result]:
    subscription_id = as_uuid(text)
    if subscription_id is None or not actor.may(Permission.SUBSCRIPTION_VIEW):
        return
    subscription = queries.find_subscription(actor, subscription_id)
    if subscription is not None:
        tab = queries.tab_of(subscription)
        yield Result(
            label=subscription.friendly_name,
            url=f"{reverse('customers:subscriptions', args=[subscription.customer_id])}?tab={tab}&status=all",
            kind=_("Subscriptions"),
            icon="subscription",
            description=subscription.customer.organization.name,
            is_exact=True,
        )
