"""A customer's subscriptions, by kind of product (reference 1.6)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from customers import queries
from customers.enums import BillingFrequency, ProductTab, SubscriptionStatus, Term
from customers.models import Subscription
from customers.navigation import show_customer
from customers.presentation import TONES, moved_text, quantity_text, status_text
from customers.queries import SubscriptionLine
from customers.views.reasons import why_not_import
from portal.accounts.access import requires, while_allowed
from portal.accounts.permissions import Permission
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, page_or_fragment
from portal.core.listing import ListAddress
from portal.core.pages import walk

ALL = "all"
EXPORT_BATCH = 1_000


@require_safe
@requires(Permission.SUBSCRIPTION_VIEW)
def subscriptions(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Show what a customer has of one kind; the first tab that holds something unless the address names one."""
    relationship = queries.customer_of(request.actor, customer_id)
    show_customer(request, relationship)
    address = _address(request)
    counts = queries.subscription_counts(request.actor, customer_id)
    tab = ProductTab(address.get("tab") or _first_tab(counts))
    address = ListAddress(address.path, {**address.values, "tab": tab.value})
    page = queries.subscription_lines(
        request.actor, customer_id, tab=tab, status=address.get("status"), cursor=address.get("cursor")
    )
    rows = [_row(line) for line in page]
    return page_or_fragment(
        request,
        page="customers/subscriptions.html",
        fragment="customers/_subscriptions.html",
        context={
            "customer": relationship,
            "tab": tab,
            "tabs": _tabs(address, tab, counts),
            "rows": rows,
            "table": _table_of(request, tab, rows),
            "statuses": _statuses(),
            "status": address.get("status"),
            "chips": address.chips({"status": _status_label(address.get("status"))}),
            "pager": address.pager(page),
            "path": address.path,
            "clear_url": address.url(status="", cursor=""),
            "exports": _exports(address, customer_id),
            "export_reason": request.actor.why_not(Permission.CUSTOMER_EXPORT),
            "add_url": reverse(settings.ADD_PRODUCTS_PAGE, args=[customer_id]),
            "add_reason": request.actor.why_not(Permission.SUBSCRIPTION_BUY),
            "import_url": reverse("customers:import_subscriptions", args=[customer_id]),
            "import_reason": why_not_import(request.actor),
        },
    )


def _table_of(request: PortalRequest, tab: ProductTab, rows: list[dict[str, Any]]) -> str:
    """Return the table of a tab that another app draws; nothing where the rows are drawn here."""
    drawn_by = settings.PRODUCT_TAB_TABLES.get(tab.value)
    return str(import_string(drawn_by)(request, rows)) if drawn_by and rows else ""


def _address(request: PortalRequest) -> ListAddress:
    statuses = [*SubscriptionStatus.values, ALL]
    return ListAddress.read(request, {"tab": ProductTab.values, "status": statuses, "cursor": None})


def _first_tab(counts: Mapping[ProductTab, int]) -> ProductTab:
    return next((tab for tab in ProductTab if counts[tab]), ProductTab.LICENSE_BASED)


def _tabs(address: ListAddress, current: ProductTab, counts: Mapping[ProductTab, int]) -> list[dict[str, Any]]:
    return [
        {"label": tab.label, "url": address.url(tab=tab, cursor=""), "selected": tab == current, "count": counts[tab]}
        for tab in ProductTab
    ]


def _statuses() -> list[dict[str, Any]]:
    choices = [("", _("Current")), (ALL, _("All, with expired ones")), *SubscriptionStatus.choices]
    return [{"value": value, "label": label} for value, label in choices]


def _status_label(status: str) -> str:
    return str(dict(SubscriptionStatus.choices).get(status, _("All, with expired ones")))


def _row(line: SubscriptionLine) -> dict[str, Any]:
    moved = moved_text(
        after=line.owner_after, moved_at=line.transferred_at, before=line.owner_before, came_at=line.came_at
    )
    return {
        "id": line.pk,
        "url": reverse(settings.PRODUCT_PAGE, args=[line.pk]),
        "name": line.friendly_name,
        "below": line.parent_name or "",
        "product": line.product_name if line.product_name != line.friendly_name else "",
        "quantity": quantity_text(line),
        "tone": TONES[SubscriptionStatus(line.status)],
        "status": status_text(line),
        "moved": moved,
        "term": Term(line.term).label,
        "frequency": BillingFrequency(line.billing_frequency).label,
        "reseller": line.reseller_name or "",
        "partner_on_record": line.partner_on_record,
    }


def _exports(address: ListAddress, customer_id: UUID) -> dict[str, str]:
    export = reverse("customers:subscriptions_export", args=[customer_id])
    return {"shown": address.url(export, cursor=""), "all": f"{export}?status={ALL}"}


@require_safe
@requires(Permission.CUSTOMER_EXPORT)
def subscriptions_export(request: PortalRequest, customer_id: UUID) -> StreamingHttpResponse:
    """Give a customer's subscriptions as a CSV file: those of a tab and state, or all, expired ones too."""
    queries.customer_of(request.actor, customer_id)
    address = _address(request)
    tab = ProductTab(address.get("tab")) if address.get("tab") else None
    found = queries.subscriptions_of(request.actor, customer_id, tab=tab, status=address.get("status"))
    rows = while_allowed(
        request.actor,
        Permission.CUSTOMER_EXPORT,
        walk(found, order=queries.SUBSCRIPTION_ORDER, size=EXPORT_BATCH),
        every=EXPORT_BATCH,
    )
    header = (_("Subscription ID"), _("Subscription"), _("Quantity"), _("Status"), _("Reseller ID"))
    return csv_response(f"subscriptions-{timezone.now():%Y-%m-%d}.csv", header, _export_rows(rows))


def _export_rows(rows: Iterable[Subscription]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        yield row.pk, row.product_name, row.quantity, SubscriptionStatus(row.status).label, row.partner_on_record
