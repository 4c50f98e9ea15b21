"""The programme's own products for one customer: Azure offers, licenses, reservations, software (A1, section 1.10)."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from azure.forms.ways import way_choices
from azure.prices import LISTED, ORDER, ListedSku
from azure.queries import catalogue as queries
from azure.queries.dates import buyer_of
from azure.rules.buying import listed_article, order_url
from azure.rules.families import LICENSED
from azure.views.cart import cart_context, steps_of
from customers.enums import ProductFamily
from customers.navigation import show_customer
from customers.presentation import catalogues, unit_price_text
from customers.queries import customer_of
from customers.rules.buying import Buyer, check_may_buy
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.countries import country_name
from portal.core.errors import Refusal, refusal_of
from portal.core.http import PortalRequest, page_or_fragment
from portal.core.listing import ListAddress
from portal.core.pages import keyset_page

PAGE_SIZE = 24


@require_safe
@requires(Permission.PRICING_VIEW)
def products(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """List what the programme itself sells to a customer today, and why not the rest."""
    relationship = customer_of(request.actor, customer_id)
    show_customer(request, relationship)
    buyer = buyer_of(request.actor.organization_id, customer_id, today=timezone.now().date())
    address = ListAddress.read(request, {"q": None, "family": LISTED, "cursor": None})
    found = queries.listed(buyer, text=address.get("q"), family=address.get("family"))
    page = keyset_page(found, order=ORDER, cursor=address.get("cursor"), size=PAGE_SIZE)
    is_filtered = bool(address.get("q") or address.get("family"))
    context = {
        "customer": relationship,
        "catalogues": catalogues(customer_id, current="azure:products"),
        "offers": [_choice(one, buyer) for one in _choices(buyer, relationship)],
        "rows": [_sku(one, buyer) for one in queries.ways_of(buyer, list(page.rows))],
        "q": address.get("q"),
        "family": address.get("family"),
        "families": _families(),
        "chips": address.chips(_chips(address)),
        "pager": address.pager(page),
        "path": address.path,
        "is_filtered": is_filtered,
        "country": country_name(buyer.country),
        "currency": buyer.partner.currency,
        "refusal": _refusal(request, buyer),
        **_cart(request, customer_id),
        "rules_url": reverse("azure:offers"),
        "transition_url": reverse("azure:transition", args=[customer_id]),
    }
    return page_or_fragment(request, page="azure/products.html", fragment="azure/_products.html", context=context)


def _cart(request: PortalRequest, customer_id: UUID) -> dict[str, Any]:
    """Return the cart and the steps, for those who may order."""
    if not request.actor.may(Permission.SUBSCRIPTION_BUY):
        return {"may_order": False}
    add_url = reverse("azure:order", args=[customer_id])
    steps = steps_of("select", customer_id)
    return {**cart_context(request, customer_id), "may_order": True, "add_url": add_url, "steps": steps}


def _choices(buyer: Buyer, relationship: Any) -> list[queries.Choice]:
    return queries.azure_choices(buyer, reseller_id=relationship.counterpart_id)


def _refusal(request: PortalRequest, buyer: Buyer) -> Refusal | None:
    """Return why nothing at all can be ordered here, or ``None``."""
    return refusal_of(request.actor.require, Permission.SUBSCRIPTION_BUY) or refusal_of(check_may_buy, buyer)


def _choice(choice: queries.Choice, buyer: Buyer) -> dict[str, Any]:
    article, refusal = choice.article, choice.refusal
    return {
        "name": article.name,
        "url": order_url(buyer.customer.pk, article.product_id),
        "product": article.product_id,
        "sku": article.sku_id,
        "why_not": str(refusal) if refusal else "",
        "next_step": refusal.next_step if refusal else "",
        "next_url": refusal.next_url if refusal else "",
    }


def _sku(sku: ListedSku, buyer: Buyer) -> dict[str, Any]:
    cheapest = sku.ways[0]
    price = unit_price_text(
        cheapest.unit_price,
        cheapest.currency,
        cheapest.billing_frequency,
        is_per_seat=sku.family in LICENSED,
    )
    return {
        "name": sku.name,
        "family": ProductFamily(sku.family).label,
        "code": f"{sku.product_id}:{sku.sku_id}",
        "price": price,
        "product": sku.product_id,
        "sku": sku.sku_id,
        "ways": way_choices(sku.ways, family=sku.family),
        "is_counted": listed_article(sku).is_counted,
        "url": order_url(buyer.customer.pk, sku.product_id, sku.sku_id),
    }


def _families() -> list[dict[str, Any]]:
    return [{"value": "", "label": _("All kinds")}, *({"value": one.value, "label": one.label} for one in LISTED)]


def _chips(address: ListAddress) -> dict[str, str]:
    family = address.get("family")
    return {
        "q": _("Search: %(text)s") % {"text": address.get("q")},
        "family": str(ProductFamily(family).label) if family else "",
    }
