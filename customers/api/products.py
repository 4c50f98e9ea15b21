"""The catalog: products, SKUs and availabilities of all apps that sell something (API reference, sections 5.1, 5.2)."""

import re
from typing import Any, NotRequired

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from typing_extensions import TypedDict

from customers import queries
from customers.api import product_shapes as shapes
from customers.catalog import Availability, Product, Shelf, Sku, catalogs
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import WrongParameter, json_answer
from portal.api.reading import Body, body_of, query_of
from portal.api.resources import collection, without_nothing
from portal.core.errors import InvalidInput

COUNTRY = re.compile(r"[A-Za-z]{2}")
SEGMENTS = ("commercial", "education", "government", "nonprofit")
VIEWS = (
    "Azure",
    "AzureReservations",
    "AzureReservationsVM",
    "AzureReservationsSQL",
    "AzureReservationsCosmosDb",
    "MicrosoftAzure",
    "OnlineServices",
    "Software",
    "SoftwareSUSELinux",
    "SoftwarePerpetual",
    "SoftwareSubscriptions",
    "SpecializedOffers",
    "MarketplaceSaaS",
)
SEGMENT = {"targetSegment": "commercial (the default), education, government or nonprofit."}
OF_COUNTRY = {"country": "Where the products are sold, such as FR; needed where no customer says it.", **SEGMENT}
OF_VIEW = {"targetView": f"Only one kind of products: {', '.join(VIEWS)}.", **OF_COUNTRY}


class ProductNotFound(InvalidInput):
    """No product of this id is sold here."""

    code = "product-not-found"
    http_status = 404

    def __init__(self) -> None:
        super().__init__(_("No such product is sold here."), field="product")


class SkuNotFound(InvalidInput):
    """The product has no such SKU here."""

    code = "sku-not-found"
    http_status = 404

    def __init__(self) -> None:
        super().__init__(_("The product has no such SKU here."), field="sku")


class AvailabilityNotFound(InvalidInput):
    """The SKU is not, or no longer, sold like this."""

    code = "catalog-item-unknown"
    http_status = 404

    def __init__(self) -> None:
        super().__init__(_("The SKU is not sold like this any more."), field="availability")


class ViewUnknown(InvalidInput):
    """No targetView has this name."""

    code = "target-view-unknown"
    http_status = 403

    def __init__(self) -> None:
        super().__init__(_("There is no such view of the catalog."), field="targetView")


class SegmentUnknown(InvalidInput):
    """No targetSegment has this name."""

    code = "target-segment-unknown"
    http_status = 403

    def __init__(self) -> None:
        super().__init__(_("There is no such segment of customers."), field="targetSegment")


class TargetItem(Body):
    product_id: str
    sku_id: str = ""


class InventoryBody(Body):
    """Which items to check; none of those that are sold here is ever short."""

    target_items: list[TargetItem]


class InventoryAnswer(TypedDict):
    productId: str
    skuId: NotRequired[str]
    isRestricted: bool
    restrictions: list[str]


@api_requires(Permission.SUBSCRIPTION_VIEW, answer=shapes.ProductCollection, query=OF_VIEW, tag="Catalog")
def list_products(request: ApiRequest, customer_id: Any = None) -> HttpResponse:
    """List the products that the caller may sell in a country, or to a customer."""
    shelf, view = _shelf(request, customer_id), _view(request)
    found = [one for catalog in catalogs() for one in catalog.products(shelf, view)]
    found.sort(key=lambda one: (one.title.lower(), one.id))
    items = [shapes.product(one, shelf) for one in found]
    return json_answer(collection(items, uri=shapes.address(shelf, "products")))


@api_requires(Permission.SUBSCRIPTION_VIEW, answer=shapes.ProductAnswer, query=OF_COUNTRY, tag="Catalog")
def get_product(request: ApiRequest, product: str, customer_id: Any = None) -> HttpResponse:
    """Get a product."""
    shelf = _shelf(request, customer_id)
    return json_answer(shapes.product(_found_product(shelf, product), shelf))


@api_requires(Permission.SUBSCRIPTION_VIEW, answer=shapes.SkuCollection, query=OF_COUNTRY, tag="Catalog")
def list_skus(request: ApiRequest, product: str, customer_id: Any = None) -> HttpResponse:
    """List the SKUs of a product: its versions."""
    shelf = _shelf(request, customer_id)
    one = _found_product(shelf, product)
    items = [shapes.sku(sku, shelf) for sku in _skus(shelf, one.id)]
    return json_answer(collection(items, uri=shapes.address(shelf, f"products/{one.id}/skus")))


