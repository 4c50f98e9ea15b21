"""Invoices of all partners, as the programme operator looks at them."""

import datetime
import uuid

from django.db.models import Q, QuerySet
from django.http import Http404

from billing.enums import InvoiceStatus
from billing.models import Invoice
from billing.queries.invoices import ORDER, in_state
from portal.core.fields import name_key
from portal.core.pages import Page, keyset_page


def matching(*, text: str = "", state: str = "", today: datetime.date) -> QuerySet[Invoice]:
    """Invoices of every partner; ``state`` empty: those that wait for a payment, "all": every one."""
    rows = Invoice.objects.select_related("billing_owner__organization")
    if not state:
        rows = rows.filter(status=InvoiceStatus.OPEN)
    elif state != "all":
        rows = rows.filter(in_state(state, today))
    if text:
        names = Q(billing_owner__organization__name_key__contains=name_key(text))
        rows = rows.filter(Q(number__istartswith=text) | names)
    return rows


def invoice_page(*, text: str, state: str, today: datetime.date, cursor: str) -> Page[Invoice]:
    """Return one page of them, newest month first. Raises: BadCursor."""
    return keyset_page(matching(text=text, state=state, today=today), order=ORDER, cursor=cursor)


def any_invoice(invoice_id: uuid.UUID) -> Invoice:
    """Return an invoice of any partner. Raises: Http404."""
    invoice = Invoice.objects.select_related("billing_owner__organization").filter(pk=invoice_id).first()
    if invoice is None:
        raise Http404
    return invoice
