"""Selling bundles to a customer, and what was sold."""

import uuid
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from bundles import rules
from bundles.forms.sale import CustomerForm, ReleaseForm, SaleForm
from bundles.models import BundlePart, BundleSale, BundleVersion
from bundles.presentation import cycle_price_text, margin_of, row_of
from bundles.queries import definitions, sales
from bundles.queries.definitions import BundleFilter
from bundles.queries.sales import Standing
from bundles.workflow import sales as workflow
from customers.enums import ProductFamily, SubscriptionStatus
from customers.links import customer_urls, subscription_url
from customers.models import ResellerRelationship
from customers.navigation import show_customer
from customers.presentation import TONES, term_text
from customers.queries import customer_of
from customers.rules.buying import Buyer, check_may_buy
from customers.workflow.carts import buyer_of
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput, Refusal, refusal_of
from portal.core.http import PortalRequest, posted, redirect_to
from portal.core.listing import ListAddress
from portal.core.money import money_text


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_BUY)
def choose_customer(request: PortalRequest, bundle_id: UUID) -> HttpResponse:
    """Ask to whom a bundle is sold."""
    version = definitions.bundle_of(request.actor, bundle_id)
    form = CustomerForm(posted(request), actor=request.actor)
    if request.method == "POST" and form.is_valid():
        return redirect_to(
            request, reverse("bundles:sell", args=[form.cleaned_data["customer"].customer_id, bundle_id])
        )
    context = {"form": form, "bundle": row_of(version, today=timezone.now().date())}
    return render(request, "bundles/choose_customer.html", context, status=422 if form.errors else 200)


