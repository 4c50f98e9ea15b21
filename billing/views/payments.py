"""The programme operator's side of invoices: which are open, and noting that one was paid (A7)."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from billing.enums import InvoiceState
from billing.forms.payments import PaymentForm, read_address
from billing.models import Invoice
from billing.queries import invoices, payments
from billing.views.invoices import file_answer, invoice_page, pdf_answer, row_of, usage_answer
from billing.workflow.invoices import check_is_open, mark_paid
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.http import PortalRequest, page_or_fragment, posted
from portal.core.listing import ListAddress

PAGES = "billing_programme"  # the addresses of the operator


@require_safe
@requires(Permission.PROGRAMME_OPERATE)
def all_invoices(request: PortalRequest) -> HttpResponse:
    """List the invoices of all partners, those that wait for a payment first of all."""
    address, today = read_address(request, reverse("billing_programme:invoices")), timezone.now().date()
    text, state = address.get("q"), address.get("state")
    page = payments.invoice_page(text=text, state=state, today=today, cursor=address.get("cursor"))
    return page_or_fragment(
        request,
        page="billing/payments/list.html",
        fragment="billing/payments/_list.html",
        context={
            "rows": [_row(invoice) for invoice in page],
            "pager": address.pager(page),
            "values": {"q": text, "state": state},
            "options": [
                {"value": "", "label": _("Open and overdue")},
                *({"value": value, "label": label} for value, label in InvoiceState.choices),
                {"value": "all", "label": _("All states")},
            ],
            "chips": address.chips(_chip_labels(address)),
            "list_url": address.path,
        },
    )


def _row(invoice: Invoice) -> dict[str, Any]:
    state = invoices.state_of(invoice, timezone.now().date())
    is_open = state in (InvoiceState.OPEN, InvoiceState.OVERDUE)
    url = reverse("billing_programme:payment", args=[invoice.pk]) if is_open else ""
    return {**row_of(invoice, pages=PAGES), "partner": invoice.billing_owner.organization.name, "payment_url": url}


def _chip_labels(address: ListAddress) -> dict[str, str]:
    state = address.get("state")
    words = _("All states") if state == "all" else str(InvoiceState(state).label) if state else ""
    return {"q": _("Search: %(text)s") % {"text": address.get("q")}, "state": words}


@require_safe
@requires(Permission.PROGRAMME_OPERATE)
def invoice(request: PortalRequest, invoice_id: UUID) -> HttpResponse:
    """Show an invoice of any partner: what a partner asks the operator about."""
    return invoice_page(request, payments.any_invoice(invoice_id), pages=PAGES)


@require_safe
@requires(Permission.PROGRAMME_OPERATE)
def invoice_pdf(request: PortalRequest, invoice_id: UUID) -> HttpResponse:
    """Give an invoice of any partner as PDF."""
    return pdf_answer(request, payments.any_invoice(invoice_id))


@require_safe
@requires(Permission.PROGRAMME_OPERATE)
def reconciliation_file(request: PortalRequest, invoice_id: UUID) -> StreamingHttpResponse:
    """Give every charge of an invoice of any partner as a CSV file."""
    return file_answer(request, payments.any_invoice(invoice_id), Permission.PROGRAMME_OPERATE)


@require_safe
@requires(Permission.PROGRAMME_OPERATE)
def usage_file(request: PortalRequest, invoice_id: UUID) -> StreamingHttpResponse:
    """Give each usage record behind an invoice of any partner as a CSV file."""
    return usage_answer(request, payments.any_invoice(invoice_id), Permission.PROGRAMME_OPERATE)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PROGRAMME_OPERATE)
def payment(request: PortalRequest, invoice_id: UUID) -> HttpResponse:
    """Ask on which day an invoice was paid, and note it."""
    found = payments.any_invoice(invoice_id)
    check_is_open(found)
    today = timezone.now().date()
    form = PaymentForm(posted(request), initial={"paid_on": today})
    if form.is_valid():
        day = form.cleaned_data["paid_on"]
        mark_paid(invoice_id=found.pk, paid_on=day, actor=request.actor, now=timezone.now())
        messages.success(request, _("%(number)s is noted as paid.") % {"number": found.number})
        return redirect("billing_programme:invoices")
    context = {"form": form, "invoice": found, "row": _row(found)}
    return render(request, "billing/payments/payment.html", context, status=422 if form.is_bound else 200)
