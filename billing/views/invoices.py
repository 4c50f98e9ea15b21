"""Invoices of the own company: list, one invoice, PDF and reconciliation file (A7, portal reference, section 1.10)."""

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing import rated_usage_file
from billing.documents import pdf_response
from billing.enums import ChargeKind, InvoiceState
from billing.forms.invoices import FILTERS, read_address, read_filter
from billing.models import Invoice, InvoiceLine, InvoiceRate
from billing.presentation import TONES, kind_text, month_text, rate_text
from billing.queries import invoices as queries
from billing.queries import lines, rated_usage
from billing.reconciliation_file import HEADER, row_of_line
from customers.links import customer_urls
from portal.accounts.access import requires, while_allowed
from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, page_or_fragment
from portal.core.listing import ListAddress, addresses, short_days, status_mark
from portal.core.money import money_text, round_money
from portal.core.pages import walk

EXPORT_BATCH = 500


@require_safe
@requires(Permission.BILLING_VIEW)
def invoices(request: PortalRequest) -> HttpResponse:
    """List the invoices of the company, newest month first, with what they come to by currency."""
    years, currencies = queries.choices_of(request.actor)
    address = read_address(request, reverse("billing:invoices"), years=years, currencies=currencies)
    wanted, today = read_filter(address), timezone.now().date()
    page = queries.invoice_page(request.actor, wanted, today=today, cursor=address.get("cursor"))
    sums = queries.sums_of(queries.matching(request.actor, wanted, today=today), today=today)
    return page_or_fragment(
        request,
        page="billing/invoices/list.html",
        fragment="billing/invoices/_list.html",
        context={
            "rows": _list_rows(page, today),
            "pager": address.pager(page),
            "values": {name: address.get(name) for name in FILTERS},
            "options": _options(years, currencies),
            "chips": address.chips(_chip_labels(address)),
            "list_url": address.path,
            "tiles": [tile for each in sums for tile in _tiles(each, address)],
            "export_url": address.url(reverse("billing:invoices_export"), cursor=""),
            "is_reseller": request.actor.organization_kind == OrganizationKind.INDIRECT_RESELLER,
        },
    )


def _list_rows(found: Iterable[Invoice], today: datetime.date) -> list[dict[str, str]]:
    """Lay out invoices as texts, which the row of the list only puts in their places (quality row 30)."""
    url, pdf, reconciliation = (
        addresses(f"billing:{name}") for name in ("invoice", "invoice_pdf", "reconciliation_file")
    )
    day, sandbox = short_days(), _("Sandbox")
    rows = []
    for invoice in found:
        state = queries.state_of(invoice, today)
        waits = state in (InvoiceState.OPEN, InvoiceState.OVERDUE)
        rows.append(
            {
                "url": url(invoice.pk),
                "number": invoice.number,
                "kind": kind_text(invoice),
                "month": month_text(invoice.month),
                "issued_on": day(invoice.issued_on),
                "due_on": day(invoice.due_on) if waits else "",
                "status": status_mark(TONES[state], str(state.label)),
                "sandbox": sandbox if invoice.is_sandbox else "",
                "paid_on": day(invoice.paid_on) if invoice.paid_on else "",
                "lines": number_format(invoice.line_count, force_grouping=True),
                "total": money_text(invoice.total, invoice.currency),
                "pdf_url": pdf(invoice.pk),
                "reconciliation_url": reconciliation(invoice.pk),
            }
        )
    return rows


def row_of(invoice: Invoice, *, pages: str = "billing") -> dict[str, Any]:
    """Lay out an invoice as its page shows it; ``pages``: the addresses of the partner or the operator."""
    state = queries.state_of(invoice, timezone.now().date())
    return {
        "id": invoice.pk,
        "number": invoice.number,
        "url": reverse(f"{pages}:invoice", args=[invoice.pk]),
        "kind": kind_text(invoice),
        "month": month_text(invoice.month),
        "issued_on": invoice.issued_on,
        "due_on": invoice.due_on if state in (InvoiceState.OPEN, InvoiceState.OVERDUE) else None,
        "paid_on": invoice.paid_on,
        "state": state.label,
        "tone": TONES[state],
        "is_sandbox": invoice.is_sandbox,
        "lines": number_format(invoice.line_count, force_grouping=True),
        "total": money_text(invoice.total, invoice.currency),
        "pdf_url": reverse(f"{pages}:invoice_pdf", args=[invoice.pk]),
        "reconciliation_url": reverse(f"{pages}:reconciliation_file", args=[invoice.pk]),
        "usage_url": reverse(f"{pages}:usage_file", args=[invoice.pk]),
    }


