"""Invoices of the actor's company: the list, one of them, and the sums it shows (portal reference, section 1.10)."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum
from django.http import Http404

from billing.enums import CORRECTIONS, TRANSFERS, ChargeKind, InvoiceState, InvoiceStatus
from billing.models import Invoice, InvoiceLine, InvoiceRate, InvoiceSubtotal
from billing.rules import overdue_on
from customers.enums import ProductFamily
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.core.pages import Page, keyset_page

ORDER = ("-month", "-number")
SHOWN = 50  # rows of one table of an invoice's page; the rest is summed in one more row
REST = "rest"  # key of that row


@dataclass(frozen=True)
class InvoiceFilter:
    """What the list is narrowed to; empty values narrow nothing."""

    year: int | None = None
    currency: str = ""
    state: str = ""


@dataclass(frozen=True)
class CurrencySum:
    """What invoices of one currency come to; ``open`` is still to be paid, ``overdue`` should have been."""

    currency: str
    count: int
    total: Decimal
    open: Decimal
    overdue: Decimal
    paid: Decimal = Decimal(0)
    paid_on: datetime.date | None = None
    first_at: datetime.datetime | None = None
    latest_at: datetime.datetime | None = None


@dataclass(frozen=True)
class PartSum:
    """One row of a table of an invoice: what the lines for one customer, reseller, family or kind come to."""

    key: Any
    name: str
    line_count: int
    amount: Decimal


def in_state(state: str, today: datetime.date) -> Q:
    """Return the condition for a state; a credit note is never overdue."""
    overdue = overdue_on(today)
    if state == InvoiceState.OVERDUE:
        return overdue
    return Q(status=InvoiceStatus.OPEN) & ~overdue if state == InvoiceState.OPEN else Q(status=state)


def state_of(invoice: Invoice, today: datetime.date) -> InvoiceState:
    """Return how an invoice stands on a day."""
    if invoice.is_to_be_paid and invoice.due_on < today:
        return InvoiceState.OVERDUE
    return InvoiceState(invoice.status)


def matching(actor: Actor, wanted: InvoiceFilter, *, today: datetime.date) -> QuerySet[Invoice]:
    """The actor's invoices that fit a filter, in no order."""
    rows = Invoice.objects.visible_to(actor)
    if wanted.year:
        rows = rows.filter(month__gte=datetime.date(wanted.year, 1, 1), month__lt=datetime.date(wanted.year + 1, 1, 1))
    if wanted.currency:
        rows = rows.filter(currency=wanted.currency)
    return rows.filter(in_state(wanted.state, today)) if wanted.state else rows


def invoice_page(actor: Actor, wanted: InvoiceFilter, *, today: datetime.date, cursor: str = "") -> Page[Invoice]:
    """Return one page of the invoices that fit, newest month first. Raises: BadCursor."""
    return keyset_page(matching(actor, wanted, today=today), order=ORDER, cursor=cursor)


def sums_of(rows: QuerySet[Invoice], *, today: datetime.date) -> list[CurrencySum]:
    """Return what the invoices come to, one sum per currency: nothing is converted."""
    found = (
        rows.order_by()
        .values("currency")
        .annotate(
            count=Count("pk"),
            sum=Sum("total"),
            open=Sum("total", filter=Q(status=InvoiceStatus.OPEN)),
            overdue=Sum("total", filter=in_state(InvoiceState.OVERDUE, today)),
            paid=Sum("total", filter=Q(status=InvoiceStatus.PAID)),
            last_paid_on=Max("paid_on"),
            first_at=Min("created_at"),
            latest_at=Max("created_at"),
        )
        .order_by("currency")
    )
    nothing = Decimal(0)
    return [
        CurrencySum(
            currency=row["currency"],
            count=row["count"],
            total=row["sum"],
            open=row["open"] or nothing,
            overdue=row["overdue"] or nothing,
            paid=row["paid"] or nothing,
            paid_on=row["last_paid_on"],
            first_at=row["first_at"],
            latest_at=row["latest_at"],
        )
        for row in found
    ]


