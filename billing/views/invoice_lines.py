"""The lines of an invoice, each with its customer and subscription (A7)."""

import datetime
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.forms.invoice_lines import FILTERS, read_address, read_filter
from billing.models import InvoiceLine
from billing.presentation import month_text
from billing.queries.invoice_lines import line_page
from billing.queries.invoices import invoice_of
from customers.enums import ProductFamily
from customers.links import customer_urls, subscription_url
from portal.accounts.access import requires
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.http import PortalRequest, page_or_fragment
from portal.core.listing import ListAddress
from portal.core.money import money_text


@require_safe
@requires(Permission.BILLING_VIEW)
def invoice_lines(request: PortalRequest, invoice_id: UUID) -> HttpResponse:
    """List what stands on an invoice, by customer and subscription, and lead to both."""
    invoice = invoice_of(request.actor, invoice_id)
    address = read_address(request, reverse("billing:invoice_lines", args=[invoice.pk]))
    page = line_page(invoice, read_filter(address), cursor=address.get("cursor"))
    customers = customer_urls(request.actor, (line.charge.customer_id for line in page))
    return page_or_fragment(
        request,
        page="billing/invoices/lines.html",
        fragment="billing/invoices/_lines.html",
        context={
            "invoice": invoice,
            "month": month_text(invoice.month),
            "rows": [_row(line, request.actor, customers) for line in page],
            "pager": address.pager(page),
            "values": {name: address.get(name) for name in FILTERS},
            "families": [{"value": "", "label": _("All families")}, *_families()],
            "chips": address.chips(_chip_labels(address)),
            "list_url": address.path,
        },
    )


def _families() -> list[dict[str, str]]:
    return [{"value": str(value), "label": str(label)} for value, label in ProductFamily.choices]


def _chip_labels(address: ListAddress) -> dict[str, str]:
    family = address.get("family")
    return {
        "q": _("Search: %(text)s") % {"text": address.get("q")},
        "family": str(ProductFamily(family).label) if family else "",
    }


def _row(line: InvoiceLine, actor: Actor, customers: Mapping[UUID, str]) -> dict[str, Any]:
    charge, subscription = line.charge, line.charge.subscription
    return {
        "name": subscription.friendly_name,
        "product": line.product_name if line.product_name != subscription.friendly_name else "",
        "url": subscription_url(actor, subscription.pk, line.product_family),
        "customer": charge.customer.organization.name,
        "customer_url": customers.get(charge.customer_id, ""),
        "kind": charge.get_kind_display(),
        "first": charge.starts_on,
        "last": max(charge.ends_on - datetime.timedelta(days=1), charge.starts_on),
        "quantity": number_format(charge.quantity, force_grouping=True),
        "amount": money_text(charge.amount, charge.currency),
    }
