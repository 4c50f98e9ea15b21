"""Price lists of the demo world: the months before now and this one, for the countries of its customers (P10)."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from billing.models import PriceList, PriceListEntry
from billing.prices import month_of
from customers.enums import BillingFrequency, ProductFamily, Term
from customers.models import MarketCountry
from customers.terms import add_months
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Organization, Partner

B, F = BillingFrequency, ProductFamily
MONTHS = 3
PER_EURO = {
    "EUR": Decimal(1),
    "SEK": Decimal("11.2"),
    "CAD": Decimal("1.5"),
    "USD": Decimal("1.1"),
    "GBP": Decimal("0.85"),
    "NOK": Decimal("11.6"),
    "DKK": Decimal("7.46"),
    "CHF": Decimal("0.94"),
}
CENT = Decimal("0.01")
PARTNERS_PART = Decimal("0.8")  # of the estimated retail price


@dataclass(frozen=True)
class Sold:
    """Something on the demo price lists; ``retail`` is the price of one unit in euro, month by month."""

    family: ProductFamily
    product_id: str
    sku_id: str
    product: str
    sku: str
    retail: str
    term: Term = Term.NONE
    billing: BillingFrequency = B.USAGE
    unit: str = "1 license"
    meter_id: str = ""
    tags: tuple[str, ...] = ()
    dearer: str = ""  # the price from this month on
    is_new: bool = False  # on the list from this month on
    tier_from: str = "0"  # units of a month from which the price holds


def _licenses(product_id: str, product: str, monthly: str, annual: str, dearer: str = "") -> Iterator[Sold]:
    terms = ((Term.MONTH, B.MONTHLY, "1.2", monthly), (Term.YEAR, B.MONTHLY, "1", monthly))
    for term, billing, factor, price in terms:
        retail = str((Decimal(price) * Decimal(factor)).quantize(CENT))
        later = str((Decimal(dearer) * Decimal(factor)).quantize(CENT)) if dearer else ""
        yield Sold(F.LICENSE_BASED, product_id, "0001", product, product, retail, term, billing, dearer=later)
    yield Sold(F.LICENSE_BASED, product_id, "0001", product, product, annual, Term.YEAR, B.ANNUAL)
    for billing, price in ((B.MONTHLY, monthly), (B.ANNUAL, annual)):  # three years cost a tenth less
        retail = str((Decimal(price) * Decimal("0.9")).quantize(CENT))
        yield Sold(F.LICENSE_BASED, product_id, "0001", product, product, retail, Term.THREE_YEARS, billing)


def _meter(sku_id: str, meter_id: str, product: str, sku: str, unit: str, price: str, category: str) -> Sold:
    product_id = f"DZH318Z0{sku_id}"
    return Sold(F.AZURE_PLAN, product_id, sku_id, product, sku, price, unit=unit, meter_id=meter_id, tags=(category,))


METERS = (
    _meter("BP01", "meter-compute-d2s", "Virtual Machines Dsv5 Series", "D2s v5", "1 Hour", "0.096", "Compute"),
    _meter("BP02", "meter-compute-d4s", "Virtual Machines Dsv5 Series", "D4s v5", "1 Hour", "0.192", "Compute"),
    _meter("BP03", "meter-disk-p10", "Premium SSD Managed Disks", "P10 Disks", "1/Month", "17.92", "Storage"),
    _meter("BP04", "meter-blob-hot", "Blob Storage", "Hot LRS Data Stored", "1 GB/Month", "0.0196", "Storage"),
    _meter("BP05", "meter-egress", "Bandwidth", "Standard Data Transfer Out", "1 GB", "0.075", "Networking"),
    _meter("BP06", "meter-sql-vcore", "SQL Database General Purpose", "vCore", "1 Hour", "0.2520", "Databases"),
)
FURTHER_TIERS = tuple(
    replace(METERS[4], retail=price, tier_from=units) for units, price in (("300", "0.060"), ("900", "0.045"))
)
SOLD: tuple[Sold, ...] = (
    *_licenses("CFQ7TTC0LDPB", "Office Suite Business Standard", "14.60", "175.20", dearer="15.20"),
    *_licenses("CFQ7TTC0LH16", "Mail and Calendar Plan 1", "4.75", "57.00"),
    *_licenses("CFQ7TTC0LFJ1", "Mobility and Security E3", "11.35", "136.20"),
    Sold(F.LICENSE_BASED, "CFQ7TTC0MSLN", "0002", "Writing Assistant", "Writing Assistant", "9.90", Term.YEAR,
         B.MONTHLY, is_new=True),
    *METERS,
    *FURTHER_TIERS,
    Sold(F.RESERVATION, "DZH318Z09V22", "00F1", "Reserved VM instance", "D2s v5, West Europe, 1 year", "52.00",
         Term.YEAR, B.MONTHLY, "1 Hour"),
    Sold(F.RESERVATION, "DZH318Z09V22", "00F2", "Reserved VM instance", "D2s v5, West Europe, 3 years", "39.25",
         Term.THREE_YEARS, B.MONTHLY, "1 Hour"),
    Sold(F.SAVINGS_PLAN, "DZH318Z0C5KP", "0001", "Compute savings plan", "1 year", "110.00", Term.YEAR, B.MONTHLY),
    Sold(F.SOFTWARE, "DG7GMGF0DZRZ", "0003", "Server Standard", "Server Standard, software subscription", "862.50",
         Term.YEAR, B.UPFRONT),
    Sold(F.PERPETUAL_SOFTWARE, "DG7GMGF0D65N", "0002", "Server 2025 Datacenter", "Server 2025 Datacenter, perpetual",
         "6375.00", Term.NONE, B.ONE_TIME),
)  # fmt: skip


def load(*, now: datetime.datetime) -> None:
    """Write the lists of the last months for each country of a customer, in each currency of a partner there."""
    this_month = month_of(now.date())
    for country, currency in _places(now.date()):
        for back in reversed(range(MONTHS)):
            for family in {sold.family for sold in SOLD}:
                _write(family, country, currency, add_months(this_month, -back), is_latest=not back, now=now)


def _places(day: datetime.date) -> list[tuple[str, str]]:
    countries = set(Organization.objects.filter(kind=OrganizationKind.CUSTOMER).values_list("country", flat=True))
    markets = dict(MarketCountry.objects.filter(valid_from__lte=day).values_list("country", "market_id"))
    currencies: dict[str, set[str]] = {}
    for market, currency in Partner.objects.values_list("market", "currency"):
        currencies.setdefault(market, set()).add(currency)
    return sorted(
        (country, currency) for country in countries for currency in currencies.get(markets.get(country, ""), ())
    )


def _write(
    family: ProductFamily, country: str, currency: str, month: datetime.date, *, is_latest: bool, now: datetime.datetime
) -> None:
    price_list = PriceList.objects.create(
        family=family, country=country, currency=currency, month=month, created_at=now
    )
    PriceListEntry.objects.bulk_create(
        _entry(price_list, sold, is_latest=is_latest)
        for sold in SOLD
        if sold.family == family and (is_latest or not sold.is_new)
    )


def _entry(price_list: PriceList, sold: Sold, *, is_latest: bool) -> PriceListEntry:
    retail = Decimal(sold.dearer if is_latest and sold.dearer else sold.retail) * PER_EURO[price_list.currency]
    if not sold.meter_id:
        retail = retail.quantize(CENT)
    is_retail = sold.family == ProductFamily.AZURE_PLAN  # of meters the list has the retail price; PEC comes off later
    return PriceListEntry(
        price_list=price_list,
        product_id=sold.product_id,
        sku_id=sold.sku_id,
        product_title=sold.product,
        sku_title=sold.sku,
        publisher="Example Software",
        term=sold.term,
        billing_frequency=sold.billing,
        meter_id=sold.meter_id,
        unit_of_measure=sold.unit,
        tier_from=Decimal(sold.tier_from),
        unit_price=retail if is_retail else (retail * PARTNERS_PART).quantize(CENT),
        retail_price=retail,
        starts_on=price_list.month,
        tags=list(sold.tags),
    )
