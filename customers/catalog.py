"""Products as the API's catalog names them, and what each app that sells some says of its own (API reference, 5).

An app names its ``Catalog`` in ``settings.CATALOGS``. Product ids of two catalogs never are the same.
"""

import datetime
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from customers.models import Customer
from customers.rules.buying import AzurePlanMissing, Buyer
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.core.errors import Refusal
from portal.core.money import round_money


class OrderNotFound(Refusal):
    """The customer has no such order that the caller may see."""

    code = "order-not-found"
    http_status = 404

    def __init__(self) -> None:
        super().__init__(_("The customer has no such order, or none you may see."))


@dataclass(frozen=True)
class Shelf:
    """For whom a catalog is looked at: a partner that sells in a country, perhaps to one customer."""

    partner: Partner
    country: str
    today: datetime.date
    customer: Customer | None = None
    segment: str = "commercial"


@dataclass(frozen=True)
class Product:
    """Something that is sold; ``views`` are the targetViews it stands in."""

    id: str
    title: str
    description: str
    kind: str  # productType.id
    views: tuple[str, ...]
    sub_kind: str = ""
    is_microsoft: bool = True
    publisher: str = ""
    family: str = ""  # customers.enums.ProductFamily


@dataclass(frozen=True)
class Sku:
    """A version of a product."""

    id: str
    product_id: str
    title: str
    description: str
    minimum: int = 1
    maximum: int = 1
    is_trial: bool = False
    billing_cycles: tuple[str, ...] = ()  # the original's words
    prerequisites: tuple[str, ...] = ()
    consumption: str = ""


@dataclass(frozen=True)
class SoldTerm:
    """For how long and how billed an availability is sold, and until when it may be canceled for how much.

    ``unit_price`` is what the shelf's partner pays for one license and billing cycle; ``None``: billed by usage.
    """

    duration: str
    billing_cycle: str
    unit_price: Decimal | None = None
    refund: str = ""  # Full or Partial; empty: none
    refund_within: str = ""  # ISO 8601 duration


@dataclass(frozen=True)
class Availability:
    """A SKU as it is sold on this shelf; its id may change from day to day."""

    id: str
    product_id: str
    sku_id: str
    currency: str
    terms: tuple[SoldTerm, ...]
    is_renewable: bool = True

    @property
    def catalog_item(self) -> str:
        return f"{self.product_id}:{self.sku_id}:{self.id}"


@dataclass(frozen=True)
class WantedLine:
    """A line of a cart or order as it was sent. ``term`` may be empty where the availability says it."""

    catalog_item: str
    quantity: int
    billing_cycle: str
    term: str = ""
    friendly_name: str = ""
    currency: str = ""
    scope: str = ""  # of a reservation: the Azure subscription it is limited to
    partner_on_record: str = ""  # PartnerID that is credited: lines of one cart may differ in it
    ends_on: str = ""  # the first day after a first term that is to end early, as ISO date

    @property
    def product_id(self) -> str:
        return self.catalog_item.partition(":")[0]


@dataclass(frozen=True)
class Quote:
    """What a line costs today: one license for one billing cycle, and all of them for the whole term.

    ``first``: all of them for a first cycle that the end of the term cuts short.
    """

    currency: str
    list_price: Decimal
    unit_price: Decimal
    total: Decimal
    first: Decimal | None = None

    def at_once(self, quantity: int) -> Decimal:
        """Return what the first billing cycle of so many costs."""
        return round_money(self.unit_price * quantity, self.currency) if self.first is None else self.first


@dataclass(frozen=True)
class PlacedLine:
    number: int
    catalog_item: str
    subscription_id: UUID
    friendly_name: str
    quantity: int
    term: str
    billing_cycle: str
    status: str  # of the subscription: customers.enums.SubscriptionStatus
    price: Quote | None  # only whoever bought reads it
    has_activation_link: bool = False


@dataclass(frozen=True)
class PlacedOrder:
    id: UUID
    customer_id: UUID
    currency: str
    created_at: datetime.datetime
    partner_on_record: str
    total: Decimal | None
    lines: tuple[PlacedLine, ...]


@dataclass(frozen=True)
class Standing:
    """A line before a customer: what it costs there, or why it cannot be bought; neither: it costs nothing yet."""

    line: WantedLine
    quote: Quote | None
    refusal: Refusal | None


class Catalog(ABC):
    """What one app sells. Only what the shelf's partner may sell in its country is returned."""

    is_one_line = False  # whether each line becomes an order of its own
    families: frozenset[str] = frozenset()  # customers.enums.ProductFamily, of all that it ever sells

    @abstractmethod
    def products(self, shelf: Shelf, view: str = "", *, text: str = "") -> list[Product]:
        """Return the products that stand in a targetView (in lower case), or all, by title; ``text`` is in it."""

    @abstractmethod
    def product(self, shelf: Shelf, product_id: str) -> Product | None:
        """Return one product."""

    @abstractmethod
    def skus(self, shelf: Shelf, product_id: str) -> list[Sku]:
        """Return the SKUs of a product; none for one of another catalog."""

    @abstractmethod
    def availabilities(self, shelf: Shelf, product_id: str, sku_id: str) -> list[Availability]:
        """Return how a SKU is sold."""

    @abstractmethod
    def quote(self, line: WantedLine, *, partner: Partner, customer: Customer, today: datetime.date) -> Quote:
        """Return what a line costs. Raises: a Refusal where it cannot be bought."""

    @abstractmethod
    def order(
        self,
        lines: Sequence[WantedLine],
        *,
        customer_id: UUID,
        partner_on_record: str,
        is_attested: bool,
        actor: Actor,
        now: datetime.datetime,
    ) -> UUID:
        """Buy lines in one order, all or nothing, and return its id. Raises: a Refusal."""

    @abstractmethod
    def orders(self, actor: Actor, customer_id: UUID, *, order_id: UUID | None = None) -> list[PlacedOrder]:
        """Return the orders for a customer that the actor may see, newest first, or the one with an id."""


def standing_of(catalog: Catalog, line: WantedLine, buyer: Buyer, *, brings_plan: bool) -> Standing:
    """Ask a line's catalog about it; ``brings_plan``: what runs under an Azure plan is bought together with one."""
    try:
        quote = catalog.quote(line, partner=buyer.partner, customer=buyer.customer, today=buyer.today)
    except AzurePlanMissing as refusal:
        return Standing(line, None, None if brings_plan else refusal)
    except Refusal as refusal:
        return Standing(line, None, refusal)
    return Standing(line, quote, None)


def catalogs() -> list[Catalog]:
    """Return the catalogs of all apps."""
    return [import_string(path)() for path in settings.CATALOGS]


def catalog_of(shelf: Shelf, product_id: str) -> Catalog | None:
    """Return the catalog that sells a product on a shelf."""
    return next((one for one in catalogs() if one.product(shelf, product_id) is not None), None)


def catalog_of_family(family: str) -> Catalog:
    """Return the catalog that sells a product family, whether it sells a product of it today or not."""
    return next(one for one in catalogs() if family in one.families)


def orders_of(actor: Actor, customer_id: UUID, *, order_id: UUID | None = None) -> list[PlacedOrder]:
    """Return the orders of all catalogs, newest first."""
    found: Iterable[PlacedOrder] = (
        order for catalog in catalogs() for order in catalog.orders(actor, customer_id, order_id=order_id)
    )
    return sorted(found, key=lambda order: (order.created_at, order.id), reverse=True)
