"""Products, SKUs and availabilities as the API writes them (API reference, section 5.2)."""

from collections.abc import Iterable, Sequence
from typing import Any, NotRequired

from typing_extensions import TypedDict

from customers.catalog import Availability, Product, Shelf, Sku, SoldTerm
from portal.api.resources import Attributes, Link, SelfLinks, attributes, link, self_links, without_nothing


class SubItemType(TypedDict):
    id: str
    displayName: str


class ItemType(TypedDict):
    id: str
    displayName: str
    subType: NotRequired[SubItemType]


class ProductAnswer(TypedDict):
    id: str
    title: str
    description: str
    productType: ItemType
    isMicrosoftProduct: bool
    publisherName: NotRequired[str]
    links: dict[str, Link]
    attributes: Attributes


class Attestation(TypedDict):
    attestationType: str
    enforceAttestation: bool


class SkuAnswer(TypedDict):
    id: str
    productId: str
    title: str
    description: str
    minimumQuantity: int
    maximumQuantity: int
    isTrial: bool
    supportedBillingCycles: list[str]
    purchasePrerequisites: list[str]
    inventoryVariables: list[str]
    provisioningVariables: list[str]
    attestationProperties: Attestation
    consumptionType: NotRequired[str]
    links: dict[str, Link]
    attributes: Attributes


class RefundChoice(TypedDict):
    sequenceId: int
    type: str
    expiresAfter: str


class CancellationPolicy(TypedDict):
    refundOptions: list[RefundChoice]


class TermAnswer(TypedDict):
    id: str
    duration: str
    description: str
    billingCycle: str
    cancellationPolicies: list[CancellationPolicy]


class Currency(TypedDict):
    code: str
    symbol: str


class AvailabilityAnswer(TypedDict):
    id: str
    productId: str
    skuId: str
    catalogItemId: str
    defaultCurrency: Currency
    segment: str
    country: str
    isPurchasable: bool
    isRenewable: bool
    terms: list[TermAnswer]
    links: dict[str, Link]
    attributes: Attributes


class ProductCollection(TypedDict):
    totalCount: int
    items: list[ProductAnswer]
    links: SelfLinks
    attributes: Attributes


class SkuCollection(TypedDict):
    totalCount: int
    items: list[SkuAnswer]
    links: SelfLinks
    attributes: Attributes


class AvailabilityCollection(TypedDict):
    totalCount: int
    items: list[AvailabilityAnswer]
    links: SelfLinks
    attributes: Attributes


def address(shelf: Shelf, rest: str) -> str:
    """Return an address below the catalog of a shelf: of a customer, or of a country, which a parameter names."""
    return f"/customers/{shelf.customer.pk}/{rest}" if shelf.customer else f"/{rest}?country={shelf.country}"


def product(one: Product, shelf: Shelf) -> dict[str, Any]:
    """Return a product as the API writes it."""
    kind: dict[str, Any] = {"id": one.kind, "displayName": one.kind}
    if one.sub_kind:
        kind["subType"] = {"id": one.sub_kind, "displayName": one.sub_kind}
    here = f"products/{one.id}"
    value = {
        "id": one.id,
        "title": one.title,
        "description": one.description,
        "productType": kind,
        "isMicrosoftProduct": one.is_microsoft,
        "publisherName": one.publisher or None,
        "links": {"skus": link(address(shelf, f"{here}/skus")), "self": link(address(shelf, here))},
        "attributes": attributes("Product"),
    }
    return without_nothing(value)


def sku(one: Sku, shelf: Shelf) -> dict[str, Any]:
    """Return a SKU as the API writes it."""
    here = f"products/{one.product_id}/skus/{one.id}"
    value = {
        "id": one.id,
        "productId": one.product_id,
        "title": one.title,
        "description": one.description,
        "minimumQuantity": one.minimum,
        "maximumQuantity": one.maximum,
        "isTrial": one.is_trial,
        "supportedBillingCycles": list(one.billing_cycles),
        "purchasePrerequisites": list(one.prerequisites),
        "inventoryVariables": [],
        "provisioningVariables": [],
        "attestationProperties": {"attestationType": "none", "enforceAttestation": False},
        "consumptionType": one.consumption or None,
        "links": {"availabilities": link(address(shelf, f"{here}/availabilities")), "self": link(address(shelf, here))},
        "attributes": attributes("Sku"),
    }
    return without_nothing(value)


def availability(one: Availability, shelf: Shelf) -> dict[str, Any]:
    """Return an availability as the API writes it."""
    here = f"products/{one.product_id}/skus/{one.sku_id}/availabilities/{one.id}"
    return {
        "id": one.id,
        "productId": one.product_id,
        "skuId": one.sku_id,
        "catalogItemId": one.catalog_item,
        "defaultCurrency": {"code": one.currency, "symbol": one.currency},
        "segment": shelf.segment,
        "country": shelf.country,
        "isPurchasable": True,
        "isRenewable": one.is_renewable,
        "terms": list(_terms(one.terms)),
        "links": self_links(address(shelf, here)),
        "attributes": attributes("Availability"),
    }


def _terms(terms: Sequence[SoldTerm]) -> Iterable[dict[str, Any]]:
    for term in terms:
        options = [{"sequenceId": 0, "type": term.refund, "expiresAfter": term.refund_within}] if term.refund else []
        yield {
            "id": f"{term.duration}-{term.billing_cycle}",
            "duration": term.duration,
            "description": f"{term.duration} {term.billing_cycle}",
            "billingCycle": term.billing_cycle,
            "cancellationPolicies": [{"refundOptions": options}],
        }
