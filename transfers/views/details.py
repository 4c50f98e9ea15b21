"""One transfer: its facts, its commands, its items while they move and after, its money (6.4.3, T10, T13, X3)."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from customers.links import subscription_urls
from portal.accounts.access import requires, while_allowed
from portal.accounts.permissions import Permission
from portal.audit import queries as audit
from portal.audit import timeline
from portal.core.errors import Refusal
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, page_or_fragment, redirect_to
from portal.core.listing import ListAddress
from transfers import workflow
from transfers.enums import LineItemStatus, Party, TransferStatus
from transfers.presentation import action_required, may_have_moved_azure, product_types_label, time_left
from transfers.queries import details as queries
from transfers.queries.details import EXPORT_BATCH, Detail
from transfers.views import item_rows
from transfers.views.commands import commands_of
from transfers.views.wording import close_reason, status_of

PAGE_SIZES = ("25", "50")


@require_safe
@requires(Permission.TRANSFER_VIEW)
def detail(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    """Show a transfer to one of its partners; for htmx only the items, another page or state of them."""
    return _page(request, queries.detail_of(request.actor, transfer_id))


def _page(request: PortalRequest, found: Detail, *, refusal: Refusal | None = None) -> HttpResponse:
    now, transfer = timezone.now(), found.transfer
    commands = commands_of(transfer, found.party, actor=request.actor, now=now)
    context = {
        "transfer_id": transfer.pk,
        "detail": found,
        "fields": found.fields,
        "customer_name": transfer.customer.organization.name,
        "customer_url": _customer_url(request, found),
        "access_url": _access_url(request, found),
        "status": status_of(transfer),
        "action_required": action_required(transfer, request.actor),
        "kinds": product_types_label(transfer.product_types),
        "time_left": time_left(transfer, now),
        "close_reason": close_reason(found.fields.get("close_reason", "")),
        "is_source": found.party == Party.SOURCE,
        "is_unseen": found.party == Party.SOURCE and transfer.status == TransferStatus.PENDING and not transfer.seen_at,
        "commands": commands,
        "entries": timeline.entries(audit.timeline(request.actor, "transfer", transfer.pk)),
        "log_url": _log_url(request, transfer.pk),
        "refusal": refusal,
        "statement_url": reverse("transfers:statement", args=[transfer.pk])
        if found.shows_money and not found.is_running
        else "",
        **_items_context(request, found),
    }
    status = refusal.http_status if refusal else 200
    return page_or_fragment(
        request, page="transfers/detail.html", fragment="transfers/_items.html", context=context, status=status
    )


def _customer_url(request: PortalRequest, found: Detail) -> str:
    """The customer's page, for those who have the customer: the reseller of a draft and both partners do."""
    if not request.actor.may(Permission.CUSTOMER_VIEW):
        return ""
    return reverse("customers:customer", args=[found.transfer.customer_id])


def _access_url(request: PortalRequest, found: Detail) -> str:
    """Where it stands who has access to the Azure subscriptions; nothing while none can have moved."""
    if not may_have_moved_azure(found.transfer) or not request.actor.may(Permission.SUBSCRIPTION_VIEW):
        return ""
    return reverse(settings.AZURE_ACCESS_PAGE, args=[found.transfer.customer_id])


def _log_url(request: PortalRequest, transfer_id: UUID) -> str:
    if not request.actor.may(Permission.ACTIVITY_LOG_VIEW):
        return ""
    return f"{reverse('audit:log')}?{urlencode({'history': 'all', 'id': transfer_id})}"


# --- items -----------------------------------------------------------------------------------------------------------
def _address(request: PortalRequest, found: Detail) -> ListAddress:
    allowed = {"state": LineItemStatus.values, "cursor": None, "size": PAGE_SIZES}
    read = ListAddress.read(request, allowed)
    return ListAddress(reverse("transfers:detail", args=[found.transfer.pk]), read.values)


