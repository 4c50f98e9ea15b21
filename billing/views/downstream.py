"""What the partner bills its customers for an invoice, by its own prices (A13)."""

import datetime
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from billing.enums import ChargeKind
from billing.models import Invoice
from billing.presentation import month_text
from billing.queries.bill_lines import BillLine, lines_of
from billing.queries.downstream import BUNDLE, Resold, resold
from billing.queries.invoices import invoice_of
from customers.links import customer_urls
from customers.queries import as_uuid, customer_of
from portal.accounts.access import requires, while_allowed
from portal.accounts.permissions import Permission
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, page_or_fragment
from portal.core.listing import ListAddress
from portal.core.money import money_text, round_money

SHOWN = 100  # customers; the file has every one
ROWS_AT_ONCE = 25  # of the bill of one customer
_SUMS = ("cost", "price")
RECHECK = 500


@require_safe
@requires(Permission.BILLING_VIEW)
def customer_bills(request: PortalRequest, invoice_id: UUID) -> HttpResponse:
    """Show what each customer is billed for the charges of an invoice, what they cost, and what remains."""
    invoice = invoice_of(request.actor, invoice_id)
    sums: dict[UUID, list[Any]] = {}
    for found in resold(invoice):
        url = reverse("billing:customer_bill", args=[invoice.pk, found.customer_id])
        row = sums.setdefault(found.customer_id, [found.customer_name, Decimal(0), Decimal(0), url])
        row[1] += found.cost
        row[2] += found.price
    rows = sorted(sums.values(), key=lambda row: (-row[2], row[0]))
    total = [_("Total"), *(sum((row[at] for row in rows), Decimal(0)) for at in (1, 2)), ""]
    context = {
        "invoice": invoice,
        "month": month_text(invoice.month),
        "rows": [_worded(row, invoice) for row in rows[:SHOWN]],
        "total": _worded(total, invoice),
        "hidden": max(len(rows) - SHOWN, 0),
    }
    return render(request, "billing/invoices/customers.html", context)


def _worded(row: list[Any], invoice: Invoice) -> dict[str, str]:
    name, cost, price, url = row
    amounts = {"cost": cost, "price": price, "margin": price - cost}
    return {"name": name, "url": url, **{key: money_text(amount, invoice.currency) for key, amount in amounts.items()}}


@require_safe
@requires(Permission.BILLING_VIEW)
def customer_bill(request: PortalRequest, invoice_id: UUID, customer_id: UUID) -> HttpResponse:
    """Show what one customer is billed for an invoice: each row of the file, and the charges behind it."""
    invoice = invoice_of(request.actor, invoice_id)
    found = list(resold(invoice, customer_id=customer_id))
    name = found[0].customer_name if found else customer_of(request.actor, customer_id).customer_name
    address = ListAddress.read(request, {"after": None})
    after = int(address.get("after")) if address.get("after").isdecimal() else 0
    shown = found[after : after + ROWS_AT_ONCE]
    lines = lines_of(invoice, customer_id, shown)
    totals = [name, *(sum((getattr(row, name) for row in found), Decimal(0)) for name in _SUMS), ""]
    query = urlencode({"customer": customer_id})
    context = {
        "invoice": invoice,
        "month": month_text(invoice.month),
        "total": _worded(totals, invoice),
        "rows": [_bill_row(row, lines.get(row.key, []), invoice) for row in shown],
        "previous_url": _bill_page(address, after - ROWS_AT_ONCE) if after else "",
        "next_url": _bill_page(address, after + ROWS_AT_ONCE) if after + ROWS_AT_ONCE < len(found) else "",
        "customer_url": customer_urls(request.actor, [customer_id]).get(customer_id, ""),
        "export_url": f"{reverse('billing:customer_bills_export', args=[invoice.pk])}?{query}",
        "lines_url": f"{reverse('billing:invoice_lines', args=[invoice.pk])}?{urlencode({'q': customer_id})}",
    }
    return page_or_fragment(
        request, page="billing/invoices/customer.html", fragment="billing/invoices/_customer.html", context=context
    )


def _bill_page(address: ListAddress, after: int) -> str:
    return address.url(after=str(after) if after > 0 else "")


def _bill_row(row: Resold, lines: Sequence[BillLine], invoice: Invoice) -> dict[str, Any]:
    """Lay out a row of the bill; what is one charge alone is told in the row itself."""
    is_bundle, worded = row.key[0] == BUNDLE, [_bill_line(line, invoice) for line in lines]
    count = ngettext("%(count)s charge", "%(count)s charges", row.line_count) % {"count": _number(row.line_count)}
    return {
        **_worded([row.product_name, row.cost, row.price, ""], invoice),
        "is_bundle": is_bundle,
        "has_own_price": row.has_own_price,
        "only": worded[0] if len(worded) == row.line_count == 1 and not is_bundle else None,
        "lines": worded,
        "count": count,
        "hidden": _number(row.line_count - len(worded)) if row.line_count > len(worded) else "",
    }


def _bill_line(line: BillLine, invoice: Invoice) -> dict[str, Any]:
    last = max(line.ends_on - datetime.timedelta(days=1), line.starts_on)
    return {
        "product": line.product_name,
        "subscription": line.subscription_name if line.subscription_name != line.product_name else "",
        "kind": ChargeKind(line.kind).label,
        "first": line.starts_on,
        "last": last,
        "quantity": _number(line.quantity),
        "unit_price": money_text(round_money(line.unit_price, invoice.currency), invoice.currency),
        "price": money_text(line.price, invoice.currency),
    }


def _number(count: int) -> str:
    return str(number_format(count, force_grouping=True))


@require_safe
@requires(Permission.BILLING_VIEW)
def customer_bills_export(request: PortalRequest, invoice_id: UUID) -> StreamingHttpResponse:
    """Give the same as a CSV file, by customer and product; of one customer alone if the address names it."""
    invoice = invoice_of(request.actor, invoice_id)
    found = resold(invoice, customer_id=as_uuid(request.GET.get("customer", "")))
    header = (
        *("InvoiceNumber", "CustomerId", "CustomerName", "ProductName", "Lines"),
        *("Cost", "CustomerPrice", "Margin", "Currency", "OwnPrice"),
    )
    rows = while_allowed(request.actor, Permission.BILLING_VIEW, found, every=RECHECK)
    return csv_response(f"customer-bills-{invoice.number}.csv", header, _export_rows(invoice, rows))


def _export_rows(invoice: Invoice, found: Iterator[Resold]) -> Iterator[tuple[object, ...]]:
    for one in found:
        amounts = (round_money(amount, invoice.currency) for amount in (one.cost, one.price, one.margin))
        own = "yes" if one.has_own_price else "no"
        names = (invoice.number, one.customer_id, one.customer_name, one.product_name, one.line_count)
        yield (*names, *amounts, invoice.currency, own)
