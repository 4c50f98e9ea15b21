"""The workspace's list over all customers, its export, and the page of one customer (reference 6.4.1, wish W1)."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from customers.navigation import show_customer
from customers.queries import as_uuid, customer_of
from portal.accounts.access import requires, while_allowed
from portal.accounts.actor import denied
from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, page_or_fragment, redirect_to
from portal.core.listing import ListAddress, addresses, short_moments, status_mark
from transfers import queries
from transfers.enums import Direction, Party, ProductType, TransferStatus
from transfers.forms.list import FILTERS, read_address, read_filter
from transfers.models import Transfer
from transfers.presentation import action_required, product_types_label, time_left, tone_of
from transfers.queries import lists

SHOWN_OF_A_CUSTOMER = 20  # of each block; the rest stands in the workspace's list


@require_safe
@requires(Permission.TRANSFER_VIEW)
def transfers(request: PortalRequest) -> HttpResponse:
    """List the transfers of the partner over all its customers; a transfer's id leads straight to it."""
    address = read_address(request, reverse("transfers:list"))
    wanted, now = read_filter(address), timezone.now()
    transfer_id = as_uuid(wanted.text)
    if transfer_id and queries.find_transfer(request.actor, transfer_id):
        return redirect_to(request, reverse("transfers:detail", args=[transfer_id]))
    sort, cursor = address.get("sort", queries.DEFAULT_ORDER), address.get("cursor")
    page = queries.transfer_page(request.actor, wanted, now=now, sort=sort, cursor=cursor)
    headers = address.sort_headers(("customer", "requested", "expires"), default=queries.DEFAULT_ORDER)
    return page_or_fragment(
        request,
        page="transfers/list.html",
        fragment="transfers/_list.html",
        context={
            "rows": _list_rows(request, page),
            "headers": headers,
            "pager": address.pager(page),
            "values": {name: address.get(name) for name in (*FILTERS, "sort")},
            "options": _options(),
            "chips": address.chips(_chip_labels(request, wanted, page.rows)),
            "list_url": address.path,
            "tiles": _tiles(request, address),
            "export_url": address.url(reverse("transfers:export"), cursor=""),
            "is_reseller": _is_reseller(request),
            "why_not": {
                "create": _why_not(request, Permission.TRANSFER_CREATE),
                "export": _why_not(request, Permission.CUSTOMER_EXPORT),
            },
        },
    )


def _is_reseller(request: PortalRequest) -> bool:
    return request.actor.organization_kind == OrganizationKind.INDIRECT_RESELLER


def _why_not(request: PortalRequest, permission: Permission) -> str:
    """Return why the person may not do this and who may; nothing for those who may."""
    if request.actor.may(permission):
        return ""
    return denied(permission, kind=request.actor.organization_kind).explanation


def _list_rows(request: PortalRequest, found: Iterable[Transfer]) -> list[dict[str, str]]:
    """Lay out transfers as texts, which the row of the list only puts in their places (quality row 30)."""
    day = short_moments()
    moments = ("requested_at", "expires_at", "transferred_at")
    names = ("url", "customer", "other", "direction", "action", "action_url", "product_types", "time_left")
    return [
        {
            "id": str(row["id"]),
            "status": status_mark(row["tone"], row["status"]),
            **{name: row[name] for name in names},
            **{name: day(row[name]) for name in moments},
        }
        for row in (row_of(request, transfer) for transfer in found)
    ]


def row_of(request: PortalRequest, transfer: Transfer) -> dict[str, Any]:
    """Lay out a transfer as a row of a list shows it, from the side of the reader's company."""
    is_received, now = queries.party_of(transfer, request.actor) == Party.SOURCE, timezone.now()
    other = transfer.target_partner if is_received else transfer.source_partner
    return {
        "id": transfer.pk,
        "url": addresses("transfers:detail")(transfer.pk),
        "customer": transfer.customer.organization.name,
        "customer_id": transfer.customer_id,
        "direction": _("Received") if is_received else _("Sent") if transfer.sent_at else _("Prepared"),
        "is_received": is_received,
        "other": other.organization.name,
        "status": transfer.get_status_display(),
        "tone": tone_of(transfer),
        "action": action_required(transfer, request.actor),
        "action_url": _action_url(request, transfer),
        "requested_at": transfer.sent_at or transfer.created_at,
        "expires_at": transfer.expires_at if transfer.status == TransferStatus.PENDING else None,
        "time_left": time_left(transfer, now),
        "transferred_at": transfer.finished_at,
        "product_types": product_types_label(transfer.product_types),
        "created_by": transfer.created_by_name if transfer.status == TransferStatus.DRAFT else "",
    }


def _action_url(request: PortalRequest, transfer: Transfer) -> str:
    """Return where the required action is done, for those who may do it."""
    own, actor = request.actor.organization_id, request.actor
    if transfer.status == TransferStatus.PENDING and transfer.source_partner_id == own:
        return addresses("transfers:review")(transfer.pk) if actor.may(Permission.TRANSFER_ACCEPT) else ""
    if transfer.status == TransferStatus.DRAFT and transfer.target_partner_id == own:
        return addresses("transfers:send_draft")(transfer.pk) if actor.may(Permission.TRANSFER_CREATE) else ""
    return ""