def own_currency(actor: Actor) -> str:
    """Return the currency in which the actor's company is billed by its agreement (A8)."""
    return Partner.objects.values_list("currency", flat=True).get(pk=actor.organization_id)


def choices_of(actor: Actor) -> tuple[list[int], list[str]]:
    """Return the years and currencies the actor has invoices in, newest year first."""
    pairs = Invoice.objects.visible_to(actor).order_by().values_list("month", "currency").distinct()
    years = {month.year for month, _currency in pairs}
    return sorted(years, reverse=True), sorted({currency for _month, currency in pairs})


def find_invoice(actor: Actor, invoice_id: uuid.UUID) -> Invoice | None:
    """Return an invoice of the actor's company; ``None`` for any other id."""
    return Invoice.objects.visible_to(actor).select_related("billing_owner__organization").filter(pk=invoice_id).first()


def invoice_of(actor: Actor, invoice_id: uuid.UUID) -> Invoice:
    """Return the same. Raises: Http404."""
    invoice = find_invoice(actor, invoice_id)
    if invoice is None:
        raise Http404
    return invoice


# --- the sums of one invoice -----------------------------------------------------------------------------------------
def _parts(invoice: Invoice, key: str, name: str) -> list[PartSum]:
    rows = InvoiceSubtotal.objects.filter(invoice=invoice).values(part=F(key))
    found = rows.annotate(name=Max(name), count=Sum("line_count"), sum=Sum("amount"))
    return [PartSum(row["part"], row["name"] or "", row["count"], row["sum"]) for row in found.order_by("-sum", "name")]


def by_family(invoice: Invoice) -> list[PartSum]:
    """Return the sum of each product family, largest first."""
    return [
        PartSum(part.key, str(ProductFamily(part.key).label), part.line_count, part.amount)
        for part in _parts(invoice, "product_family", "product_family")
    ]


def by_customer(invoice: Invoice) -> list[PartSum]:
    """Return the sum of each customer, largest first."""
    return _parts(invoice, "customer_id", "customer__organization__name")


def by_reseller(invoice: Invoice) -> list[PartSum]:
    """Return the sum of each reseller, largest first; the key ``None`` is what the partner sells itself."""
    return _parts(invoice, "reseller_id", "reseller__organization__name")


def corrections(invoice: Invoice) -> list[PartSum]:
    """Return the sum of each kind of charge that corrects earlier ones or moves money between partners."""
    wanted = {str(kind) for kind in (*CORRECTIONS, *TRANSFERS)}
    return [
        PartSum(part.key, str(ChargeKind(part.key).label), part.line_count, part.amount)
        for part in _parts(invoice, "kind", "kind")
        if part.key in wanted
    ]


def transfer_lines(invoice: Invoice) -> list[InvoiceLine]:
    """Return the first lines that a transfer of billing ownership brought, with the other partner at hand."""
    if not InvoiceSubtotal.objects.filter(invoice=invoice, kind__in=TRANSFERS).exists():
        return []
    rows = InvoiceLine.objects.filter(invoice=invoice, charge__kind__in=TRANSFERS).select_related(
        "charge__customer__organization",
        "charge__subscription__transferred_from__billing_owner__organization",
        "charge__subscription__transferred_to__billing_owner__organization",
    )
    return list(rows.order_by("position")[:SHOWN])


def rates_of(invoice: Invoice) -> list[InvoiceRate]:
    """Return the exchange rates by which usage on an invoice was converted, by month."""
    rows = InvoiceRate.objects.filter(invoice=invoice).select_related("rate")
    return list(rows.order_by("month", "rate__base", "rate__valid_from"))


def shortened(parts: Sequence[PartSum], rest_name: str) -> list[PartSum]:
    """Return at most SHOWN rows and one that sums the others, so that a table still adds up."""
    rest = parts[SHOWN:]
    if not rest:
        return list(parts)
    count, amount = sum(part.line_count for part in rest), sum((part.amount for part in rest), Decimal(0))
    return [*parts[:SHOWN], PartSum(REST, rest_name, count, amount)]