def _items_context(request: PortalRequest, found: Detail) -> dict[str, Any]:
    """What the items need; the page, the part that htmx swaps and the part that asks anew show the same."""
    address, transfer = _address(request, found), found.transfer
    live = reverse("transfers:live", args=[transfer.pk])
    context: dict[str, Any] = {
        "detail": found,
        "shows_items": found.shows_items,
        "is_running": found.is_running,
        "live_url": address.url(live) if found.is_running else "",
        "detail_url": address.url(),
        "moved_label": item_rows.moved_label(found.party),
        "id_label": _("Subscription ID") if found.party == Party.SOURCE else _("New subscription ID"),
    }
    if not found.shows_items:
        return context
    size = int(address.get("size", "25"))
    page = queries.item_page(found, status=address.get("state"), cursor=address.get("cursor"), size=size)
    rows = [item_rows.row_of(found, item) for item in page]
    urls = subscription_urls(request.actor, (row["subscription_id"] for row in rows))
    return context | {
        "rows": [{**row, "url": urls.get(row["subscription_id"], "")} for row in rows],
        "tabs": _tabs(found, address),
        "pager": address.pager(page),
        "sizes": [{"label": size, "url": address.url(size=size, cursor="")} for size in PAGE_SIZES],
        "export_url": reverse("transfers:items", args=[transfer.pk]),
        "progress": _progress(found) if found.is_running else None,
    }


def _tabs(found: Detail, address: ListAddress) -> list[dict[str, Any]]:
    """The states an item can be in; how many are in it stands in the row of the transfer, while nothing moves."""
    fields = found.fields
    counts: dict[str, int] = {
        "": fields["items_total"],
        LineItemStatus.COMPLETED: fields["items_completed"],
        LineItemStatus.FAILED: fields["items_failed"],
    }
    running: list[str] = ["", *LineItemStatus]
    return [
        {
            "label": LineItemStatus(state).label if state else _("All items"),
            "url": address.url(state=str(state), cursor=""),
            "selected": address.get("state") == state,
            "count": None if found.is_running else number_format(counts[state], force_grouping=True),
        }
        for state in (running if found.is_running else counts)
    ]


def _progress(found: Detail) -> dict[str, Any]:
    """How far a transfer is, from the counters of its row, and when it will probably end (T10)."""
    transfer, now = found.transfer, timezone.now()
    done = transfer.items_completed + transfer.items_failed
    numbers = {"done": done, "total": transfer.items_total}
    due_at = queries.next_try(transfer)
    return {
        "value": done,
        "max": transfer.items_total,
        "text": _("%(done)s of %(total)s items") % {name: _number(count) for name, count in numbers.items()},
        "completed": _number(transfer.items_completed),
        "failed": _number(transfer.items_failed),
        "open": _number(transfer.items_open),
        "next_try": due_at if due_at and due_at > now else None,
        "expected_end": queries.expected_end(transfer, due_at=due_at, now=now),
        "retry_until": transfer.retry_until,
    }


def _number(count: int) -> str:
    return str(number_format(count, force_grouping=True))


@require_safe
@requires(Permission.TRANSFER_VIEW)
def live(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    """Say how far a running transfer is; the page asks until it has ended."""
    found = queries.detail_of(request.actor, transfer_id)
    context = _items_context(request, found)
    if not request.htmx:
        return redirect_to(request, context["detail_url"])
    return render(request, "transfers/_live.html", context | {"status": status_of(found.transfer)})


@require_safe
@requires(Permission.TRANSFER_VIEW)
def items(request: PortalRequest, transfer_id: UUID) -> StreamingHttpResponse:
    """Give the items as a CSV file, with what the party may read of them."""
    found = queries.detail_of(request.actor, transfer_id)
    rows = while_allowed(request.actor, Permission.TRANSFER_VIEW, queries.all_items(found), every=EXPORT_BATCH)
    lines = item_rows.export_rows(found, rows)
    return csv_response(f"transfer-{transfer_id}.csv", item_rows.export_header(found), lines)


@require_safe
@requires(Permission.TRANSFER_VIEW)
def statement(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    """Show what the moved items credit or charge in all, by currency (X3)."""
    found = queries.detail_of(request.actor, transfer_id)
    context = {
        "transfer_id": transfer_id,
        "customer_name": found.transfer.customer.organization.name,
        "totals": item_rows.total_rows(queries.totals(found)),
        "is_source": found.party == Party.SOURCE,
        "moved_label": item_rows.moved_label(found.party),
        "accepted_at": found.transfer.accepted_at if found.shows_money else None,
    }
    return page_or_fragment(
        request, page="transfers/statement.html", fragment="transfers/_statement.html", context=context
    )


@require_POST
@requires(Permission.TRANSFER_CREATE)
def retry(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    """Have the failed items tried again."""
    found = queries.detail_of(request.actor, transfer_id)
    try:
        workflow.retry_failed_items(transfer_id=transfer_id, actor=request.actor, now=timezone.now())
    except Refusal as refusal:
        return _page(request, found, refusal=refusal)
    messages.success(request, _("The failed items are being tried again."))
    return redirect_to(request, reverse("transfers:detail", args=[transfer_id]))
