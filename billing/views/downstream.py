"""What the partner bills its customers for an invoice, by its own prices (A13)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.models import Invoice
from billing.presentation import month_text
from billing.queries.downstream import Resold, resold
from billing.queries.invoices import invoice_of
from portal.accounts.access import requires, while_allowed
from portal.accounts.permissions import Permission
from portal.core.exports import csv_response
from portal.core.http import PortalRequest
from portal.core.money import money_text, round_money

SHOWN = 100  # customers; the file has every one
RECHECK = 500


@require_safe
@requires(Permission.BILLING_VIEW)
def customer_bills(request: PortalRequest, invoice_id: UUID) -> HttpResponse:
    """Show what each customer is billed for the charges of an invoice, what they cost, and what remains."""
    invoice = invoice_of(request.actor, invoice_id)
    sums: dict[UUID, list[Any]] = {}
    for found in resold(invoice):
        row = sums.setdefault(found.customer_id, [found.customer_name, Decimal(0), Decimal(0)])
        row[1] += found.cost
        row[2] += found.price
    rows = sorted(sums.values(), key=lambda row: (-row[2], row[0]))
    total = [_("Total"), *(sum((row[at] for row in rows), Decimal(0)) for at in (1, 2))]
    context = {
        "invoice": invoice,
        "month": month_text(invoice.month),
        "rows": [_worded(row, invoice) for row in rows[:SHOWN]],
        "total": _worded(total, invoice),
        "hidden": max(len(rows) - SHOWN, 0),
    }
    return render(request, "billing/invoices/customers.html", context)


def _worded(row: list[Any], invoice: Invoice) -> dict[str, str]:
    name, cost, price = row
    amounts = {"cost": cost, "price": price, "margin": price - cost}
    return {"name": name, **{key: money_text(amount, invoice.currency) for key, amount in amounts.items()}}


@require_safe
@requires(Permission.BILLING_VIEW)
def customer_bills_export(request: PortalRequest, invoice_id: UUID) -> StreamingHttpResponse:
    """Give the same as a CSV file, by customer and product."""
    invoice = invoice_of(request.actor, invoice_id)
    header = (
        *("InvoiceNumber", "CustomerId", "CustomerName", "ProductName", "Lines"),
        *("Cost", "CustomerPrice", "Margin", "Currency", "OwnPrice"),
    )
    rows = while_allowed(request.actor, Permission.BILLING_VIEW, resold(invoice), every=RECHECK)
    return csv_response(f"customer-bills-{invoice.number}.csv", header, _export_rows(invoice, rows))


def _export_rows(invoice: Invoice, found: Iterator[Resold]) -> Iterator[tuple[object, ...]]:
    for one in found:
        amounts = (round_money(amount, invoice.currency) for amount in (one.cost, one.price, one.margin))
        own = "yes" if one.has_own_price else "no"
        names = (invoice.number, one.customer_id, one.customer_name, one.product_name, one.line_count)
        yield (*names, *amounts, invoice.currency, own)