def _options(years: Sequence[int], currencies: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    def choices(every: str, pairs: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
        return [{"value": "", "label": every}, *({"value": value, "label": label} for value, label in pairs)]

    return {
        "year": choices(_("All years"), [(str(year), year) for year in years]),
        "currency": choices(_("All currencies"), [(code, code) for code in currencies]),
        "state": choices(_("All states"), InvoiceState.choices),
    }


def _chip_labels(address: ListAddress) -> dict[str, str]:
    state = address.get("state")
    return {
        "year": _("Year: %(year)s") % {"year": address.get("year")},
        "currency": _("Currency: %(currency)s") % {"currency": address.get("currency")},
        "state": str(InvoiceState(state).label) if state else "",
    }


def _tiles(found: queries.CurrencySum, address: ListAddress) -> list[dict[str, str]]:
    """Return the figures of one currency; what is open and overdue leads to its part of the list."""

    def tile(label: str, amount: Decimal, *, state: str = "", tone: str = "", hint: str = "") -> dict[str, str]:
        url = address.url(currency=found.currency, state=state, cursor="") if state else ""
        value = money_text(amount, found.currency)
        return {"label": label, "value": value, "url": url, "hint": hint, "tone": tone if amount else ""}

    count = ngettext("%(count)s invoice", "%(count)s invoices", found.count) % {"count": number_format(found.count)}
    facts = {"currency": found.currency}
    return [
        tile(_("Billed in %(currency)s") % facts, found.total, hint=count),
        tile(_("To be paid in %(currency)s") % facts, found.open - found.overdue, state=InvoiceState.OPEN.value),
        tile(_("Overdue in %(currency)s") % facts, found.overdue, state=InvoiceState.OVERDUE.value, tone="error"),
    ]


@require_safe
@requires(Permission.BILLING_VIEW)
def invoices_export(request: PortalRequest) -> StreamingHttpResponse:
    """Give the list as a CSV file: exactly what the filters of the address leave."""
    years, currencies = queries.choices_of(request.actor)
    address = read_address(request, reverse("billing:invoices"), years=years, currencies=currencies)
    found = queries.matching(request.actor, read_filter(address), today=timezone.now().date())
    rows = while_allowed(
        request.actor,
        Permission.BILLING_VIEW,
        walk(found, order=queries.ORDER, size=EXPORT_BATCH),
        every=EXPORT_BATCH,
    )
    header = (
        _("Invoice number"),
        _("Month"),
        _("Date of issue"),
        _("Due date"),
        _("Paid on"),
        _("Status"),
        _("Lines"),
        _("Amount"),
        _("Currency"),
    )
    return csv_response(f"invoices-{timezone.now():%Y-%m-%d}.csv", header, _export_rows(rows))


def _export_rows(found: Iterable[Invoice]) -> Iterator[tuple[object, ...]]:
    for invoice in found:
        state = queries.state_of(invoice, timezone.now().date()).label
        month, amount = f"{invoice.month:%Y-%m}", round_money(invoice.total, invoice.currency)
        days = (invoice.issued_on, invoice.due_on, invoice.paid_on)
        yield invoice.number, month, *days, state, invoice.line_count, amount, invoice.currency


@require_safe
@requires(Permission.BILLING_VIEW)
def invoice(request: PortalRequest, invoice_id: UUID) -> HttpResponse:
    """Show one invoice: what it comes to by product family, customer and reseller, corrections, transfers."""
    return invoice_page(request, queries.invoice_of(request.actor, invoice_id), pages="billing")


def invoice_page(request: PortalRequest, found: Invoice, *, pages: str) -> HttpResponse:
    """Answer the page of an invoice, to its partner or to the operator."""
    row = row_of(found, pages=pages)
    tables = [
        _with_lines(_table(found, _("Product family"), queries.by_family(found)), pages, found, "family"),
        _with_lines(_customers(request, found), pages, found, "q"),
    ]
    if found.billing_owner.organization.kind == OrganizationKind.INDIRECT_PROVIDER:
        tables.append(_table(found, _("Reseller"), queries.by_reseller(found), nothing=_("Sold without a reseller")))
    if corrections := queries.corrections(found):
        tables.append(_table(found, _("Corrections and transfers"), corrections))
    return page_or_fragment(
        request,
        page="billing/invoices/invoice.html",
        fragment="billing/invoices/_invoice.html",
        context={
            "invoice": found,
            "row": row,
            "month": month_text(found.month),
            "tables": tables,
            "transfers": [_transfer_row(line) for line in queries.transfer_lines(found)],
            "rates": [_rate_row(row) for row in queries.rates_of(found)],
            "languages": _pdf_links(row["pdf_url"]),
            "is_own": pages == "billing",
            "has_usage": rated_usage.has_usage(found),
        },
    )


def _customers(request: PortalRequest, found: Invoice) -> dict[str, Any]:
    """The sums by customer, each linked where the reader's company still has the customer."""
    parts = queries.by_customer(found)
    urls = customer_urls(request.actor, (part.key for part in parts[: queries.SHOWN]))
    return _table(found, _("Customer"), parts, urls=urls)


def _with_lines(table: dict[str, Any], pages: str, invoice: Invoice, filter_name: str) -> dict[str, Any]:
    """Link the number of lines to the lines themselves, for the partner whose invoice it is."""
    if pages != "billing":
        return table
    path = reverse("billing:invoice_lines", args=[invoice.pk])
    for row in table["rows"]:
        if row["key"] != queries.REST:
            row["lines_url"] = ListAddress(path, {filter_name: str(row["key"])}).url()
    return {**table, "lines_url": path}


def _table(
    invoice: Invoice,
    title: str,
    parts: list[queries.PartSum],
    *,
    nothing: str = "",
    urls: Mapping[Any, str] | None = None,
) -> dict[str, Any]:
    shown = queries.shortened(parts, _("All others"))
    rows = [
        {
            "key": part.key,
            "name": part.name or nothing,
            "url": (urls or {}).get(part.key, ""),
            "lines": number_format(part.line_count, force_grouping=True),
            "amount": money_text(part.amount, invoice.currency),
        }
        for part in shown
    ]
    total = money_text(sum((part.amount for part in parts), Decimal(0)), invoice.currency)
    lines_total = number_format(sum(part.line_count for part in parts), force_grouping=True)
    return {"title": title, "rows": rows, "total": total, "lines": lines_total}


def _transfer_row(line: InvoiceLine) -> dict[str, Any]:
    charge, subscription = line.charge, line.charge.subscription
    is_credit = charge.kind == ChargeKind.TRANSFER_CREDIT
    other = getattr(subscription, "transferred_to", None) if is_credit else subscription.transferred_from
    return {
        "customer": charge.customer.organization.name,
        "product": subscription.friendly_name,
        "kind": charge.get_kind_display(),
        "other": other.billing_owner.organization.name if other else "",
        "day": charge.starts_on,
        "amount": money_text(charge.amount, charge.currency),
    }


def _rate_row(row: InvoiceRate) -> dict[str, Any]:
    rate = row.rate
    return {
        "month": month_text(row.month),
        "rate": rate_text(rate),
        "valid_from": rate.valid_from,
        "source": rate.source,
    }


def _pdf_links(here: str) -> list[dict[str, str]]:
    names = (("en", "English"), ("fr", "Français"), ("sv", "Svenska"))  # each in its own language
    return [{"url": f"{here}?language={code}", "label": name, "code": code} for code, name in names]


@require_safe
@requires(Permission.BILLING_VIEW)
def invoice_pdf(request: PortalRequest, invoice_id: UUID) -> HttpResponse:
    """Give the invoice as PDF, in the reader's language or the one asked for."""
    return pdf_answer(request, queries.invoice_of(request.actor, invoice_id))


def pdf_answer(request: PortalRequest, found: Invoice) -> HttpResponse:
    """Answer the PDF of an invoice, to its partner or to the operator."""
    language = request.GET.get("language", "")
    language = language if language in dict(settings.LANGUAGES) else get_language() or settings.LANGUAGE_CODE
    return pdf_response(found, language=language)


@require_safe
@requires(Permission.BILLING_VIEW)
def reconciliation_file(request: PortalRequest, invoice_id: UUID) -> StreamingHttpResponse:
    """Give every charge of an invoice as a CSV file; its lines sum to the invoice to the cent."""
    return file_answer(request, queries.invoice_of(request.actor, invoice_id), Permission.BILLING_VIEW)


def file_answer(request: PortalRequest, found: Invoice, permission: Permission) -> StreamingHttpResponse:
    """Answer the reconciliation file of an invoice for as long as the reader holds a permission."""
    rows = while_allowed(request.actor, permission, lines.all_lines(found), every=lines.BATCH)
    written = (row_of_line(found, line, transfer_id) for line, transfer_id in rows)
    return csv_response(f"reconciliation-{found.number}.csv", HEADER, written)


@require_safe
@requires(Permission.BILLING_VIEW)
def usage_file(request: PortalRequest, invoice_id: UUID) -> StreamingHttpResponse:
    """Give each usage record behind an invoice, daily and rated, as a CSV file; its parts sum to the lines of usage."""
    return usage_answer(request, queries.invoice_of(request.actor, invoice_id), Permission.BILLING_VIEW)


def usage_answer(request: PortalRequest, found: Invoice, permission: Permission) -> StreamingHttpResponse:
    """Answer the rated usage of an invoice for as long as the reader holds a permission."""
    records = rated_usage.rated_usage(found)
    rows = while_allowed(request.actor, permission, records, every=rated_usage.RECORDS_AT_ONCE)
    rate_days = rated_usage.RateDays()
    written = (rated_usage_file.row_of_record(found, rated, rate_days) for rated in rows)
    return csv_response(f"daily-usage-{found.number}.csv", rated_usage_file.HEADER, written)
