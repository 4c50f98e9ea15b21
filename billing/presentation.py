"""How invoices and charges read on pages, in documents and in mails."""

import datetime
from functools import lru_cache
from typing import Any

from babel.dates import format_skeleton
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from billing.enums import InvoiceState
from billing.models import Charge, ExchangeRate, Invoice
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.money import money_text

TONES = {
    InvoiceState.OPEN: "info",
    InvoiceState.OVERDUE: "error",
    InvoiceState.PAID: "success",
    InvoiceState.NOTHING_DUE: "neutral",
}


def month_text(month: datetime.date) -> str:
    """Return "October 2026" in the reader's language, where it stands alone or first."""
    text = month_in_sentence(month)
    return text[:1].upper() + text[1:]


def month_in_sentence(month: datetime.date) -> str:
    """Return "October 2026" in the reader's language, which may write it small: "octobre 2026"."""
    return _month(month, get_language() or "en")


@lru_cache(maxsize=2_000)
def _month(month: datetime.date, language: str) -> str:
    return format_skeleton("yMMMM", month, locale=language.replace("-", "_"))


def rate_text(rate: ExchangeRate) -> str:
    """Return "1 USD = 0.92 EUR" as the reader's language writes it."""
    return f"1 {rate.base} = {number_format(rate.rate.normalize())} {rate.currency}"


def kind_text(invoice: Invoice) -> str:
    """Return what the document is called: an invoice, or below zero a credit note."""
    return _("Credit note") if invoice.is_credit_note else _("Invoice")


def charge_row(charge: Charge, actor: Actor) -> dict[str, Any]:
    """Lay out a charge for customers/_charges.html, with the invoice it stands on for who may read invoices."""
    line = getattr(charge, "invoice_line", None)
    may_read = line is not None and actor.may(Permission.BILLING_VIEW)
    return {
        "kind": charge.get_kind_display(),
        "first": charge.starts_on,
        "last": charge.ends_on - datetime.timedelta(days=1),
        "quantity": charge.quantity,
        "amount": money_text(charge.amount, charge.currency),
        "invoice": line.invoice.number if line else "",
        "invoice_url": reverse("billing:invoice", args=[line.invoice_id]) if line and may_read else "",
    }
