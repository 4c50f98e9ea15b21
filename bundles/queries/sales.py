"""What speaks for and against selling a bundle to a customer, and what was sold."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from bundles.models import BundleLine, BundlePart, BundleSale, BundleVersion
from bundles.products import wanted_line
from customers.catalog import Quote, WantedLine, catalog_of_family, standing_of
from customers.enums import BillingFrequency, ProductFamily
from customers.rules.buying import Buyer
from portal.accounts.actor import Actor
from portal.core.errors import Refusal
from portal.core.pages import Page, keyset_page

SHOWN = 50  # of what a customer bought
ORDER = ("-created_at", "-pk")
SUBSCRIPTION = ("subscription", "line", "sale__version")


@dataclass(frozen=True)
class Standing:
    """A product of a bundle before a customer: what it costs the partner there, or why it cannot be bought."""

    line: BundleLine
    wanted: WantedLine
    quote: Quote | None
    refusal: Refusal | None

    @property
    def cost(self) -> Decimal:
        """What the partner pays for the licenses of one bundle and cycle."""
        return self.quote.unit_price * self.line.quantity if self.quote else Decimal(0)


def standings(version: BundleVersion, buyer: Buyer, *, quantity: int, partner_on_record: str) -> list[Standing]:
    """Ask the rules of single orders about each product of a bundle, in the order in which they are bought.

    An Azure plan comes first: what runs under a plan may do so under the one that the bundle itself brings.
    """
    lines = sorted(version.lines.all(), key=lambda line: (not _is_plan(line), line.position))
    brings_plan = any(_is_plan(line) for line in lines)
    return [_standing(line, buyer, quantity, partner_on_record, brings_plan=brings_plan) for line in lines]


def _is_plan(line: BundleLine) -> bool:
    return line.product_family == ProductFamily.AZURE_PLAN


def _standing(line: BundleLine, buyer: Buyer, quantity: int, number: str, *, brings_plan: bool) -> Standing:
    wanted = wanted_line(
        line.catalog_item,
        line.term,
        line.billing_frequency,
        quantity=line.quantity * quantity if is_counted(line) else 1,
        partner_on_record=number,
    )
    found = standing_of(catalog_of_family(line.product_family), wanted, buyer, brings_plan=brings_plan)
    return Standing(line, wanted, found.quote, found.refusal)


def is_counted(line: BundleLine) -> bool:
    """Say whether more bundles need more licenses of a product: what is billed by usage is there once."""
    return line.billing_frequency != BillingFrequency.USAGE


def cost_of(found: Sequence[Standing]) -> Decimal:
    """Return what one bundle costs the partner for a billing cycle."""
    return sum((one.cost for one in found), Decimal(0))


def sale_page(version: BundleVersion, *, cursor: str = "") -> Page[BundleSale]:
    """Return one page of what was sold of a bundle, of all its versions, newest first. Raises: BadCursor."""
    rows = BundleSale.objects.filter(version__bundle_id=version.bundle_id)
    return keyset_page(rows.select_related("version", "customer__organization"), order=ORDER, cursor=cursor, size=25)


def sale_of(actor: Actor, sale_id: UUID) -> BundleSale:
    """Return a sale of the actor's partner. Raises: Http404."""
    rows = BundleSale.objects.visible_to(actor).select_related(
        "version__bundle", "customer__organization", "reseller__organization"
    )
    found = rows.filter(pk=sale_id).first()
    if found is None:
        raise Http404
    return found


def sales_of_customer(actor: Actor, customer_id: UUID) -> list[BundleSale]:
    """Return what a customer bought in bundles of the actor's partner last, newest first."""
    rows = BundleSale.objects.visible_to(actor).filter(customer_id=customer_id)
    return list(rows.select_related("version").order_by(*ORDER)[:SHOWN])


def parts_of(sale: BundleSale) -> list[BundlePart]:
    """Return the subscriptions of a sale in the order of the bundle's products."""
    return list(sale.parts.select_related(*SUBSCRIPTION).order_by("line__position"))


def bundled(billing_owner_id: UUID) -> QuerySet[BundlePart]:
    """Return the subscriptions that a partner's customers pay within bundles (setting BUNDLE_PARTS)."""
    return BundlePart.objects.filter(sale__partner_id=billing_owner_id, unit_price__gt=0)
