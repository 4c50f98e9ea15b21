"""First-party products, bought with the workflow of the portal, each with a valid default."""

import datetime
import uuid
from typing import Any

from azure.workflow.purchases import Purchase, Review, buy_product
from billing.models import PriceList
from customers.enums import BillingFrequency, ProductFamily, Term
from customers.models import ResellerRelationship, Subscription
from portal.accounts.actor import Actor
from portal.accounts.enums import Role
from tests.billing.price_factories import make_price, make_price_list
from tests.customers.factories import make_relationship
from tests.factories import NOON, make_actor

LICENSE = {"product_id": "CFQ7TTC0LDPB", "sku_id": "0001"}
RESERVATION = {"product_id": "DZH318Z09V22", "sku_id": "00F1"}
SAVINGS = {"product_id": "DZH318Z0C5KP", "sku_id": "0001"}
SOFTWARE = {"product_id": "DG7GMGF0DZRZ", "sku_id": "0003"}
PERPETUAL = {"product_id": "DG7GMGF0D65N", "sku_id": "0002"}
USAGE = {"sku_id": "usage"}
PLAN, PREVIOUS = USAGE | {"product_id": "azure-plan"}, USAGE | {"product_id": "MS-AZR-0145P"}
SHARED, UNDER_PLAN = USAGE | {"product_id": "MS-AZR-0159P"}, USAGE | {"product_id": "azure-subscription"}
WAYS = {
    "license": (Term.YEAR, BillingFrequency.MONTHLY),
    "upfront": (Term.YEAR, BillingFrequency.UPFRONT),
    "once": (Term.NONE, BillingFrequency.ONE_TIME),
    "usage": (Term.NONE, BillingFrequency.USAGE),
}
WAY_OF = {
    "CFQ7TTC0LDPB": WAYS["license"],
    "DZH318Z09V22": WAYS["license"],
    "DZH318Z0C5KP": WAYS["license"],
    "DG7GMGF0DZRZ": WAYS["upfront"],
    "DG7GMGF0D65N": WAYS["once"],
}


def make_prices(month: datetime.date = datetime.date(2026, 11, 1), **fields: Any) -> None:
    """A price list of every family for France in euro; a license costs 10 a month."""
    sold = {
        ProductFamily.LICENSE_BASED: (LICENSE, "Office Suite Standard", 10),
        ProductFamily.RESERVATION: (RESERVATION, "D2s v5", 30),
        ProductFamily.SAVINGS_PLAN: (SAVINGS, "Compute savings plan", 90),
        ProductFamily.SOFTWARE: (SOFTWARE, "Server Standard", 700),
        ProductFamily.PERPETUAL_SOFTWARE: (PERPETUAL, "Server 2025", 5000),
    }
    for family, (codes, name, price) in sold.items():
        term, frequency = WAY_OF[codes["product_id"]]
        make_price(
            make_price_list(family, month=month, **fields),
            **codes,
            product_title=name,
            sku_title=name,
            term=term,
            billing_frequency=frequency,
            unit_price=price,
        )


def make_ways(*ways: tuple[str, str, int], month: datetime.date = datetime.date(2026, 11, 1)) -> None:
    """Further ways to buy the license of ``make_prices``: term, billing frequency and price of each."""
    price_list = PriceList.objects.get(family=ProductFamily.LICENSE_BASED, month=month)
    name = {"product_title": "Office Suite Standard", "sku_title": "Office Suite Standard"}
    for term, frequency, price in ways:
        make_price(price_list, **LICENSE, **name, term=term, billing_frequency=frequency, unit_price=price)


def make_customer_of(**fields: Any) -> ResellerRelationship:
    """A customer for whom its direct bill partner may buy."""
    return make_relationship(has_agreement=True, **fields)


def purchase_of(codes: dict[str, str], **fields: Any) -> Purchase:
    term, frequency = WAY_OF.get(codes["product_id"], WAYS["usage"])
    return Purchase(**{"order_id": uuid.uuid4(), "term": term, "billing_frequency": frequency} | codes | fields)


def buy(
    relationship: ResellerRelationship,
    codes: dict[str, str],
    *,
    actor: Actor | None = None,
    now: datetime.datetime = NOON,
    **fields: Any,
) -> Subscription:
    """Buy a product for a customer as a sales agent of the relationship's partner."""
    return buy_product(
        customer_id=relationship.customer_id,
        purchase=purchase_of(codes, **fields),
        review=Review(reseller_id=relationship.counterpart_id, is_attested=True),
        actor=actor or make_actor(relationship.partner.organization, Role.SALES_AGENT),
        now=now,
    )
