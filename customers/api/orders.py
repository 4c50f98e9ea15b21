"""Orders of a customer, whatever family of products they hold (API reference, section 5.5)."""

from typing import Annotated, Any, NotRequired
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import Field
from typing_extensions import TypedDict

from customers import queries
from customers.api.changes import CYCLES, Quantity
from customers.catalog import OrderNotFound, PlacedLine, PlacedOrder, Quote, WantedLine, orders_of
from customers.enums import SubscriptionStatus
from customers.workflow import carts as workflow
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import WrongParameter, json_answer
from portal.api.reading import Body, body_of, one_of, query_of
from portal.api.resources import Attributes, Link, attributes, collection, link, time_text, without_nothing
from portal.core.errors import InvalidInput, Refusal

ORDERS = {
    "billingType": "Only orders with this billing cycle, without separators: monthly, annual, onetime.",
    "include_price": "true: with prices.",
}
PRICE = {"include_price": ORDERS["include_price"]}
ENDED = (SubscriptionStatus.DELETED, SubscriptionStatus.EXPIRED, SubscriptionStatus.TRANSFERRED)


class NumbersWrong(InvalidInput):
    """The numbers of the lines do not run from 0."""

    code = "order-line-numbers-wrong"
    http_status = 400

    def __init__(self) -> None:
        super().__init__(_("The lines of an order are numbered from 0."), field="lineItemNumber")


class ChangedBySubscription(Refusal):
    """An order stays as it was; what it became changes."""

    code = "order-changes-by-subscription"
    http_status = 403

    def __init__(self) -> None:
        super().__init__(
            _("An order does not change."), next_step=_("Change or cancel its subscriptions, each by PATCH.")
        )


class OrderLineBody(Body):
    line_item_number: Annotated[int, Field(ge=0, le=1000)] = 0
    offer_id: Annotated[str, Field(min_length=1, max_length=100)]
    quantity: Quantity
    friendly_name: Annotated[str, Field(max_length=200)] = ""
    term_duration: Annotated[str, Field(max_length=10)] = ""
    partner_id_on_record: Annotated[str, Field(max_length=12)] = ""


class OrderBody(Body):
    """An order without a cart: lines of one family of products, credited to one PartnerID."""

    billing_cycle: Annotated[str, one_of(*CYCLES)]
    line_items: Annotated[list[OrderLineBody], Field(min_length=1, max_length=25)]
    partner_on_record_attestation_accepted: bool = True

    def lines(self) -> list[WantedLine]:
        """Return the lines by their numbers. Raises: NumbersWrong."""
        items = sorted(self.line_items, key=lambda item: item.line_item_number)
        if [item.line_item_number for item in items] != list(range(len(items))):
            raise NumbersWrong
        return [
            WantedLine(
                catalog_item=item.offer_id,
                quantity=item.quantity,
                billing_cycle=self.billing_cycle,
                term=item.term_duration,
                friendly_name=item.friendly_name,
                partner_on_record=item.partner_id_on_record,
            )
            for item in items
        ]


class Pricing(TypedDict):
    listPrice: float
    discountedPrice: float
    price: float
    extendedPrice: float


class OrderLineAnswer(TypedDict):
    lineItemNumber: int
    offerId: str
    subscriptionId: NotRequired[str]
    friendlyName: str
    quantity: int
    termDuration: str
    transactionType: str
    partnerIdOnRecord: NotRequired[str]
    pricing: NotRequired[Pricing]
    links: dict[str, Link]


class OrderAnswer(TypedDict):
    id: str
    alternateId: str
    referenceCustomerId: str
    billingCycle: str
    currencyCode: str
    currencySymbol: str
    creationDate: str
    transactionType: str
    status: str
    totalPrice: NotRequired[float]
    lineItems: list[OrderLineAnswer]
    links: dict[str, Link]
    attributes: Attributes


class OrderCollection(TypedDict):
    totalCount: int
    items: list[OrderAnswer]
    links: dict[str, Link]
    attributes: Attributes


class ProvisionedQuantity(TypedDict):
    quantity: int
    status: str


class LineProvisioning(TypedDict):
    lineItemNumber: int
    status: str
    quantityProvisioningInformation: list[ProvisionedQuantity]


class ProvisioningCollection(TypedDict):
    totalCount: int
    items: list[LineProvisioning]
    attributes: Attributes


