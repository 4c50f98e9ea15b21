"""Remind billing owners of what they have to pay: once before the due date, once after it (A7)."""

import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from billing.announcements import announce_invoice
from billing.enums import BillingEvent, InvoiceStatus
from billing.models import Invoice
from billing.rules import overdue_on

BATCH = 100


def remind_of_payments(*, now: datetime.datetime) -> int:
    """Remind of invoices that are due soon and tell of those that are overdue, each once; return how many."""
    today = now.date()
    soon = today + datetime.timedelta(days=settings.INVOICE_REMINDER_DAYS)
    due_soon = Invoice.objects.filter(
        status=InvoiceStatus.OPEN, total__gt=0, due_on__gte=today, due_on__lte=soon, reminded_at__isnull=True
    )
    overdue = Invoice.objects.filter(overdue_on(today), overdue_told_at__isnull=True)
    return _tell(due_soon, "reminded_at", BillingEvent.INVOICE_DUE_SOON, now) + _tell(
        overdue, "overdue_told_at", BillingEvent.INVOICE_OVERDUE, now
    )


def _tell(due: QuerySet[Invoice], field: str, event_type: BillingEvent, now: datetime.datetime) -> int:
    """Tell of invoices, batch by batch, and note it in the same transaction; two that run at once share them."""
    told = 0
    while True:
        with transaction.atomic():
            rows = due.order_by("due_on", "pk").select_for_update(of=("self",), no_key=True, skip_locked=True)
            batch = list(rows[:BATCH])
            for invoice in batch:
                setattr(invoice, field, now)
                invoice.save(update_fields=[field])
                announce_invoice(event_type, invoice, actor=None, now=now)
        told += len(batch)
        if len(batch) < BATCH:
            return told
