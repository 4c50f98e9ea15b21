"""What only a sandbox does to invoices, which nobody has to pay there (P8)."""

from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from billing.models import Invoice, InvoiceLine, InvoiceSubtotal


@transaction.atomic
def take_off_invoices(*, customer_id: UUID) -> None:
    """Take a customer that is being deleted off the invoices of its sandbox; one without lines goes too."""
    named = InvoiceSubtotal.objects.filter(customer_id=customer_id)
    of_sandbox = Invoice.objects.filter(pk__in=named.values("invoice_id"), is_sandbox=True)
    invoices = list(of_sandbox.order_by("pk").select_for_update(of=("self",), no_key=True))
    InvoiceLine.objects.filter(charge__customer_id=customer_id, invoice__in=invoices).delete()
    named.filter(invoice__in=invoices).delete()
    for invoice in invoices:
        _sum_up(invoice)


def _sum_up(invoice: Invoice) -> None:
    lines = list(invoice.lines.order_by("position"))
    if not lines:
        invoice.delete()
        return
    for position, line in enumerate(lines, start=1):  # upwards: each moves to a place that is free
        if line.position != position:
            line.position = position
            line.save(update_fields=["position"])
    invoice.line_count = len(lines)
    invoice.total = invoice.subtotals.aggregate(total=Sum("amount"))["total"]
    invoice.save(update_fields=["line_count", "total"])