def _options() -> dict[str, list[dict[str, Any]]]:
    def choices(every: str, pairs: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
        return [{"value": "", "label": every}, *({"value": value, "label": label} for value, label in pairs)]

    return {
        "direction": choices(_("Sent and received"), Direction.choices),
        "status": choices(_("All states"), TransferStatus.choices),
        "action": choices(_("With and without"), [("yes", _("Required")), ("no", _("Not required"))]),
        "type": choices(_("All kinds"), ProductType.choices),
        "expiring": choices(_("Any time"), [("yes", _expiring_label())]),
    }


def _expiring_label() -> str:
    return _("Within %(count)s days") % {"count": settings.TRANSFER_REMINDER_DAYS}


def _chip_labels(request: PortalRequest, wanted: queries.TransferFilter, rows: Iterable[Transfer]) -> dict[str, str]:
    labels = {
        "q": _("Search: %(text)s") % {"text": wanted.text},
        "direction": str(Direction(wanted.direction).label) if wanted.direction else "",
        "status": str(TransferStatus(wanted.status).label) if wanted.status else "",
        "action": _("Action required") if wanted.action == "yes" else _("No action required"),
        "type": str(ProductType(wanted.product_type).label) if wanted.product_type else "",
        "expiring": _("Expires: %(when)s") % {"when": _expiring_label()},
    }
    if wanted.customer_id:
        name = next((row.customer.organization.name for row in rows), str(wanted.customer_id))
        labels["customer"] = _("Customer: %(name)s") % {"name": name}
    return labels


def _tiles(request: PortalRequest, address: ListAddress) -> list[dict[str, Any]]:
    """Count what is open; each figure leads to its part of the list."""
    counts, actor = queries.open_counts(request.actor, now=timezone.now()), request.actor
    is_reseller = _is_reseller(request)
    pending, running = TransferStatus.PENDING.value, TransferStatus.IN_PROGRESS.value

    def tile(label: str, value: int, *, tone: str = "", **query: str) -> dict[str, Any]:
        url = ListAddress(path=address.path, values=query).url()
        return {"label": label, "value": value, "url": url, "tone": tone if value else ""}

    to_review = tile(_("To review"), counts.to_review, tone="info", direction=Direction.RECEIVED.value, status=pending)
    drafts = tile(
        _("Prepared, not sent"), counts.drafts, tone="" if is_reseller else "info", status=TransferStatus.DRAFT.value
    )
    found = [
        tile(_("Waiting for the other partner"), counts.waiting, direction=Direction.SENT.value, status=pending),
        tile(_("In progress"), counts.in_progress, status=running),
        tile(_("Expiring soon"), counts.expiring, tone="warning", expiring="yes"),
    ]
    if not is_reseller:
        found.insert(0, to_review)
    return [*found, drafts] if actor.organization_kind != OrganizationKind.DIRECT_BILL or counts.drafts else found


@require_safe
@requires(Permission.CUSTOMER_EXPORT)
def export(request: PortalRequest) -> StreamingHttpResponse:
    """Give the list as a CSV file: exactly what the filters of the address leave, all pages of it."""
    address = read_address(request, reverse("transfers:list"))
    sort = address.get("sort", queries.DEFAULT_ORDER)
    found = queries.all_transfers(request.actor, read_filter(address), now=timezone.now(), sort=sort)
    rows = while_allowed(request.actor, Permission.CUSTOMER_EXPORT, found, every=lists.EXPORT_BATCH)
    header = (
        _("Transfer request ID"),
        _("Direction"),
        _("Customer"),
        _("Microsoft ID of the customer"),
        _("Other partner"),
        _("Kinds of items"),
        _("Status"),
        _("Action required"),
        _("Request date"),
        _("Expiry date"),
        _("Transfer date"),
    )
    return csv_response(f"transfers-{timezone.now():%Y-%m-%d}.csv", header, _export_rows(request, rows))


def _export_rows(request: PortalRequest, found: Iterable[Transfer]) -> Iterator[tuple[object, ...]]:
    names = ("id", "direction", "customer", "customer_id", "other", "product_types", "status", "action", "requested_at")
    for transfer in found:
        row = row_of(request, transfer)
        yield (*(row[name] for name in names), transfer.expires_at, row["transferred_at"])


@require_safe
@requires(Permission.TRANSFER_VIEW)
def customer_transfers(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Show what was asked for this customer: sent, received and prepared requests."""
    relationship = customer_of(request.actor, customer_id)
    show_customer(request, relationship)
    blocks = {
        "drafts": _block(request, customer_id, status=TransferStatus.DRAFT),
        "sent": _block(request, customer_id, direction=Direction.SENT),
        "received": _block(request, customer_id, direction=Direction.RECEIVED),
    }
    return page_or_fragment(
        request,
        page="transfers/customer.html",
        fragment="transfers/_customer.html",
        context={
            "customer": relationship,
            "blocks": blocks,
            "is_reseller": _is_reseller(request),
            "why_not_create": _why_not(request, Permission.TRANSFER_CREATE),
        },
    )


def _block(request: PortalRequest, customer_id: UUID, *, direction: str = "", status: str = "") -> dict[str, Any]:
    wanted = queries.TransferFilter(direction=direction, status=status, customer_id=customer_id)
    page = queries.transfer_page(request.actor, wanted, now=timezone.now(), size=SHOWN_OF_A_CUSTOMER)
    everything = {"customer": str(customer_id), "direction": str(direction), "status": str(status)}
    return {
        "rows": [row_of(request, transfer) for transfer in page],
        "more_url": ListAddress(reverse("transfers:list"), {}).url(**everything) if page.next_cursor else "",
    }
