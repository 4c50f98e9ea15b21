"""The single charges behind the rows of a customer's bill, each with its part of the row's price (A13)."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, OuterRef, Q, Subquery, Value, When, Window
from django.db.models.functions import RowNumber

from billing.enums import METERED
from billing.models import Invoice, InvoiceLine
from billing.queries.downstream import BUNDLE, GROUPED, PRICED, Resold, bundle_parts, group_key, in_a_bundle
from portal.core.money import round_money

SHOWN = 20  # charges of a row; the page of the invoice's lines has every one


@dataclass(frozen=True)
class BillLine:
    """One charge of a row; ``price`` is what the row's rounded price grows by with it, so that parts sum to the row."""

    product_name: str
    subscription_name: str
    kind: str
    starts_on: datetime.date
    ends_on: datetime.date
    quantity: int
    unit_price: Decimal
    price: Decimal


def lines_of(invoice: Invoice, customer_id: uuid.UUID, rows: Sequence[Resold]) -> dict[tuple[Any, ...], list[BillLine]]:
    """Return the first charges of each of these rows of a customer's bill, in one query."""
    by_key = {row.key: row for row in rows}
    found: dict[tuple[Any, ...], list[BillLine]] = defaultdict(list)
    sums: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for values in _charges(invoice, customer_id, rows):
        key = (BUNDLE, values["sale"]) if values["sale"] else group_key(values)
        row = by_key.get(key)
        if row is None:
            continue
        amount, unit = values["charge__amount"], values["unit"]
        paid = values["part"] if values["sale"] else row.unit_price
        unit_price = paid if unit and paid is not None else unit
        before = round_money(sums[key], invoice.currency)
        sums[key] += amount * unit_price / unit if unit else amount
        price = round_money(sums[key], invoice.currency) - before
        names = (values["product_name"], values["charge__subscription__friendly_name"], values["charge__kind"])
        days = (values["charge__starts_on"], values["charge__ends_on"])
        found[key].append(BillLine(*names, *days, values["charge__quantity"], unit_price, price))
    return found


def _charges(invoice: Invoice, customer_id: uuid.UUID, rows: Sequence[Resold]) -> Any:
    """Return the charges of these rows, the first of each: a bundle's by its sale, others by what they share."""
    parts = bundle_parts(invoice)
    part = parts.filter(subscription_id=OuterRef("charge__subscription_id"))
    bundled = Q(in_a_bundle(parts)) & ~Q(charge__kind__in=METERED)
    names = [row.product_name for row in rows if row.key[0] != BUNDLE]
    sales = [row.key[1] for row in rows if row.key[0] == BUNDLE]
    lines = InvoiceLine.objects.filter(invoice=invoice, charge__customer_id=customer_id).annotate(
        sale=Case(When(bundled, then=Subquery(part.values("sale_id")[:1])), default=Value(None)),
        part=Subquery(part.values("unit_price")[:1]),
        **PRICED,
    )
    wanted = lines.filter(Q(sale__in=sales) | Q(sale__isnull=True, product_name__in=names))
    by_row: list[Any] = [F("sale"), *(Case(When(sale__isnull=True, then=F(name))) for name in GROUPED)]
    ranked = wanted.annotate(rank=Window(RowNumber(), partition_by=by_row, order_by=F("position").asc()))
    return (
        ranked.filter(rank__lte=SHOWN)
        .order_by("position")
        .values(
            *("sale", "part", *GROUPED, "charge__amount", "charge__subscription__friendly_name", "charge__kind"),
            *("charge__starts_on", "charge__ends_on", "charge__quantity"),
        )
    )
