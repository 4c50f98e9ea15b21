"""What a partner bills its own customers for the charges of an invoice, by its own prices and bundles (A13)."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils.module_loading import import_string

from billing.enums import METERED
from billing.models import Invoice, InvoiceLine, OwnPrice
from billing.prices import NoPrice, PriceQuestion, list_entry
from billing.prices_own import PriceBook, Sold
from customers.terms import add_months
from portal.core.money import round_money

BUNDLE = "bundle"
PRICED = {
    "unit": F("charge__unit_price"),
    "offer": F("charge__subscription__offer_id"),
    "term": F("charge__subscription__term"),
    "frequency": F("charge__subscription__billing_frequency"),
}
GROUPED = ("product_family", "product_name", *PRICED)


@dataclass(frozen=True)
class Resold:
    """The charges of one customer for one product at one price: what they cost the partner, and what it bills."""

    customer_id: uuid.UUID
    customer_name: str
    product_name: str
    line_count: int
    cost: Decimal
    price: Decimal
    has_own_price: bool
    unit_price: Decimal | None = None  # what one unit costs the customer for a cycle; of a bundle its parts say it
    key: tuple[Any, ...] = ()  # what its lines have in common (billing.queries.bill_lines)

    @property
    def margin(self) -> Decimal:
        return self.price - self.cost


def resold(invoice: Invoice, *, customer_id: uuid.UUID | None = None) -> Iterator[Resold]:
    """Yield what each customer, or one, is billed by the prices in force on the last day of the invoice's month.

    A part of a cycle, or a credit, is billed in the same proportion as it is charged. Without a price of its own and
    without a retail price in the price list the partner passes on what it pays. What was sold in a bundle is billed
    under the bundle's name and price; these come last.
    """
    parts = bundle_parts(invoice)
    day = add_months(invoice.month, 1) - datetime.timedelta(days=1)
    rules = list(OwnPrice.objects.on(day).filter(partner_id=invoice.billing_owner_id))
    by_customer: dict[uuid.UUID | None, list[OwnPrice]] = defaultdict(list)
    for rule in rules:
        by_customer[rule.customer_id].append(rule)
    retail = cache(_retail)
    for row in _groups(_lines(invoice, customer_id), parts):
        cost, amount = row["unit"], row["sum"]
        product, sku, *_rest = [*str(row["offer"]).split(":"), "", ""]
        listed = None
        if product and cost:
            terms = (row["country"], row["term"], row["frequency"])
            listed = retail(product, sku, *terms, invoice.currency, day)
        sold = Sold(row["product_family"], product, sku, cost, listed, invoice.currency)
        book = PriceBook([*by_customer[None], *by_customer.get(row["customer"], ())])
        found = book.price(sold)
        price = round_money(amount * found.price / cost, invoice.currency) if cost else amount
        names = (row["customer"], row["name"], row["product_name"])
        unit_price = found.price if cost else None
        yield Resold(*names, row["count"], amount, price, found.rule is not None, unit_price, group_key(row))
    yield from _bundles(_lines(invoice, customer_id), parts, invoice.currency)


def group_key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what lines that are billed at one price have in common."""
    return tuple(row[name] for name in GROUPED)


def _lines(invoice: Invoice, customer_id: uuid.UUID | None) -> QuerySet[InvoiceLine]:
    rows = InvoiceLine.objects.filter(invoice=invoice)
    return rows.filter(charge__customer_id=customer_id) if customer_id else rows


def bundle_parts(invoice: Invoice) -> QuerySet[Any]:
    """Return what the partner's customers pay within bundles (setting BUNDLE_PARTS)."""
    found: QuerySet[Any] = import_string(settings.BUNDLE_PARTS)(invoice.billing_owner_id)
    return found


def in_a_bundle(parts: QuerySet[Any]) -> Exists:
    """Return the condition of a line that the price of a bundle covers; what is metered never is."""
    stays = Q(left_on__isnull=True) | Q(left_on__gt=OuterRef("charge__starts_on"))
    return Exists(parts.filter(stays, subscription_id=OuterRef("charge__subscription_id")))


def _bundles(lines: QuerySet[InvoiceLine], parts: QuerySet[Any], currency: str) -> Iterator[Resold]:
    """Yield what customers are billed for bundles: each charge in the proportion of its part of the bundle's price."""
    lines = lines.filter(in_a_bundle(parts)).exclude(charge__kind__in=METERED)
    part = parts.filter(subscription_id=OuterRef("charge__subscription_id"))
    rows = lines.values(
        "charge__customer_id", "charge__customer__organization__name", "charge__unit_price", "charge__amount"
    ).annotate(
        part=Subquery(part.values("unit_price")[:1]),
        sale=Subquery(part.values("sale_id")[:1]),
        bundle=Subquery(part.values("sale__version__name")[:1]),
    )
    ordered = rows.order_by("charge__customer__organization__name", "charge__customer_id", "bundle", "sale")
    keys = ("charge__customer_id", "charge__customer__organization__name", "bundle", "sale")
    found = ordered.iterator(chunk_size=2_000)
    for (customer_id, name, bundle, sale), group in groupby(found, key=itemgetter(*keys)):
        charged = [(row["charge__amount"], row["charge__unit_price"], row["part"]) for row in group]
        cost = sum((amount for amount, _unit, _part in charged), Decimal(0))
        price = sum((amount * part / unit if unit else amount for amount, unit, part in charged), Decimal(0))
        yield Resold(
            customer_id, name, bundle, len(charged), cost, round_money(price, currency), True, key=(BUNDLE, sale)
        )


def _groups(lines: QuerySet[InvoiceLine], parts: QuerySet[Any]) -> Iterator[dict[str, Any]]:
    alone = ~in_a_bundle(parts) | Q(charge__kind__in=METERED)
    rows = lines.filter(alone).values(
        "product_family",
        "product_name",
        customer=F("charge__customer_id"),
        name=F("charge__customer__organization__name"),
        country=F("charge__customer__organization__country"),
        **PRICED,
    )
    sums = rows.annotate(count=Count("pk"), sum=Sum("charge__amount"))
    yield from sums.order_by("name", "customer", "product_name", "unit").iterator(chunk_size=2_000)


def _retail(
    product: str, sku: str, country: str, term: str, frequency: str, currency: str, day: datetime.date
) -> Decimal | None:
    question = PriceQuestion(product, sku, country, currency, term, frequency, day)
    try:
        return list_entry(question).retail_price
    except NoPrice:
        return None
