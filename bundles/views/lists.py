"""The list of a partner's bundles, its file, and one bundle."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bundles import rules
from bundles.announcements import SUBJECT
from bundles.enums import BundleState, BundleStatus
from bundles.models import BundleSale, BundleVersion
from bundles.presentation import cycle_price_text, margin_of, row_of, way_text
from bundles.queries import definitions as queries
from bundles.queries import sales
from bundles.queries.definitions import AUDIENCES, DEFAULT_ORDER, ORDERS, BundleFilter, Product
from customers.enums import ProductFamily
from customers.presentation import term_text
from portal.accounts.access import requires, while_allowed
from portal.accounts.permissions import Permission
from portal.audit import queries as audit
from portal.audit import timeline
from portal.core.errors import explanation_of
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, page_or_fragment
from portal.core.listing import ListAddress
from portal.core.money import money_text, round_money

SORTS = [*ORDERS, *(f"-{name}" for name in ORDERS)]
FILTERS = ("q", "state", "audience", "sort")


def why_not_define(request: PortalRequest) -> str:
    """Return why the person cannot define or change bundles; "" where it can."""
    return explanation_of(request.actor.require, Permission.PRICING_MANAGE) or explanation_of(
        rules.check_may_define, request.actor
    )


def _address(request: PortalRequest) -> ListAddress:
    allowed = {"q": None, "state": BundleState.values, "audience": AUDIENCES.keys(), "sort": SORTS, "cursor": None}
    read = ListAddress.read(request, allowed)
    return ListAddress(reverse("bundles:list"), read.values)


def _filter(address: ListAddress) -> BundleFilter:
    return BundleFilter(text=address.get("q"), state=address.get("state"), audience=address.get("audience"))


@require_safe
@requires(Permission.PRICING_VIEW)
def bundles(request: PortalRequest) -> HttpResponse:
    """List the partner's bundles."""
    address, today = _address(request), timezone.now().date()
    sort = address.get("sort", DEFAULT_ORDER)
    page = queries.bundle_page(request.actor, _filter(address), today=today, sort=sort, cursor=address.get("cursor"))
    audiences = _audiences()
    chips = {
        "q": _("Search: %(text)s") % {"text": address.get("q")},
        "state": str(BundleState(address.get("state")).label) if address.get("state") else "",
        "audience": audiences.get(address.get("audience"), ""),
    }
    context = {
        "rows": [_row(version) for version in page],
        "headers": address.sort_headers(ORDERS, default=DEFAULT_ORDER),
        "pager": address.pager(page),
        "values": {name: address.get(name) for name in FILTERS},
        "options": {
            "state": _options(_("All states"), BundleState.choices),
            "audience": _options(_("Any audience"), audiences.items()),
        },
        "chips": address.chips(chips),
        "list_url": address.path,
        "export_url": address.url(reverse("bundles:export"), cursor=""),
        "why_not": why_not_define(request),
    }
    return page_or_fragment(request, page="bundles/list.html", fragment="bundles/_list.html", context=context)


def _audiences() -> dict[str, str]:
    return {
        "all": _("For all customers"),
        "customer": _("For one customer"),
        "reseller": _("For customers of a reseller"),
    }


def _options(every: str, pairs: Any) -> list[dict[str, Any]]:
    return [{"value": "", "label": every}, *({"value": value, "label": label} for value, label in pairs)]


def _row(version: Any) -> dict[str, Any]:
    return {**row_of(version, today=timezone.now().date()), "products": version.line_count, "sold": version.sold}


@require_safe
@requires(Permission.PRICING_VIEW)
def export(request: PortalRequest) -> StreamingHttpResponse:
    """Give the list as a CSV file: what the filters of the address leave, all pages of it."""
    address, today = _address(request), timezone.now().date()
    sort = address.get("sort", DEFAULT_ORDER)
    found = queries.all_bundles(request.actor, _filter(address), today=today, sort=sort)
    header = (
        *(_("Bundle"), _("Version"), _("For"), _("Products"), _("Price"), _("Currency"), _("Billing frequency")),
        *(_("Term"), _("State"), _("On sale from"), _("First day on which it is not sold any more"), _("Sold")),
    )
    rows = while_allowed(request.actor, Permission.PRICING_VIEW, found, every=queries.BATCH)
    return csv_response(f"bundles-{today:%Y-%m-%d}.csv", header, _export_rows(rows))


