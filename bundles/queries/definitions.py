"""The bundles of a partner: its list, one bundle with its products as they are sold today."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import Http404

from bundles.models import BundleLine, BundleSale, BundleVersion
from bundles.products import Offered, offered_of
from customers.catalog import Shelf
from customers.models import Customer
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.core.fields import name_key
from portal.core.pages import Page, keyset_page, walk

ORDERS = {"name": ("name_key", "pk"), "changed": ("created_at", "pk")}
DEFAULT_ORDER = "name"
BATCH = 500


@dataclass(frozen=True)
class BundleFilter:
    """What the list is narrowed to; empty fields do not narrow."""

    text: str = ""
    state: str = ""
    audience: str = ""  # "all", "customer" or "reseller"
    customer_id: UUID | None = None  # those that can be sold to a customer: its own, and those for all


AUDIENCES = {
    "all": Q(bundle__customer__isnull=True, bundle__reseller__isnull=True),
    "customer": Q(bundle__customer__isnull=False),
    "reseller": Q(bundle__reseller__isnull=False),
}


def bundles(actor: Actor, wanted: BundleFilter, *, today: datetime.date) -> QuerySet[BundleVersion]:
    """Return the versions that are sold of the partner's bundles, with ``line_count`` and ``sold``, in one query."""
    sold = BundleSale.objects.filter(version__bundle_id=OuterRef("bundle_id")).order_by()
    total = sold.values("version__bundle_id").annotate(total=Sum("quantity")).values("total")
    rows = (
        BundleVersion.objects.visible_to(actor)
        .current()
        .annotate(line_count=Count("lines"), sold=Coalesce(Subquery(total), 0))
    )
    if wanted.text:
        rows = rows.filter(name_key__contains=name_key(wanted.text))
    if wanted.state:
        rows = rows.in_state(wanted.state, on=today)
    if wanted.audience:
        rows = rows.filter(AUDIENCES[wanted.audience])
    if wanted.customer_id:
        rows = rows.filter(Q(bundle__customer_id=wanted.customer_id) | Q(bundle__customer__isnull=True))
    return rows.select_related("bundle__customer__organization", "bundle__reseller__organization")


def order_of(sort: str) -> Sequence[str]:
    """Return the columns of an order, "-name" the other way round."""
    columns = ORDERS[sort.lstrip("-")]
    return [f"-{name}" for name in columns] if sort.startswith("-") else columns


def bundle_page(
    actor: Actor,
    wanted: BundleFilter,
    *,
    today: datetime.date,
    sort: str = DEFAULT_ORDER,
    cursor: str = "",
    size: int = 50,
) -> Page[BundleVersion]:
    """Return one page of the partner's bundles. Raises: BadCursor."""
    rows = bundles(actor, wanted, today=today)
    return keyset_page(rows, order=order_of(sort), cursor=cursor, size=size, with_total=True)


def all_bundles(actor: Actor, wanted: BundleFilter, *, today: datetime.date, sort: str) -> Iterator[BundleVersion]:
    """Yield the whole list."""
    return walk(bundles(actor, wanted, today=today), order=order_of(sort), size=BATCH)


def bundle_of(actor: Actor, bundle_id: UUID, *, number: int | None = None) -> BundleVersion:
    """Return the version of a bundle that is sold, or the one with a number. Raises: Http404."""
    rows = BundleVersion.objects.visible_to(actor).filter(bundle_id=bundle_id)
    rows = rows.current() if number is None else rows.filter(number=number)
    found = rows.select_related("bundle__customer__organization", "bundle__reseller__organization").first()
    if found is None:
        raise Http404
    return found


def versions_of(version: BundleVersion) -> list[BundleVersion]:
    """Return all versions of a bundle, the newest first."""
    return list(BundleVersion.objects.filter(bundle_id=version.bundle_id).order_by("-number"))


def lines_of(versions: Sequence[BundleVersion]) -> dict[UUID, list[BundleLine]]:
    """Return the products of several versions, in one query."""
    found: dict[UUID, list[BundleLine]] = {version.pk: [] for version in versions}
    for line in BundleLine.objects.filter(version__in=found).order_by("version", "position"):
        found[line.version_id].append(line)
    return found


def shelf_of(actor: Actor, customer_id: UUID | None, *, today: datetime.date) -> Shelf:
    """Return the shelf before which a bundle is put together: that of its customer, else of the partner's country."""
    partner = Partner.objects.select_related("organization").get(pk=actor.organization_id)
    if customer_id is None:
        return Shelf(partner, partner.organization.country, today)
    customer = Customer.objects.select_related("organization").get(pk=customer_id)
    return Shelf(partner, customer.organization.country, today, customer)


@dataclass(frozen=True)
class Product:
    """A line of a version and how it is sold today; ``offered`` ``None``: it is not."""

    line: BundleLine
    offered: Offered | None

    @property
    def cost(self) -> Decimal:
        """What the partner pays for the licenses of one bundle and cycle."""
        return self.offered.unit_price * self.line.quantity if self.offered else Decimal(0)


def products_of(version: BundleVersion, shelf: Shelf) -> list[Product]:
    """Return the products of a version, each with today's offer on a shelf."""
    lines = version.lines.order_by("position")
    return [Product(line, offered_of(shelf, line.catalog_item, line.billing_frequency)) for line in lines]


def cost_of(products: Sequence[Product]) -> Decimal | None:
    """Return what one bundle costs the partner today, or ``None`` where a product is not sold."""
    if any(product.offered is None for product in products):
        return None
    return sum((product.cost for product in products), Decimal(0))
