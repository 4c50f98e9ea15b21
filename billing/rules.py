"""What follows from an invoice that was not paid in time (portal reference, section 6.3)."""

import datetime
import uuid

from django.conf import settings
from django.db.models import Q

from billing.enums import InvoiceStatus
from billing.models import Invoice


def overdue_on(day: datetime.date) -> Q:
    """Return the condition for invoices that should have been paid before a day; a credit note never is."""
    return Q(status=InvoiceStatus.OPEN, total__gt=0, due_on__lt=day)


def is_past_due(partner_id: uuid.UUID, *, on: datetime.date) -> bool:
    """Say whether a billing owner has an invoice that is overdue beyond the days of grace, so that it is held back."""
    day = on - datetime.timedelta(days=settings.INVOICE_GRACE_DAYS)
    return Invoice.objects.filter(overdue_on(day), billing_owner_id=partner_id).exists()