@api_requires(Permission.SUBSCRIPTION_BUY, body=OrderBody, answer=OrderAnswer, status=201, tag="Carts and orders")
def create_order(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """Order without a cart."""
    body, now = body_of(request, OrderBody), timezone.now()
    customer = queries.customer_of(request.actor, customer_id).customer
    order_id = workflow.order_at_once(
        customer_id=customer.pk,
        lines=body.lines(),
        is_attested=body.partner_on_record_attestation_accepted,
        actor=request.actor,
        now=now,
    )
    return json_answer(order(find(request, customer.pk, order_id), with_price=True), status=201)


@api_requires(Permission.SUBSCRIPTION_VIEW, answer=OrderCollection, query=ORDERS, tag="Carts and orders")
def list_orders(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """List the orders for a customer, newest first."""
    customer, query = queries.customer_of(request.actor, customer_id).customer, query_of(request)
    cycle = query.get("billingtype", "").replace("_", "").lower()
    if cycle and cycle not in {name.replace("_", "") for name in CYCLES}:
        raise WrongParameter("billingType")
    found = orders_of(request.actor, customer.pk)
    if cycle:
        found = [one for one in found if any(line.billing_cycle.replace("_", "") == cycle for line in one.lines)]
    items = [order(one, with_price=_with_price(request)) for one in found]
    return json_answer(collection(items, uri=f"/customers/{customer.pk}/orders"))


@api_requires(Permission.SUBSCRIPTION_VIEW, answer=OrderAnswer, query=PRICE, tag="Carts and orders")
def get_order(request: ApiRequest, customer_id: Any, order_id: Any) -> HttpResponse:
    """Get an order."""
    return json_answer(order(_own(request, customer_id, order_id), with_price=_with_price(request)))


@api_requires(Permission.SUBSCRIPTION_UPDATE, answer=OrderAnswer, tag="Carts and orders")
def update_order(request: ApiRequest, customer_id: Any, order_id: Any) -> HttpResponse:
    """Refuse to change an order: its subscriptions change, one by one."""
    _own(request, customer_id, order_id)
    raise ChangedBySubscription


@api_requires(Permission.SUBSCRIPTION_VIEW, person=True, answer=ProvisioningCollection, tag="Carts and orders")
def provisioning_status(request: ApiRequest, customer_id: Any, order_id: Any) -> HttpResponse:
    """Say which lines of an order are there: a publisher activates what is bought of it."""
    items = []
    for line in _own(request, customer_id, order_id).lines:
        is_there = line.status != SubscriptionStatus.PENDING
        status = "fulfilled" if is_there else "prefulfillment_pending"
        items.append(
            {
                "lineItemNumber": line.number,
                "status": status,
                "quantityProvisioningInformation": [{"quantity": line.quantity, "status": status}],
            }
        )
    return json_answer(collection(items))


def find(request: ApiRequest, customer_id: UUID, order_id: UUID) -> PlacedOrder:
    """Return an order for one of the caller's customers. Raises: OrderNotFound."""
    found = orders_of(request.actor, customer_id, order_id=order_id)
    if not found:
        raise OrderNotFound
    return found[0]


def _own(request: ApiRequest, customer_id: Any, order_id: Any) -> PlacedOrder:
    """Return an order by what stands in the address, a GUID or not. Raises: Http404, OrderNotFound."""
    customer = queries.customer_of(request.actor, customer_id).customer
    key = queries.as_uuid(order_id)
    if key is None:
        raise OrderNotFound
    return find(request, customer.pk, key)


def _with_price(request: ApiRequest) -> bool:
    return query_of(request).get("include_price", "").lower() == "true"


def order(one: PlacedOrder, *, with_price: bool) -> dict[str, Any]:
    """Return an order as the API writes it."""
    here = f"/customers/{one.customer_id}/orders/{one.id}"
    value = {
        "id": str(one.id),
        "alternateId": one.id.hex[:12],
        "referenceCustomerId": str(one.customer_id),
        "billingCycle": one.lines[0].billing_cycle if one.lines else "none",
        "currencyCode": one.currency,
        "currencySymbol": one.currency,
        "creationDate": time_text(one.created_at),
        "transactionType": "UserPurchase",
        "status": _status(one),
        "totalPrice": float(one.total) if with_price and one.total is not None else None,
        "lineItems": [_line(one, line, here, with_price=with_price) for line in one.lines],
        "links": {"self": link(here), "provisioningStatus": link(f"{here}/provisioningstatus")},
        "attributes": attributes("Order"),
    }
    return without_nothing(value)


def _status(one: PlacedOrder) -> str:
    statuses = {line.status for line in one.lines}
    if statuses and statuses <= {SubscriptionStatus.DELETED}:
        return "cancelled"
    return "pending" if SubscriptionStatus.PENDING in statuses else "completed"


def _line(one: PlacedOrder, line: PlacedLine, here: str, *, with_price: bool) -> dict[str, Any]:
    subscription = f"/customers/{one.customer_id}/subscriptions/{line.subscription_id}"
    links = {"subscription": link(subscription), "provisioningStatus": link(f"{here}/provisioningstatus")}
    if line.has_activation_link:
        links["activationLinks"] = link(f"{here}/lineitems/{line.number}/activationlinks")
    value = {
        "lineItemNumber": line.number,
        "offerId": line.catalog_item,
        "subscriptionId": str(line.subscription_id),
        "friendlyName": line.friendly_name,
        "quantity": line.quantity,
        "termDuration": line.term,
        "transactionType": "New",
        "partnerIdOnRecord": one.partner_on_record or None,
        "pricing": pricing(line.price, line.quantity) if with_price and line.price else None,
        "links": links,
    }
    return without_nothing(value)


def pricing(quote: Quote, quantity: int) -> dict[str, float]:
    """Return the price of a line: list and own price of one license and cycle, one license's term, the whole line."""
    each = quote.total / quantity if quantity else quote.total
    return {
        "listPrice": float(quote.list_price),
        "discountedPrice": float(quote.unit_price),
        "price": round(float(each), 4),
        "extendedPrice": float(quote.total),
    }