@require_safe
@requires(Permission.PRICING_VIEW)
def customer_bundles(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """List the bundles that can be sold to a customer today, and what it bought."""
    relationship, today = customer_of(request.actor, customer_id), timezone.now().date()
    show_customer(request, relationship)
    address = ListAddress.read(request, {"cursor": None})
    wanted = BundleFilter(state="on_sale", customer_id=customer_id)
    page = definitions.bundle_page(request.actor, wanted, today=today, cursor=address.get("cursor"))
    context = {
        "customer": relationship,
        "rows": [
            {**row_of(one, today=today), "sell_url": reverse("bundles:sell", args=[customer_id, one.bundle_id])}
            for one in page
        ],
        "pager": address.pager(page),
        "sales": [_sale_row(sale) for sale in sales.sales_of_customer(request.actor, customer_id)],
        "why_not_sell": request.actor.why_not(Permission.SUBSCRIPTION_BUY),
    }
    return render(request, "bundles/customer.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_BUY)
def sell(request: PortalRequest, customer_id: UUID, bundle_id: UUID) -> HttpResponse:
    """Show every product with what the rules say of it, and sell the bundle; a second click finds the first sale."""
    relationship = customer_of(request.actor, customer_id)
    show_customer(request, relationship)
    version = definitions.bundle_of(request.actor, bundle_id)
    form, refusal = SaleForm(posted(request), actor=request.actor), None
    is_sent = request.method == "POST" and "again" not in request.POST
    if is_sent and form.is_valid():
        try:
            sale = workflow.sell_bundle(
                customer_id=customer_id, sale=form.sale(bundle_id), actor=request.actor, now=timezone.now()
            )
        except InvalidInput as invalid:
            form.add_error(invalid.field if invalid.field in form.fields else None, str(invalid))
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("The bundle is sold."))
            return redirect_to(request, reverse("bundles:sale", args=[sale.pk]))
    return _review(request, relationship, version, form, refusal, is_sent=is_sent)


def _review(
    request: PortalRequest,
    relationship: ResellerRelationship,
    version: BundleVersion,
    sent: SaleForm,
    refusal: Refusal | None,
    *,
    is_sent: bool,
) -> HttpResponse:
    """Draw the review for the quantity and PartnerID in the form; what was sent and is wrong stays as it was sent."""
    buyer = buyer_of(relationship.customer, request.actor, timezone.now())
    quantity, number = _quantity(sent), _number(sent, relationship)
    found = sales.standings(version, buyer, quantity=quantity, partner_on_record=number)
    cost, currency = sales.cost_of(found), version.currency
    is_wrong = is_sent and bool(sent.errors)
    shown = {"sale_id": sent.data.get("sale_id") or uuid.uuid4(), "version": version.pk, "cost": cost}
    blocked = _refusal(version, buyer, sent.credited.owners.get(number) if sent.is_provider else None)
    price = version.price * Decimal(quantity)
    context = {
        "customer": relationship,
        "bundle": row_of(version, today=buyer.today),
        "term_text": version.term_text,
        "terms": version.terms,
        "rows": [_standing(one, quantity) for one in sorted(found, key=lambda one: one.line.position)],
        "total": cycle_price_text(price, currency, version.billing_frequency),
        "margin": margin_of(price, cost * quantity, currency) if request.actor.may(Permission.BILLING_VIEW) else None,
        "form": sent
        if is_wrong
        else SaleForm(actor=request.actor, initial={**shown, "quantity": quantity, "credited": number}),
        "refusal": refusal or blocked,
        "can_be_sold": blocked is None and all(one.refusal is None for one in found),
        "back_url": reverse("bundles:customer", args=[relationship.customer_id]),
    }
    status = 422 if is_wrong else refusal.http_status if refusal else 200
    return render(request, "bundles/sell.html", context, status=status)


def _quantity(form: SaleForm) -> int:
    text = str(form.data.get("quantity", "1"))
    count = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 1
    return min(max(count, 1), rules.MAX_BUNDLES)


def _number(form: SaleForm, relationship: ResellerRelationship) -> str:
    """The PartnerID that was chosen; else the reseller's of the relationship, or the first of the own locations."""
    chosen = str(form.data.get("credited", ""))
    return chosen if chosen in form.credited.owners else form.usual_number(relationship)


def _refusal(version: BundleVersion, buyer: Buyer, reseller_id: UUID | None) -> Refusal | None:
    """Return why the bundle as a whole cannot be sold, or ``None``."""
    return (
        refusal_of(check_may_buy, buyer)
        or refusal_of(rules.check_for_sale, version, buyer)
        or refusal_of(rules.check_reseller, version, reseller_id)
    )


def _standing(one: Standing, quantity: int) -> dict[str, Any]:
    line, refusal = one.line, one.refusal
    count = line.quantity * quantity if sales.is_counted(line) else 1
    return {
        "title": line.title,
        "family": ProductFamily(line.product_family).label,
        "term": term_text(line.term, line.billing_frequency),
        "quantity": count,
        "cost": money_text(one.cost * quantity, one.quote.currency) if one.quote and one.cost else "",
        "why_not": refusal.explanation if refusal else "",
        "next_url": refusal.next_url if refusal else "",
        "next_step": refusal.next_step if refusal else "",
    }


# --- what was sold ---------------------------------------------------------------------------------------------------
def _sale_row(sale: BundleSale) -> dict[str, Any]:
    version = sale.version
    price = version.price * Decimal(sale.quantity)
    return {
        "url": reverse("bundles:sale", args=[sale.pk]),
        "name": version.name,
        "quantity": sale.quantity,
        "version": version.number,
        "price": cycle_price_text(price, version.currency, version.billing_frequency),
        "by": sale.sold_by_name,
        "at": sale.created_at,
    }


@require_safe
@requires(Permission.PRICING_VIEW)
def sale(request: PortalRequest, sale_id: UUID) -> HttpResponse:
    """Show what was sold, by which terms, and which subscriptions it became."""
    found = sales.sale_of(request.actor, sale_id)
    version = found.version
    bundle_url = reverse("bundles:bundle", args=[version.bundle_id])
    context = {
        "sale": _sale_row(found),
        "customer": found.customer.organization.name,
        "customer_url": customer_urls(request.actor, [found.customer_id]).get(found.customer_id, ""),
        "customer_bundles_url": reverse("bundles:customer", args=[found.customer_id]),
        "reseller": found.reseller.organization.name if found.reseller else "",
        "partner_on_record": found.partner_on_record,
        "bundle_url": bundle_url if version.is_current else f"{bundle_url}?version={version.number}",
        "term_text": version.term_text,
        "terms": version.terms,
        "rows": [{**_part(part, found), "url": _part_url(request, part)} for part in sales.parts_of(found)],
        "why_not_take_out": request.actor.why_not(Permission.PRICING_MANAGE),
        "orders_url": reverse("customers:orders", args=[found.customer_id]),
    }
    return render(request, "bundles/sale.html", context)


def _part_url(request: PortalRequest, part: BundlePart) -> str:
    return subscription_url(request.actor, part.subscription.pk, part.subscription.product_family)


def _part(part: BundlePart, sale: BundleSale) -> dict[str, Any]:
    subscription, line = part.subscription, part.line
    status = SubscriptionStatus(subscription.status)
    is_covered = bool(part.unit_price)
    price = part.unit_price * line.quantity * sale.quantity
    return {
        "id": subscription.pk,
        "name": subscription.friendly_name,
        "product": line.title,
        "quantity": subscription.quantity,
        "status": status.label,
        "tone": TONES[status],
        "price": cycle_price_text(price, sale.version.currency, line.billing_frequency) if is_covered else "",
        "left_on": part.left_on,
        "take_out_url": reverse("bundles:take_out", args=[sale.pk, subscription.pk])
        if is_covered and part.left_on is None
        else "",
    }


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PRICING_MANAGE)
def take_out(request: PortalRequest, sale_id: UUID, subscription_id: UUID) -> HttpResponse:
    """Bill a product of a bundle by itself from a day on."""
    found = sales.sale_of(request.actor, sale_id)
    part = next((part for part in sales.parts_of(found) if part.pk == subscription_id), None)
    if part is None:
        raise Http404
    form, refusal = ReleaseForm(posted(request), initial={"left_on": timezone.now().date()}), None
    if request.method == "POST" and form.is_valid():
        try:
            workflow.release_part(
                subscription_id=subscription_id,
                left_on=form.cleaned_data["left_on"],
                actor=request.actor,
                now=timezone.now(),
            )
        except InvalidInput as invalid:
            form.add_error(invalid.field if invalid.field in form.fields else None, str(invalid))
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("The product is billed by itself from that day on."))
            return redirect_to(request, reverse("bundles:sale", args=[sale_id]))
    context = {"sale": _sale_row(found), "part": _part(part, found), "form": form, "refusal": refusal}
    status = refusal.http_status if refusal else 422 if form.errors else 200
    return render(request, "bundles/take_out.html", context, status=status)
