"""How bundles and their sales look in the API. The original has none; names follow its habits."""

from decimal import Decimal
from typing import Any, NotRequired

from typing_extensions import TypedDict

from bundles.models import BundleLine, BundlePart, BundleSale, BundleVersion
from customers.enums import Term
from customers.wire import cycle_of
from portal.api.resources import (
    Attributes,
    CollectionLinks,
    SelfLinks,
    attributes,
    self_links,
    time_text,
    without_nothing,
)


class Product(TypedDict):
    catalogItemId: str
    title: str
    quantity: int
    billingCycle: str
    termDuration: NotRequired[str]


class Bundle(TypedDict):
    id: str
    version: int
    name: str
    description: str
    price: float
    currencyCode: str
    billingFrequency: str
    termText: str
    terms: str
    effectiveStartDate: str
    effectiveEndDate: NotRequired[str]
    status: str
    customerId: NotRequired[str]
    resellerId: NotRequired[str]
    products: list[Product]
    createdDate: str
    links: SelfLinks
    attributes: Attributes


class Part(TypedDict):
    subscriptionId: str
    catalogItemId: str
    title: str
    unitPrice: float
    leftDate: NotRequired[str]


class Sale(TypedDict):
    id: str
    bundleId: str
    version: int
    customerId: str
    quantity: int
    price: float
    currencyCode: str
    partnerIdOnRecord: NotRequired[str]
    parts: list[Part]
    createdDate: str
    attributes: Attributes


class Bundles(TypedDict):
    totalCount: int
    items: list[Bundle]
    links: CollectionLinks
    continuationToken: NotRequired[str]
    attributes: Attributes


def bundle(version: BundleVersion, lines: list[BundleLine]) -> dict[str, Any]:
    """Return the version of a bundle that is sold."""
    owner = version.bundle
    return without_nothing(
        {
            "id": str(version.bundle_id),
            "version": version.number,
            "name": version.name,
            "description": version.description,
            "price": float(version.price),
            "currencyCode": version.currency,
            "billingFrequency": version.billing_frequency,
            "termText": version.term_text,
            "terms": version.terms,
            "effectiveStartDate": version.valid_from.isoformat(),
            "effectiveEndDate": version.valid_until.isoformat() if version.valid_until else None,
            "status": owner.status,
            "customerId": str(owner.customer_id) if owner.customer_id else None,
            "resellerId": str(owner.reseller_id) if owner.reseller_id else None,
            "products": [_product(line) for line in lines],
            "createdDate": time_text(version.created_at),
            "links": self_links(f"/bundles/{version.bundle_id}"),
            "attributes": attributes("Bundle"),
        }
    )


def _product(line: BundleLine) -> dict[str, Any]:
    return without_nothing(
        {
            "catalogItemId": line.catalog_item,
            "title": line.title,
            "quantity": line.quantity,
            "billingCycle": cycle_of(line.billing_frequency, line.term),
            "termDuration": None if line.term == Term.NONE else line.term,
        }
    )


def sale(row: BundleSale, parts: list[BundlePart]) -> dict[str, Any]:
    """Return what was sold, and the subscriptions it became."""
    version = row.version
    return without_nothing(
        {
            "id": str(row.pk),
            "bundleId": str(version.bundle_id),
            "version": version.number,
            "customerId": str(row.customer_id),
            "quantity": row.quantity,
            "price": float(version.price * Decimal(row.quantity)),
            "currencyCode": version.currency,
            "partnerIdOnRecord": row.partner_on_record or None,
            "parts": [_part(part) for part in parts],
            "createdDate": time_text(row.created_at),
            "attributes": attributes("BundleSale"),
        }
    )


def _part(part: BundlePart) -> dict[str, Any]:
    return without_nothing(
        {
            "subscriptionId": str(part.subscription_id),
            "catalogItemId": part.line.catalog_item,
            "title": part.line.title,
            "unitPrice": float(part.unit_price),
            "leftDate": part.left_on.isoformat() if part.left_on else None,
        }
    )
