"""Bundles of a license and a marketplace plan, defined and sold with the workflow of the portal."""

import datetime
import uuid
from decimal import Decimal
from typing import Any

from billing.models import PriceListEntry
from bundles.models import BundleSale, BundleVersion
from bundles.workflow.definitions import Definition, WantedProduct, define_bundle
from bundles.workflow.sales import Sale, sell_bundle
from customers.models import ResellerRelationship
from marketplace.models import Plan
from portal.accounts.enums import Role
from portal.accounts.models import Organization, PartnerLocation
from tests.azure.factories import make_prices
from tests.factories import NOON, make_actor

TODAY = NOON.date()
OFFICE = WantedProduct("CFQ7TTC0LDPB:0001:P1Y", "monthly", 5)  # 10.00 a license and month
AZURE_PLAN = WantedProduct("azure-plan:usage:none", "usage", 1)
SUPPORT = WantedProduct("DG7GMGF0D65N:0002:none", "one_time", 1)


def product_of(plan: Plan, quantity: int = 2, *, term: str = "P1M", frequency: str = "monthly") -> WantedProduct:
    return WantedProduct(f"{plan.offer_id.hex}:{plan.code}:{term}", frequency, quantity)


def definition_of(*products: WantedProduct, **fields: Any) -> Definition:
    """Five licenses of Office Suite for 60.00 a month, from today on."""
    own = {"name": "Office start", "price": Decimal("60.00"), "valid_from": TODAY, "products": products or (OFFICE,)}
    return Definition(**own | fields)


def make_bundle(
    partner: Organization,
    *products: WantedProduct,
    customer_id: uuid.UUID | None = None,
    reseller_id: uuid.UUID | None = None,
    now: datetime.datetime = NOON,
    **fields: Any,
) -> BundleVersion:
    """A bundle that is on sale, with a price list of this month."""
    if not PriceListEntry.objects.exists():
        make_prices(month=now.date().replace(day=1))
    return define_bundle(
        definition=definition_of(*products, **{"valid_from": now.date()} | fields),
        customer_id=customer_id,
        reseller_id=reseller_id,
        actor=make_actor(partner, Role.BILLING_ADMIN),
        now=now,
    )


def number_of(partner: Organization) -> str:
    """The PartnerID of a partner's headquarters."""
    return PartnerLocation.objects.get(partner=partner.partner, is_headquarters=True).partner_id_number


def sell(
    version: BundleVersion, relationship: ResellerRelationship, *, now: datetime.datetime = NOON, **fields: Any
) -> BundleSale:
    """Sell a bundle as a sales agent of the relationship's partner."""
    named = relationship.counterpart or relationship.partner
    own = {"id": uuid.uuid4(), "bundle_id": version.bundle_id, "is_attested": True}
    sale = Sale(**own | {"partner_on_record": number_of(named.organization)} | fields)
    actor = make_actor(relationship.partner.organization, Role.SALES_AGENT)
    return sell_bundle(customer_id=relationship.customer_id, sale=sale, actor=actor, now=now)
