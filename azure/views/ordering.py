"""Ordering a first-party product: choose, review, buy (section 1.10)."""

import uuid
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from azure.announcements import address
from azure.forms.ordering import OrderForm, TotalForm
from azure.queries import catalogue as queries
from azure.queries.dates import buyer_of
from azure.rules import buying as rules
from azure.rules.buying import Article
from azure.rules.families import LICENSED
from azure.workflow.purchases import buy_product
from customers.enums import ProductFamily
from customers.models import ResellerRelationship
from customers.navigation import show_customer
from customers.presentation import term_text, unit_price_text
from customers.queries import customer_of
from customers.queries.credited import creditable_locations
from customers.rules.buying import Buyer
from portal.accounts.access import requires
from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput, Refusal
from portal.core.http import PortalRequest, redirect_to
from portal.core.money import money_text

STEPS = ("choose", "order", "review")
FIELDS = {"partner_id": "credited", "reseller": "credited", "attested": "attested"}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_BUY)
def order(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Ask how a product is bought, show all once more, and buy it; a second click on Buy finds the first order."""
    relationship = customer_of(request.actor, customer_id)
    show_customer(request, relationship)
    buyer = buyer_of(request.actor.organization_id, customer_id, today=timezone.now().date())
    named = request.POST if request.method == "POST" else request.GET
    article = rules.check_found(queries.article_of(buyer, named.get("product", ""), named.get("sku", "")))
    form = _form(request, article, buyer, relationship)
    step = request.POST.get("step", "") if request.method == "POST" else ""
    refusal: Refusal | None = None
    if step == "buy" and form.is_valid():
        try:
            return _buy(request, customer_id, form)
        except InvalidInput as invalid:
            name = FIELDS.get(invalid.field or "", invalid.field or "")
            form.add_error(name if name in form.fields else None, str(invalid))
        except Refusal as refused:
            refusal = refused
    if step in ("review", "buy") and form.is_valid():
        return _review_page(request, article, buyer, relationship, form, refusal)
    blocked = queries.refusal_to_order(article, buyer, reseller_id=relationship.counterpart_id)
    context = {
        **_frame(article, relationship, "order"),
        "form": form,
        "refusal": refusal or blocked,
        "can_be_bought": blocked is None,
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "azure/order.html", context, status=status)


def _frame(article: Article, relationship: ResellerRelationship, step: str) -> dict[str, Any]:
    catalogue_url = reverse("azure:products", args=[relationship.customer_id])
    labels = {"choose": _("Choose products"), "order": _("Term and quantity"), "review": _("Review and buy")}
    at = STEPS.index(step)
    family = str(ProductFamily(article.family).label)
    return {
        "customer": relationship,
        "name": article.name,
        "family": family if family != str(article.name) else relationship.customer_name,
        "catalogue_url": catalogue_url,
        "steps": [
            {
                "label": labels[one],
                "state": "current" if one == step else "done" if number < at else "todo",
                "url": catalogue_url if one == "choose" else "",
            }
            for number, one in enumerate(STEPS)
        ],
    }


def _form(request: PortalRequest, article: Article, buyer: Buyer, relationship: ResellerRelationship) -> OrderForm:
    is_provider = request.actor.organization_kind == OrganizationKind.INDIRECT_PROVIDER
    attestation = (
        _("My company buys as the indirect provider; the reseller named above serves the customer.")
        if is_provider
        else _("My company buys as a direct bill partner and serves the customer itself.")
    )
    form = OrderForm(
        request.POST if request.method == "POST" else None,
        article=article,
        locations=creditable_locations(request.actor),
        is_provider=is_provider,
        attestation=attestation,
        scopes=list(rules.scopes(buyer)) if article.family == ProductFamily.RESERVATION else (),
    )
    if not form.is_bound:
        form.initial = {
            "order_id": uuid.uuid4(),
            "product": article.product_id,
            "sku": article.sku_id,
            "quantity": 1,
            "credited": _usual_number(form, relationship),
        }
    return form


def _usual_number(form: OrderForm, relationship: ResellerRelationship) -> str:
    """The headquarters of the reseller that the relationship names, else the first of the own locations."""
    owners = form.credited.owners
    if form.is_provider:
        return next((number for number, owner in owners.items() if owner == relationship.counterpart_id), "")
    return next(iter(owners), "")


def _buy(request: PortalRequest, customer_id: UUID, form: OrderForm) -> HttpResponse:
    """Buy what the review showed. Raises: Refusal."""
    shown = TotalForm(request.POST)
    total: Decimal | None = shown.cleaned_data["total"] if shown.is_valid() else None
    subscription = buy_product(
        customer_id=customer_id,
        purchase=form.purchase(),
        review=form.review(total or Decimal(0)),
        actor=request.actor,
        now=timezone.now(),
    )
    messages.success(request, _("%(product)s is ordered.") % {"product": subscription.product_name})
    return redirect_to(request, address(subscription.pk))


def _review_page(
    request: PortalRequest,
    article: Article,
    buyer: Buyer,
    relationship: ResellerRelationship,
    form: OrderForm,
    refusal: Refusal | None,
) -> HttpResponse:
    purchase = form.purchase()
    blocked = refusal or queries.refusal_to_order(article, buyer, reseller_id=form.reseller_id)
    way = rules.way_of(article, term=purchase.term, billing_frequency=purchase.billing_frequency)
    total = rules.first_total(way, purchase.quantity)
    facts = [
        {"label": _("Product"), "value": article.name, "hint": purchase.friendly_name},
        {"label": _("Credited"), "value": form.credited.labels[form.cleaned_data["credited"]]},
    ]
    if way is not None:
        per_seat = article.family in LICENSED
        per_seat = article.family in LICENSED
        price = unit_price_text(way.unit_price, way.currency, way.billing_frequency, is_per_seat=per_seat)
        facts[1:1] = [
            {"label": _("Term"), "value": term_text(way.term, way.billing_frequency)},
            {"label": _("Price"), "value": price},
        ]
    if article.is_counted:
        facts.append({"label": _("Licenses"), "value": str(purchase.quantity)})
    context = {
        **_frame(article, relationship, "review"),
        "facts": facts,
        "total": money_text(total, way.currency) if total is not None and way else "",
        "is_one_time": rules.is_one_time(way),
        "hidden": [field.as_hidden() for field in form],
        "total_field": TotalForm(initial={"total": total if total is not None else 0})["total"],
        "refusal": blocked,
        "can_be_bought": blocked is None or refusal is not None,
    }
    return render(request, "azure/review.html", context, status=refusal.http_status if refusal else 200)
