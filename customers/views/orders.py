"""What was ordered for a customer (reference 1.8)."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from customers import queries
from customers.enums import BillingFrequency, SubscriptionStatus
from customers.links import subscription_url
from customers.models import Subscription
from customers.navigation import show_customer
from customers.presentation import TONES, moved_text, quantity_text
from portal.accounts.access import requires, while_allowed
from portal.accounts.permissions import Permission
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, page_or_fragment
from portal.core.listing import ListAddress
from portal.core.money import money_text, round_money
from portal.core.pages import keyset_page, walk

EXPORT_BATCH = 1_000


@require_safe
@requires(Permission.SUBSCRIPTION_VIEW)
def orders(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Show the lines of a customer's orders, the newest first."""
    relationship = queries.customer_of(request.actor, customer_id)
    show_customer(request, relationship)
    address = ListAddress.read(request, {"cursor": None})
    found = queries.orders_of(request.actor, customer_id)
    page = keyset_page(found, order=queries.ORDER_ORDER, cursor=address.get("cursor"))
    return page_or_fragment(
        request,
        page="customers/orders.html",
        fragment="customers/_orders.html",
        context={
            "customer": relationship,
            "rows": [_row(request, subscription) for subscription in page],
            "pager": address.pager(page),
            "export_reason": request.actor.why_not(Permission.CUSTOMER_EXPORT),
        },
    )


def _row(request: PortalRequest, subscription: Subscription) -> dict[str, Any]:
    status = SubscriptionStatus(subscription.status)
    return {
        "order_id": subscription.order_id,
        "url": subscription_url(request.actor, subscription.pk, subscription.product_family),
        "at": subscription.created_at,
        "product": subscription.product_name,
        "name": subscription.friendly_name if subscription.friendly_name != subscription.product_name else "",
        "quantity": quantity_text(subscription),
        "amount": _amount(subscription),
        "frequency": BillingFrequency(subscription.billing_frequency).label,
        "tone": TONES[status],
        "status": status.label,
        "moved": _came_from(subscription),
    }


def _came_from(subscription: Subscription) -> str:
    before = subscription.transferred_from
    return moved_text(before=before.billing_owner.organization.name, came_at=before.transferred_at) if before else ""


def _amount(subscription: Subscription) -> str:
    """What one billing cycle costs before tax; nothing for what is billed by usage."""
    if subscription.unit_price is None:
        return ""
    amount = round_money(subscription.unit_price * subscription.quantity, subscription.currency)
    return money_text(amount, subscription.currency)


@require_safe
@requires(Permission.CUSTOMER_EXPORT)
def orders_export(request: PortalRequest, customer_id: UUID) -> StreamingHttpResponse:
    """Give all lines of a customer's orders as a CSV file."""
    queries.customer_of(request.actor, customer_id)
    found = queries.orders_of(request.actor, customer_id)
    rows = while_allowed(
        request.actor,
        Permission.CUSTOMER_EXPORT,
        walk(found, order=queries.ORDER_ORDER, size=EXPORT_BATCH),
        every=EXPORT_BATCH,
    )
    header = (_("Order number"), _("Date (UTC)"), _("Product"), _("Quantity"), _("Amount"), _("Currency"), _("Status"))
    return csv_response(f"orders-{timezone.now():%Y-%m-%d}.csv", header, _export_rows(rows))


def _export_rows(rows: Iterable[Subscription]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        amount = "" if row.unit_price is None else round_money(row.unit_price * row.quantity, row.currency)
        status = SubscriptionStatus(row.status).label
        yield (
            row.order_id,
            f"{row.created_at:%Y-%m-%d %H:%M}",
            row.product_name,
            row.quantity,
            amount,
            row.currency,
            status,
        )
