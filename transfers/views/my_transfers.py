"""A customer's own pages: which transfers concern it, and what changes for it (reference 6.8, wish W11)."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.http import PortalRequest, page_or_fragment
from portal.core.listing import ListAddress
from transfers import queries
from transfers.enums import CLOSED_STATUSES, FINISHED_STATUSES, TransferStatus
from transfers.models import Transfer
from transfers.presentation import may_have_moved_azure, product_types_label, time_left, tone_of

ITEMS_SHOWN = 500  # names of what moved; a customer with more finds them on its subscriptions


@require_safe
@requires(Permission.PARTNER_RELATIONSHIP_MANAGE)
def my_transfers(request: PortalRequest) -> HttpResponse:
    """List the transfers that concern the signed-in customer, newest first."""
    address = ListAddress.read(request, {"cursor": None})
    page = queries.transfer_page(
        request.actor, queries.TransferFilter(), now=timezone.now(), cursor=address.get("cursor")
    )
    return page_or_fragment(
        request,
        page="transfers/my_transfers.html",
        fragment="transfers/_my_transfers.html",
        context={"rows": [_row(request, transfer) for transfer in page], "pager": address.pager(page)},
    )


def _row(request: PortalRequest, transfer: Transfer) -> dict[str, Any]:
    """Lay out what the customer sees of a transfer: who, what state, when."""
    seen = queries.shown(transfer, queries.party_of(transfer, request.actor))
    return {
        "id": seen["id"],
        "source": seen["source_partner"].organization.name,
        "target": seen["target_partner"].organization.name,
        "reseller": seen["reseller"].organization.name if seen["reseller"] else "",
        "status": transfer.get_status_display(),
        "tone": tone_of(transfer),
        "product_types": product_types_label(seen["product_types"]),
        "time_left": time_left(transfer, timezone.now()),
        **{name: seen[name] for name in ("sent_at", "expires_at", "accepted_at", "closed_at", "finished_at")},
    }


@require_safe
@requires(Permission.PARTNER_RELATIONSHIP_MANAGE)
def my_transfer(request: PortalRequest, transfer_id: UUID) -> HttpResponse:
    """Show one transfer to its customer: how far it is, what changes and what stays, and what has moved."""
    transfer = queries.transfer_of(request.actor, transfer_id)
    party = queries.party_of(transfer, request.actor)
    items = queries.items_shown(transfer, party)[: ITEMS_SHOWN + 1]
    names = [queries.shown_item(item, party) for item in items]
    row = _row(request, transfer)
    return render(
        request,
        "transfers/my_transfer.html",
        {
            "row": row,
            "steps": _steps(transfer, row),
            "changes": _changes(transfer, row),
            "question": _what_to_do(transfer, row),
            "items": names[:ITEMS_SHOWN],
            "has_more_items": len(names) > ITEMS_SHOWN,
            "is_over": transfer.status in FINISHED_STATUSES,
            "access_url": reverse(settings.MY_AZURE_ACCESS_PAGE) if may_have_moved_azure(transfer) else "",
        },
    )


def _steps(transfer: Transfer, row: dict[str, Any]) -> list[dict[str, Any]]:
    """What has happened so far, newest first."""
    names = {"source": row["source"], "target": row["target"]}
    closed = {
        TransferStatus.CANCELED: pgettext("transfer", "Canceled"),
        TransferStatus.DECLINED: _("Declined by %(source)s") % names,
        TransferStatus.EXPIRED: _("Expired: nobody answered in time"),
    }
    said = [
        (row["sent_at"], _("Requested by %(target)s") % names, "info"),
        (row["accepted_at"], _("Accepted by %(source)s") % names, "info"),
        (row["closed_at"], closed.get(TransferStatus(transfer.status), ""), "neutral"),
        (row["finished_at"], transfer.get_status_display(), row["tone"]),
    ]
    return [{"at": at, "title": title, "tone": tone} for at, title, tone in reversed(said) if at]


def _changes(transfer: Transfer, row: dict[str, Any]) -> list[dict[str, str]]:
    """What a transfer means for the customer (reference 6.8); nothing where it ended before anything moved."""
    if transfer.status in CLOSED_STATUSES:
        return []
    names = {"source": row["source"], "target": row["target"]}
    changes = [
        {
            "label": _("Who bills you"),
            "value": _("%(target)s, for everything that moves and from the day on which it moves.") % names,
        },
        {"label": _("Whom you ask for help"), "value": _("%(target)s, for everything that moves.") % names},
        {
            "label": _("Your services"),
            "value": _("Go on without a break. Licenses, assignments and resources stay as they are."),
        },
        {
            "label": _("Access rights"),
            "value": _(
                "Do not move. %(source)s keeps the access it has and %(target)s gets none, until you change that"
                " in your own administration."
            )
            % names,
        },
    ]
    if transfer.status == TransferStatus.PENDING:
        choice = _("%(source)s chooses it. Tell both partners what you want.") % names
        changes.append({"label": _("What moves"), "value": choice})
    return changes


def _what_to_do(transfer: Transfer, row: dict[str, Any]) -> str:
    """Say how the customer can stop it, or what is left to do; it answers no request itself (T1)."""
    names = {"source": row["source"], "target": row["target"]}
    if transfer.status == TransferStatus.PENDING:
        return (
            _(
                "You need not do anything here. If you do not want this, ask %(target)s to cancel the request,"
                " or %(source)s to decline it."
            )
            % names
        )
    if transfer.status in FINISHED_STATUSES:
        return _("Check who has access to your tenant: roles and administration rights are as they were.")
    return ""