def _export_rows(found: Iterator[Any]) -> Iterator[tuple[object, ...]]:
    for version in found:
        row = _row(version)
        price = round_money(version.price, version.currency)
        facts = (version.get_billing_frequency_display(), version.term_text, row["state"])
        days = (version.valid_from, version.valid_until)
        names = (version.name, version.number, row["audience"], row["products"])
        yield (*names, price, version.currency, *facts, *days, row["sold"])


# --- one bundle ------------------------------------------------------------------------------------------------------
@require_safe
@requires(Permission.PRICING_VIEW)
def bundle(request: PortalRequest, bundle_id: UUID) -> HttpResponse:
    """Show a bundle: its products, its price, what remains of it, what was sold and what happened."""
    today = timezone.now().date()
    number = request.GET.get("version", "")
    version = queries.bundle_of(request.actor, bundle_id, number=int(number) if _is_number(number) else None)
    shelf = queries.shelf_of(request.actor, version.bundle.customer_id, today=today)
    products = queries.products_of(version, shelf)
    address = ListAddress.read(request, {"cursor": None})
    page = sales.sale_page(version, cursor=address.get("cursor"))
    is_active = version.bundle.status == BundleStatus.ACTIVE
    sees_money = request.actor.may(Permission.BILLING_VIEW)
    context = {
        "bundle": row_of(version, today=today),
        "description": version.description,
        "term_text": version.term_text,
        "terms": version.terms,
        "made_by": version.made_by_name,
        "is_old": not version.is_current,
        "products": [_product(product, version, sees_money=sees_money) for product in products],
        "margin": _margin(version, products) if sees_money else None,
        "is_missing": any(product.offered is None for product in products),
        "versions": [_version(one, version) for one in queries.versions_of(version)],
        "sales": [_sale(sale) for sale in page],
        "pager": address.pager(page),
        "commands": _commands(request, version) if is_active and version.is_current else None,
        "entries": timeline.entries(audit.timeline(request.actor, SUBJECT, bundle_id)),
    }
    return render(request, "bundles/bundle.html", context)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 8


def _commands(request: PortalRequest, version: BundleVersion) -> dict[str, str]:
    args = [version.bundle_id]
    customer_id = version.bundle.customer_id
    to_all = reverse("bundles:choose_customer", args=args)
    return {
        "sell_url": reverse("bundles:sell", args=[customer_id, *args]) if customer_id else to_all,
        "change_url": reverse("bundles:change", args=args),
        "withdraw_url": reverse("bundles:withdraw", args=args),
        "why_not_sell": request.actor.why_not(Permission.SUBSCRIPTION_BUY),
        "why_not_change": why_not_define(request),
    }


def _product(product: Product, version: BundleVersion, *, sees_money: bool) -> dict[str, Any]:
    line, offered = product.line, product.offered
    is_usage = offered is not None and not offered.unit_price
    return {
        "title": line.title,
        "family": ProductFamily(line.product_family).label,
        "term": way_text(offered, version.currency)
        if offered and sees_money
        else term_text(line.term, line.billing_frequency),
        "quantity": line.quantity,
        "cost": "" if offered is None or not sees_money else _("By usage") if is_usage else _money(product, version),
        "is_sold": offered is not None,
    }


def _money(product: Product, version: BundleVersion) -> str:
    return money_text(product.cost, version.currency)


def _margin(version: BundleVersion, products: list[Product]) -> dict[str, Any] | None:
    cost = queries.cost_of(products)
    return margin_of(version.price, cost, version.currency) if cost is not None else None


def _version(one: BundleVersion, shown: BundleVersion) -> dict[str, Any]:
    url = reverse("bundles:bundle", args=[one.bundle_id])
    return {
        "number": one.number,
        "url": url if one.is_current else f"{url}?version={one.number}",
        "is_shown": one.pk == shown.pk,
        "is_current": one.is_current,
        "name": one.name,
        "price": cycle_price_text(one.price, one.currency, one.billing_frequency),
        "made_by": one.made_by_name,
        "created_at": one.created_at,
    }


def _sale(sale: BundleSale) -> dict[str, Any]:
    version = sale.version
    return {
        "url": reverse("bundles:sale", args=[sale.pk]),
        "customer": sale.customer.organization.name,
        "quantity": sale.quantity,
        "version": version.number,
        "price": cycle_price_text(version.price * Decimal(sale.quantity), version.currency, version.billing_frequency),
        "by": sale.sold_by_name,
        "at": sale.created_at,
    }
