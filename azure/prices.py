"""What a first-party product costs: the one place that asks the price lists (A9)."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from django.db.models import Q, QuerySet

from billing.enums import Segment
from billing.models import PriceList, PriceListEntry
from billing.prices import month_of
from customers.enums import ProductFamily
from customers.models import Customer, Subscription
from customers.rules.buying import Buyer
from portal.accounts.models import Partner

EXACT = Decimal("0.0001")  # as prices of subscriptions are kept
ORDER = ("product_title", "sku_title", "product_id", "sku_id")
# Sold by SKU from the price lists. What is billed by usage is no SKU: it has an offer of its own.
LISTED = (
    ProductFamily.LICENSE_BASED,
    ProductFamily.RESERVATION,
    ProductFamily.SAVINGS_PLAN,
    ProductFamily.SOFTWARE,
    ProductFamily.PERPETUAL_SOFTWARE,
)


@dataclass(frozen=True)
class Way:
    """One way to buy a SKU: for how long, how it is billed, and what one license costs for one cycle."""

    term: str
    billing_frequency: str
    unit_price: Decimal
    currency: str


@dataclass(frozen=True)
class ListedSku:
    """A SKU of the price lists with every way to buy it."""

    family: str
    product_id: str
    sku_id: str
    name: str
    product: str
    ways: tuple[Way, ...]


def sold(*, country: str, currency: str, day: datetime.date) -> QuerySet[PriceListEntry]:
    """Return the rows of the price lists in force that name SKUs, for customers of a country in one currency."""
    lists = PriceList.objects.filter(country=country, currency=currency, family__in=LISTED).of_month(month_of(day))
    holds = Q(starts_on__lte=day) & (Q(ends_on__isnull=True) | Q(ends_on__gt=day))
    rows = PriceListEntry.objects.filter(
        holds, price_list__in=[one.pk for one in lists], segment=Segment.COMMERCIAL, meter_id="", tier_from=0
    )
    return rows.select_related("price_list")


def of_buyer(buyer: Buyer) -> QuerySet[PriceListEntry]:
    """Return what the price lists of today sell to a customer."""
    return sold(country=buyer.country, currency=buyer.partner.currency, day=buyer.today)


def skus_of(entries: Iterable[PriceListEntry]) -> list[ListedSku]:
    """Return rows of price lists, sorted by ORDER, as SKUs with their ways."""
    found = []
    for _key, rows in groupby(entries, key=lambda row: (row.product_id, row.sku_id)):
        group = list(rows)
        first = group[0]
        found.append(
            ListedSku(
                family=first.price_list.family,
                product_id=first.product_id,
                sku_id=first.sku_id,
                name=_name(first),
                product=first.product_title,
                ways=tuple(_way(row) for row in group),
            )
        )
    return found


def _name(row: PriceListEntry) -> str:
    """Return what a SKU is called: some only name what tells them from others of the product."""
    named = row.sku_title.startswith(row.product_title)
    return row.sku_title if named else f"{row.product_title}, {row.sku_title}"


def sku(buyer: Buyer, product_id: str, sku_id: str) -> ListedSku | None:
    """Return one SKU as a customer gets it today, or ``None`` where the price lists do not have it."""
    rows = of_buyer(buyer).filter(product_id=product_id, sku_id=sku_id)
    return next(iter(skus_of(rows.order_by(*ORDER, "term", "billing_frequency", "-starts_on", "pk"))), None)


def _way(row: PriceListEntry) -> Way:
    return Way(row.term, row.billing_frequency, row.unit_price.quantize(EXACT), row.price_list.currency)


def ways_for(subscription: Subscription, day: datetime.date) -> tuple[Way, ...]:
    """Return how the price lists sell on a day what somebody has, in the currency in which it is paid."""
    product_id, sku_id, *_rest = [*subscription.offer_id.split(":"), "", ""]
    customer = Customer.objects.select_related("organization").get(pk=subscription.customer_id)
    partner = Partner.objects.select_related("organization").get(pk=subscription.billing_owner_id)
    found = sku(Buyer(partner, customer, day), product_id, sku_id)
    return tuple(way for way in found.ways if way.currency == subscription.currency) if found else ()


def offer_id_for(subscription: Subscription, term: str) -> str:
    """Return the name in the catalog of what somebody has, for another term; empty where it has none."""
    product_id, sku_id, *_rest = [*subscription.offer_id.split(":"), "", ""]
    return f"{product_id}:{sku_id}:{term}" if sku_id else subscription.offer_id