@api_requires(Permission.SUBSCRIPTION_VIEW, answer=shapes.SkuAnswer, query=OF_COUNTRY, tag="Catalog")
def get_sku(request: ApiRequest, product: str, sku: str, customer_id: Any = None) -> HttpResponse:
    """Get a SKU of a product."""
    shelf = _shelf(request, customer_id)
    return json_answer(shapes.sku(_found_sku(shelf, product, sku), shelf))


@api_requires(Permission.SUBSCRIPTION_VIEW, answer=shapes.AvailabilityCollection, query=OF_COUNTRY, tag="Catalog")
def list_availabilities(request: ApiRequest, product: str, sku: str, customer_id: Any = None) -> HttpResponse:
    """List for which terms a SKU is sold; their ``catalogItemId`` goes into a cart."""
    shelf = _shelf(request, customer_id)
    one = _found_sku(shelf, product, sku)
    items = [shapes.availability(found, shelf) for found in _availabilities(shelf, one)]
    uri = shapes.address(shelf, f"products/{one.product_id}/skus/{one.id}/availabilities")
    return json_answer(collection(items, uri=uri))


@api_requires(Permission.SUBSCRIPTION_VIEW, answer=shapes.AvailabilityAnswer, query=OF_COUNTRY, tag="Catalog")
def get_availability(
    request: ApiRequest, product: str, sku: str, availability: str, customer_id: Any = None
) -> HttpResponse:
    """Get an availability of a SKU."""
    shelf = _shelf(request, customer_id)
    for found in _availabilities(shelf, _found_sku(shelf, product, sku)):
        if found.id.lower() == availability.lower():
            return json_answer(shapes.availability(found, shelf))
    raise AvailabilityNotFound


@api_requires(
    Permission.SUBSCRIPTION_VIEW, body=InventoryBody, answer=list[InventoryAnswer], query=OF_COUNTRY, tag="Catalog"
)
def check_inventory(request: ApiRequest) -> HttpResponse:
    """Say which items can be had; unknown products are left out."""
    shelf, answer = _shelf(request, None), []
    for item in body_of(request, InventoryBody).target_items[:100]:
        if any(catalog.product(shelf, item.product_id) for catalog in catalogs()):
            value = {"productId": item.product_id, "skuId": item.sku_id or None}
            answer.append(without_nothing(value) | {"isRestricted": False, "restrictions": []})
    return json_answer(answer)


def _shelf(request: ApiRequest, customer_id: Any) -> Shelf:
    """Return the shelf that is looked at. Raises: Http404, WrongParameter, SegmentUnknown."""
    query, today = query_of(request), timezone.now().date()
    segment = query.get("targetsegment", "").lower() or SEGMENTS[0]
    if segment not in SEGMENTS:
        raise SegmentUnknown
    partner = Partner.objects.select_related("organization").get(pk=request.actor.organization_id)
    if customer_id is not None:
        customer = queries.customer_of(request.actor, customer_id).customer
        return Shelf(partner, customer.organization.country, today, customer, segment)
    country = query.get("country", "")
    if not COUNTRY.fullmatch(country):
        raise WrongParameter("country")
    return Shelf(partner, country.upper(), today, None, segment)


def _view(request: ApiRequest) -> str:
    view = query_of(request).get("targetview", "").lower()
    if view and view not in {name.lower() for name in VIEWS}:
        raise ViewUnknown
    return view


def _found_product(shelf: Shelf, product_id: str) -> Product:
    for catalog in catalogs():
        if found := catalog.product(shelf, product_id):
            return found
    raise ProductNotFound


def _skus(shelf: Shelf, product_id: str) -> list[Sku]:
    return [sku for catalog in catalogs() for sku in catalog.skus(shelf, product_id)]


def _found_sku(shelf: Shelf, product_id: str, sku_id: str) -> Sku:
    product = _found_product(shelf, product_id)
    for sku in _skus(shelf, product.id):
        if sku.id.lower() == sku_id.lower():
            return sku
    raise SkuNotFound


def _availabilities(shelf: Shelf, sku: Sku) -> list[Availability]:
    return [one for catalog in catalogs() for one in catalog.availabilities(shelf, sku.product_id, sku.id)]
