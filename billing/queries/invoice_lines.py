"""The lines of an invoice as its page lists them (A7)."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from billing.models import Invoice, InvoiceLine
from customers.queries import as_uuid
from portal.core.fields import name_key
from portal.core.pages import Page, keyset_page

ORDER = ("position",)


@dataclass(frozen=True)
class LineFilter:
    """What the list is narrowed to; empty values narrow nothing."""

    text: str = ""  # a customer, a subscription, or the ID of one
    family: str = ""


def line_page(invoice: Invoice, wanted: LineFilter, *, cursor: str = "") -> Page[InvoiceLine]:
    """Return one page of the lines by customer and subscription. Raises: BadCursor."""
    return keyset_page(_matching(invoice, wanted), order=ORDER, cursor=cursor)


def _matching(invoice: Invoice, wanted: LineFilter) -> QuerySet[InvoiceLine]:
    rows = InvoiceLine.objects.filter(invoice=invoice)
    if wanted.family:
        rows = rows.filter(product_family=wanted.family)
    if wanted.text:
        rows = rows.filter(_named(wanted.text))
    return rows.select_related("charge__subscription", "charge__customer__organization")


def _named(text: str) -> Q:
    number = as_uuid(text)
    if number is not None:
        return Q(charge__customer_id=number) | Q(charge__subscription_id=number)
    named = Q(charge__customer__organization__name_key__contains=name_key(text))
    return named | Q(charge__subscription__friendly_name__icontains=text) | Q(product_name__icontains=text)
