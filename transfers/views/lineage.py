"""A subscription over its owners (X8)."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from customers.enums import SubscriptionStatus
from customers.presentation import TONES, quantity_text, status_text
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.http import PortalRequest
from transfers.queries.lineage import Neighbor, Part, lineage_of


@require_safe
@requires(Permission.TRANSFER_VIEW)
def lineage(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Show from whom the partner got a subscription, and to whom it went."""
    parts = lineage_of(request.actor, subscription_id)
    asked = next(part.subscription for part in parts if part.subscription.pk == subscription_id)
    context = {
        "name": asked.friendly_name,
        "parts": [_part(part, is_asked=part.subscription.pk == subscription_id) for part in reversed(parts)],
    }
    return render(request, "transfers/lineage.html", context)


def _part(part: Part, *, is_asked: bool) -> dict[str, Any]:
    row = part.subscription
    return {
        "id": row.pk,
        "name": row.friendly_name,
        "is_asked": is_asked,
        "owner": row.billing_owner.organization.name,
        "tone": TONES[SubscriptionStatus(row.status)],
        "status": status_text(row),
        "quantity": quantity_text(row),
        "order_id": row.order_id,
        "partner_on_record": row.partner_on_record,
        "since": part.came_from.at if part.came_from else row.created_at,
        "came_from": _neighbor(part.came_from),
        "went_to": _neighbor(part.went_to),
    }


def _neighbor(neighbor: Neighbor | None) -> dict[str, Any]:
    if neighbor is None:
        return {}
    url = reverse("transfers:detail", args=[neighbor.transfer_id]) if neighbor.transfer_id else ""
    return {"name": neighbor.name, "at": neighbor.at, "url": url, "subscription_id": neighbor.subscription_id}
