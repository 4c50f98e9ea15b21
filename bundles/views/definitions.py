"""Defining, changing and withdrawing bundles: one form, with products found, added and taken out on the way."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from bundles import rules
from bundles.enums import BundleStatus
from bundles.forms.bundle import BundleForm, NewBundleForm, wanted_of
from bundles.models import BundleVersion
from bundles.presentation import margin_of, row_of, way_text
from bundles.products import find, offered_of
from bundles.queries import definitions as queries
from bundles.workflow import definitions as workflow
from bundles.workflow.definitions import WantedProduct
from customers.catalog import Shelf
from customers.enums import ProductFamily
from customers.models import ResellerRelationship
from customers.queries import counterparts_of
from portal.accounts.access import requires
from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput, Refusal
from portal.core.http import PortalRequest, is_fragment_request, posted, redirect_to
from portal.core.money import money_text

STEPS = ("find", "add", "remove", "work_out")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PRICING_MANAGE)
def new(request: PortalRequest) -> HttpResponse:
    """Put a bundle together."""
    rules.check_may_define(request.actor)
    is_provider = request.actor.organization_kind == OrganizationKind.INDIRECT_PROVIDER
    resellers = counterparts_of(request.actor) if is_provider else []
    step = _step(request)
    own: dict[str, Any] = {"actor": request.actor, "resellers": resellers}
    form = NewBundleForm(posted(request), **own, initial={"valid_from": timezone.now().date()})
    relationship = form.cleaned_data.get("customer") if form.is_bound and (form.is_valid() or True) else None
    shelf = _shelf(request, relationship.customer_id if relationship else None)
    if request.method == "POST" and not step and form.is_valid():
        try:
            version = _define(request, form, relationship)
        except InvalidInput as refusal:
            _tell(form, refusal)
        else:
            messages.success(request, _("The bundle is defined."))
            return redirect_to(request, reverse("bundles:bundle", args=[version.bundle_id]))
    if step:
        form = NewBundleForm(**own, initial=request.POST.dict())
    return _page(request, form, wanted_of(request.POST), shelf, version=None)


def _define(request: PortalRequest, form: NewBundleForm, relationship: ResellerRelationship | None) -> BundleVersion:
    reseller = form.cleaned_data.get("reseller", "")
    return workflow.define_bundle(
        definition=form.definition(wanted_of(request.POST)),
        customer_id=relationship.customer_id if relationship else None,
        reseller_id=UUID(reseller) if reseller else None,
        actor=request.actor,
        now=timezone.now(),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PRICING_MANAGE)
def change(request: PortalRequest, bundle_id: UUID) -> HttpResponse:
    """Write another version of a bundle."""
    version = queries.bundle_of(request.actor, bundle_id)
    rules.check_active(version.bundle)
    shelf = _shelf(request, version.bundle.customer_id)
    step, is_posted = _step(request), request.method == "POST"
    form = BundleForm(posted(request), initial=BundleForm.values_of(version))
    if is_posted and not step and form.is_valid():
        try:
            workflow.change_bundle(
                bundle_id=bundle_id,
                definition=form.definition(wanted_of(request.POST)),
                seen=_seen(request),
                actor=request.actor,
                now=timezone.now(),
            )
        except InvalidInput as refusal:
            _tell(form, refusal)
        else:
            messages.success(request, _("The bundle is changed. What was sold keeps its terms."))
            return redirect_to(request, reverse("bundles:bundle", args=[bundle_id]))
    if step:
        form = BundleForm(initial=request.POST.dict())
    return _page(request, form, wanted_of(request.POST) if is_posted else _products(version), shelf, version=version)


def _seen(request: PortalRequest) -> UUID | None:
    try:
        return UUID(request.POST.get("seen", ""))
    except ValueError:
        return None


def _products(version: BundleVersion) -> list[WantedProduct]:
    lines = version.lines.order_by("position")
    return [WantedProduct(line.catalog_item, line.billing_frequency, line.quantity) for line in lines]


def _tell(form: BundleForm, refusal: InvalidInput) -> None:
    form.add_error(refusal.field if refusal.field in form.fields else None, refusal.explanation)


def _step(request: PortalRequest) -> str:
    """Return which button was clicked: one of STEPS, or "" to save."""
    return next((step for step in STEPS if step in request.POST), "") if request.method == "POST" else ""


def _shelf(request: PortalRequest, customer_id: UUID | None) -> Shelf:
    return queries.shelf_of(request.actor, customer_id, today=timezone.now().date())


def _page(
    request: PortalRequest,
    form: BundleForm,
    wanted: Sequence[WantedProduct],
    shelf: Shelf,
    *,
    version: BundleVersion | None,
) -> HttpResponse:
    context = {
        **_products_context(request, wanted, shelf, _price(request, version)),
        "form": form,
        "bundle": row_of(version, today=shelf.today) if version else None,
        "seen": version.pk if version else "",
        "path": request.path,
        "cancel_url": reverse("bundles:bundle", args=[version.bundle_id]) if version else reverse("bundles:list"),
    }
    template = "bundles/_products.html" if _step(request) and is_fragment_request(request) else "bundles/form.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _products_context(
    request: PortalRequest, wanted: Sequence[WantedProduct], shelf: Shelf, price: Decimal | None
) -> dict[str, Any]:
    """Return what bundles/_products.html needs, after what a click asks for: nothing is saved yet."""
    text = request.POST.get("q", "").strip()[:100]
    rows = {f"{one.catalog_item}|{one.billing_frequency}": one.quantity for one in wanted}
    rows.pop(request.POST.get("remove", ""), None)
    if added := request.POST.get("add", ""):
        rows.setdefault(added, 1)
    currency = shelf.partner.currency
    lines = [_line(key, quantity, shelf) for key, quantity in rows.items()]
    cost = sum((line.pop("amount") for line in lines), Decimal(0))
    found = find(shelf, text) if text else []
    return {
        "q": text,
        "found": [
            {
                "key": one.key,
                "title": one.title,
                "way": way_text(one, currency),
                "family": ProductFamily(one.product_family).label,
                "is_in": one.key in rows,
            }
            for one in found
        ],
        "is_searched": bool(text),
        "lines": lines,
        "cost": money_text(cost, currency) if lines else "",
        "margin": margin_of(price, cost, currency) if lines and price else None,
        "has_room": len(lines) < rules.MAX_LINES,
        "path": request.path,
    }


def _price(request: PortalRequest, version: BundleVersion | None) -> Decimal | None:
    """Return the price that stands in the form, or ``None`` for what is no price."""
    if request.method != "POST":
        return version.price if version else None
    text = request.POST.get("price", "").strip()
    return Decimal(text) if text.isascii() and text.replace(".", "", 1).isdigit() else None


def _line(key: str, quantity: int, shelf: Shelf) -> dict[str, Any]:
    catalog_item, _bar, frequency = key.rpartition("|")
    offered = offered_of(shelf, catalog_item, frequency)
    return {
        "key": key,
        "title": offered.title if offered else catalog_item,
        "way": way_text(offered, shelf.partner.currency) if offered else "",
        "quantity": quantity,
        "is_sold": offered is not None,
        "amount": offered.unit_price * quantity if offered else Decimal(0),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PRICING_MANAGE)
def withdraw(request: PortalRequest, bundle_id: UUID) -> HttpResponse:
    """Ask, and sell a bundle no longer."""
    version = queries.bundle_of(request.actor, bundle_id)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            workflow.withdraw_bundle(bundle_id=bundle_id, actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("The bundle is withdrawn."))
            return redirect_to(request, reverse("bundles:bundle", args=[bundle_id]))
    elif version.bundle.status == BundleStatus.WITHDRAWN:
        raise Http404
    context = {"bundle": row_of(version, today=timezone.now().date()), "refusal": refusal}
    return render(request, "bundles/withdraw.html", context, status=refusal.http_status if refusal else 200)
