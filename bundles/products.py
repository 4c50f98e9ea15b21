"""Products that a bundle can hold: what the catalogs of all apps sell on a shelf, each way to buy them apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from customers.catalog import Availability, Catalog, Product, Shelf, Sku, SoldTerm, WantedLine, catalog_of, catalogs
from customers.enums import BillingFrequency, Term
from customers.subscription_changes import frequency_of
from customers.wire import cycle_of

FOUND = 20  # ways to buy that a search shows


@dataclass(frozen=True)
class Offered:
    """One way to buy a product; ``unit_price`` is what the partner pays for a license and cycle, 0 for usage."""

    catalog_item: str
    product_family: str
    title: str
    term: str
    billing_frequency: str
    unit_price: Decimal
    maximum: int

    @property
    def key(self) -> str:
        """What a form calls it."""
        return f"{self.catalog_item}|{self.billing_frequency}"

    @property
    def rhythm(self) -> tuple[str, str]:
        """When it is billed: what is paid upfront is billed once a term."""
        return self.billing_frequency, self.term if self.billing_frequency == BillingFrequency.UPFRONT else ""


@dataclass(frozen=True)
class Chosen:
    """A product of a bundle with the licenses in one bundle."""

    offered: Offered
    quantity: int

    @property
    def cost(self) -> Decimal:
        return self.offered.unit_price * self.quantity


def find(shelf: Shelf, text: str) -> list[Offered]:
    """Return the first ways to buy the products whose name holds the text."""
    found = (
        offered
        for catalog in catalogs()
        for product in catalog.products(shelf, text=text)[:FOUND]
        for offered in _ways(catalog, shelf, product)
    )
    return list(islice(found, FOUND))


def offered_of(shelf: Shelf, catalog_item: str, billing_frequency: str) -> Offered | None:
    """Return one way to buy by its name, or ``None`` where it is not sold on this shelf."""
    product_id = catalog_item.partition(":")[0]
    catalog = catalog_of(shelf, product_id)
    product = catalog.product(shelf, product_id) if catalog else None
    if catalog is None or product is None:
        return None
    wanted = (catalog_item, billing_frequency)
    ways = _ways(catalog, shelf, product)
    return next((one for one in ways if (one.catalog_item, one.billing_frequency) == wanted), None)


def wanted_line(
    catalog_item: str, term: str, billing_frequency: str, *, quantity: int, partner_on_record: str
) -> WantedLine:
    """Return a product as it is ordered from its catalog."""
    return WantedLine(
        catalog_item=catalog_item,
        quantity=quantity,
        billing_cycle=cycle_of(billing_frequency, term),
        term="" if term == Term.NONE else term,
        partner_on_record=partner_on_record,
    )


def _ways(catalog: Catalog, shelf: Shelf, product: Product) -> Iterator[Offered]:
    for sku in catalog.skus(shelf, product.id):
        for availability in catalog.availabilities(shelf, product.id, sku.id):
            for sold in availability.terms:
                yield _offered(product, sku, availability, sold)


def _offered(product: Product, sku: Sku, availability: Availability, sold: SoldTerm) -> Offered:
    term = sold.duration or Term.NONE
    frequency = frequency_of(sold.billing_cycle, term) or BillingFrequency.ONE_TIME
    title = sku.title if sku.title.startswith(product.title) else f"{product.title} – {sku.title}"
    return Offered(
        catalog_item=availability.catalog_item,
        product_family=product.family,
        title=(product.title if frequency == BillingFrequency.USAGE else title)[:300],
        term=term,
        billing_frequency=frequency,
        unit_price=sold.unit_price or Decimal(0),
        maximum=sku.maximum,
    )
