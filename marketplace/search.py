"""What search finds of the marketplace: a subscription or an order by its id (quality row 35)."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from marketplace.models import Order, SaaSSubscription
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.search import Result, as_uuid


def find(actor: Actor, text: str) -> Iterator[Result]:
    """Find the marketplace subscription or order whose id was pasted, for partners."""
    found_id = as_uuid(text)
    if found_id is None or not actor.is_partner or not actor.may(Permission.SUBSCRIPTION_VIEW):
        return
    saas = SaaSSubscription.objects.visible_to(actor).with_rows().filter(pk=found_id).first()
    if saas is not None:
        yield Result(
            label=saas.subscription.friendly_name,
            url=reverse("marketplace:subscription", args=[saas.pk]),
            kind=_("Marketplace subscriptions"),
            icon="catalog",
            description=saas.subscription.customer.organization.name,
            is_exact=True,
        )
    order = Order.objects.visible_to(actor).select_related("customer__organization").filter(pk=found_id).first()
    if order is not None:
        yield Result(
            label=_("Order for %(customer)s") % {"customer": order.customer.organization.name},
            url=reverse("marketplace:order", args=[order.pk]),
            kind=_("Orders"),
            icon="cart",
            is_exact=True,
        )
