"""The catalogue of one customer, and the page of an offer from which it goes into the cart (M1, section 7.1)."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from customers.enums import Term
from customers.navigation import show_customer
from customers.presentation import catalogues, unit_price_text
from customers.queries import customer_of
from marketplace import queries
from marketplace.enums import SOLD_TERMS, OfferCategory, Refund
from marketplace.forms.buying import PurchaseForm
from marketplace.forms.list import CATALOGUE_FILTERS, NO, YES, catalogue_filter, read_catalogue
from marketplace.models import Offer, Plan
from marketplace.queries import PlanChoice
from marketplace.queries.browsing import catalogue as browse
from marketplace.queries.browsing import has_trial
from marketplace.rules import Buyer
from marketplace.views.cart import steps
from marketplace.workflow import purchases
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.countries import country_name
from portal.core.errors import InvalidInput, Refusal
from portal.core.http import PortalRequest, page_or_fragment, redirect_to
from portal.core.listing import ListAddress
from portal.core.money import money_text
from portal.core.pages import keyset_page

PAGE_SIZE = 24


@require_safe
@requires(Permission.PRICING_VIEW)
def catalogue(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """List the offers that can be bought for a customer today; on demand the others too, with the reason."""
    relationship = customer_of(request.actor, customer_id)
    show_customer(request, relationship)
    address = read_catalogue(request)
    buyer = queries.buyer_for(request.actor, customer_id, today=timezone.now().date())
    found = browse(request.actor, buyer, catalogue_filter(address))
    order = queries.OFFER_ORDERS[address.get("sort", "name")]
    page = keyset_page(found, order=order, cursor=address.get("cursor"), size=PAGE_SIZE, with_total=True)
    publishers = {str(one.pk): one.organization.name for one in queries.publishers_with_offers()}
    context = {
        "customer": relationship,
        "catalogues": catalogues(customer_id, current="marketplace:catalogue"),
        "steps": steps("choose", customer_id),
        "rows": _rows(page.rows, buyer),
        "values": {name: address.get(name) for name in (*CATALOGUE_FILTERS, "sort")},
        "options": _options(publishers),
        "chips": address.chips(_chip_labels(address, publishers)),
        "pager": address.pager(page),
        "path": address.path,
        "refused_url": address.url(refused=YES, cursor="") if not address.get("refused") else "",
        "refusal": queries.refusal_to_buy(buyer),
        "country": country_name(buyer.country),
        "cart_url": reverse("marketplace:cart", args=[customer_id]),
        "why_not_cart": request.actor.why_not(Permission.SUBSCRIPTION_BUY),
    }
    return page_or_fragment(
        request, page="marketplace/catalogue.html", fragment="marketplace/_catalogue.html", context=context
    )


def _rows(offers: Iterable[Offer], buyer: Buyer) -> list[dict[str, Any]]:
    rows = list(offers)
    prices = queries.lowest_prices(rows, currency=buyer.partner.currency, today=buyer.today)
    trials = has_trial(rows)
    return [
        {
            "name": offer.name,
            "url": reverse("marketplace:offer", args=[buyer.customer.pk, offer.pk]),
            "publisher": offer.publisher.organization.name,
            "summary": offer.summary,
            "category": OfferCategory(offer.category).label,
            "is_exclusive": offer.is_exclusive,
            "has_trial": offer.pk in trials,
            "price": unit_price_text(
                prices[offer.pk].unit_price,
                prices[offer.pk].currency,
                prices[offer.pk].billing_frequency,
                is_per_seat=prices[offer.pk].plan.is_per_seat,
            )
            if offer.pk in prices
            else "",
            "why_not": _why_not(offer, buyer),
        }
        for offer in rows
    ]


def _why_not(offer: Any, buyer: Buyer) -> str:
    """Return in a few words why an offer cannot be bought; its page tells the rest (section 7.1)."""
    if not offer.is_sold_by_partners:
        return _("Not sold through partners")
    if not offer.is_chosen:
        return _("Exclusive: sold through chosen partners only")
    if not offer.is_sold_here:
        return _("Not sold in %(country)s") % {"country": country_name(buyer.country)}
    if not offer.is_usable:
        return _("Metered: the customer needs an active Azure plan that is billed to you")
    if not offer.is_priced:
        return _("No price in %(currency)s") % {"currency": buyer.partner.currency}
    return _("The customer has it already, and can have it once only") if offer.is_had else ""


def _options(publishers: dict[str, str]) -> dict[str, list[dict[str, Any]]]:
    def choices(every: str, pairs: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
        return [{"value": "", "label": every}, *({"value": value, "label": label} for value, label in pairs)]

    return {
        "category": choices(_("All categories"), OfferCategory.choices),
        "publisher": choices(_("All publishers"), publishers.items()),
        "term": choices(_("All terms"), [(str(term), term.label) for term in SOLD_TERMS]),
        "trial": choices(_("With and without"), [(YES, _("With a free trial"))]),
        "exclusive": choices(_("All offers"), [(YES, _("Exclusive offers")), (NO, _("Not exclusive"))]),
        "refused": choices(_("What can be bought"), [(YES, _("All, with the reason why not"))]),
    }


def _chip_labels(address: ListAddress, publishers: dict[str, str]) -> dict[str, str]:
    category, term = address.get("category"), address.get("term")
    return {
        "q": _("Search: %(text)s") % {"text": address.get("q")},
        "category": str(OfferCategory(category).label) if category else "",
        "publisher": publishers.get(address.get("publisher"), address.get("publisher")),
        "term": str(Term(term).label) if term else "",
        "trial": _("With a free trial"),
        "exclusive": _("Exclusive offers") if address.get("exclusive") == YES else _("Not exclusive"),
        "refused": _("Also what cannot be bought"),
    }


# --- offer -----------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PRICING_VIEW)
def offer(request: PortalRequest, customer_id: UUID, offer_id: UUID) -> HttpResponse:
    """Show an offer with its plans as a customer gets them, and put one into the cart."""
    relationship = customer_of(request.actor, customer_id)
    shown = queries.offer_detail(request.actor, offer_id)
    now = timezone.now()
    buyer = queries.buyer_for(request.actor, customer_id, today=now.date())
    choices = queries.plan_choices(shown, buyer)
    bound = _sent_form(request, choices)
    refusal: Refusal | None = None
    if bound and bound.is_valid():
        try:
            purchases.add_to_cart(customer_id=customer_id, purchase=bound.purchase(), actor=request.actor, now=now)
        except InvalidInput as invalid:
            bound.add_error(invalid.field if invalid.field in bound.fields else None, str(invalid))
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("%(offer)s is in the cart.") % {"offer": shown.name})
            return redirect_to(request, reverse("marketplace:cart", args=[customer_id]))
    show_customer(request, relationship)
    blocked = queries.refusal_to_buy(buyer)
    status = 200 if request.method != "POST" else refusal.http_status if refusal else 422
    context = {
        "customer": relationship,
        "steps": steps("choose", customer_id),
        "offer": shown,
        "publisher": shown.publisher.organization.name,
        "category": OfferCategory(shown.category).label,
        "windows": _windows(shown),
        "plans": [_plan(choice, buyer, bound) for choice in choices],
        "offer_refusal": queries.offer_refusal(shown, buyer),
        "refusal": refusal or blocked,
        "is_blocked": blocked is not None,
        "why_not": request.actor.why_not(Permission.SUBSCRIPTION_BUY),
        "catalogue_url": reverse("marketplace:catalogue", args=[customer_id]),
        "cart_url": reverse("marketplace:cart", args=[customer_id]),
    }
    return render(request, "marketplace/offer.html", context, status=status)


def _sent_form(request: PortalRequest, choices: list[PlanChoice]) -> PurchaseForm | None:
    """Return the form of the plan that was chosen, as it was sent."""
    chosen = next((one for one in choices if str(one.plan.pk) == request.POST.get("plan")), None)
    return PurchaseForm(request.POST, choice=chosen) if chosen else None


def _windows(offer: Offer) -> list[dict[str, str]]:
    """Say how long a purchase can be canceled, and what is given back (section 7.7)."""
    given_back = str(Refund(offer.refund).label)
    return [
        {"label": _("Canceling a term of one month"), "value": _hours(offer.monthly_window_hours), "hint": given_back},
        {"label": _("Canceling a longer term"), "value": _hours(offer.longer_window_hours), "hint": given_back},
    ]


def _hours(hours: int) -> str:
    days, rest = divmod(hours, 24)
    if days > 1 and not rest:
        return ngettext("Until %(count)s day after the order", "Until %(count)s days after the order", days) % {
            "count": days
        }
    return ngettext("Until %(count)s hour after the order", "Until %(count)s hours after the order", hours) % {
        "count": hours
    }


def _plan(choice: PlanChoice, buyer: Buyer, bound: PurchaseForm | None) -> dict[str, Any]:
    plan = choice.plan
    is_bound = bound is not None and bound.data.get("plan") == str(plan.pk)
    return {
        "code": plan.code,
        "name": plan.name,
        "description": plan.description,
        "limits": _limits(plan),
        "trial": ngettext(
            "Free trial: %(count)s day, then the first paid term begins",
            "Free trial: %(count)s days, then the first paid term begins",
            plan.trial_days,
        )
        % {"count": plan.trial_days}
        if plan.trial_days
        else "",
        "is_private": plan.is_private,
        "activates_itself": plan.activates_itself,
        "meters": [_meter(dimension, buyer.partner.currency) for dimension in plan.dimensions.all()],
        "refusal": choice.refusal.explanation if choice.refusal else "",
        "form": bound if is_bound else PurchaseForm(choice=choice),
    }


def _limits(plan: Plan) -> str:
    if not plan.is_per_seat:
        return _("Flat rate")
    return _("From %(least)s to %(most)s licenses") % {"least": plan.min_quantity, "most": plan.max_quantity}


def _meter(dimension: Any, currency: str) -> dict[str, str]:
    price = next((one for one in dimension.prices.all() if one.currency == currency), None)
    facts = {
        "price": money_text(price.unit_price, currency) if price else "–",
        "unit": dimension.unit,
        "included": dimension.included_monthly,
    }
    return {"name": dimension.name, "text": _("%(price)s per %(unit)s; %(included)s a month are included") % facts}
