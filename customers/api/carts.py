"""Carts: put together, changed, checked out once (API reference, section 5.4)."""

import datetime
from collections.abc import Sequence
from typing import Annotated, Any, NotRequired
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from pydantic import Field
from typing_extensions import TypedDict

from customers import queries
from customers.api.changes import CYCLES, Quantity
from customers.api.orders import OrderAnswer, Pricing, order, pricing
from customers.catalog import WantedLine, orders_of
from customers.models import Customer, WireCart
from customers.rules.buying import MAX_LINES
from customers.workflow import carts as workflow
from customers.workflow.carts import CartNotFound, buyer_of, group_key, seller_of
from portal.accounts.permissions import Permission
from portal.api import error_codes
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import json_answer
from portal.api.reading import Body, WireTime, body_of, one_of
from portal.api.resources import Attributes, SelfLinks, attributes, date_text, self_links, time_text, without_nothing
from portal.core.errors import Refusal

RESELLER = "transaction_reseller"
LAST_DAY = datetime.date(9999, 1, 1)  # later ones are read as this one: the calendar must have a day after it
CART_ERRORS = {  # Refusal.code -> CartErrorCode
    "price-missing": 10000,
    "catalog-item-unknown": 10001,
    "offer-not-sold": 10001,
    "plan-not-sold": 10001,
    "azure-plan-missing": 10007,
    "invalid-input": 10010,
    "attestation-missing": 10012,
    "quantity-out-of-range": 10015,
}
NOT_POSSIBLE = 10006


class ParticipantBody(Body):
    key: Annotated[str, one_of(RESELLER, "additional_transaction_reseller")]
    value: Annotated[str, Field(max_length=12)]


class CartLineBody(Body):
    """What is wanted: a catalog item, how many of it, and how it is billed."""

    catalog_item_id: Annotated[str, Field(min_length=1, max_length=100)]
    quantity: Quantity
    billing_cycle: Annotated[str, one_of(*CYCLES)]
    term_duration: Annotated[str, Field(max_length=10)] = ""
    friendly_name: Annotated[str, Field(max_length=200)] = ""
    currency_code: Annotated[str, Field(max_length=3)] = ""
    participants: list[ParticipantBody] = Field(default_factory=list)
    provisioning_context: dict[str, Any] = Field(default_factory=dict)
    custom_term_end_date: WireTime | None = None

    def line(self) -> WantedLine:
        """Return the line in our words."""
        credited = [one.value for one in self.participants if one.key == RESELLER]
        return WantedLine(
            catalog_item=self.catalog_item_id,
            quantity=self.quantity,
            billing_cycle=self.billing_cycle,
            term=self.term_duration,
            friendly_name=self.friendly_name,
            currency=self.currency_code.upper(),
            scope=str(self.provisioning_context.get("subscriptionid", ""))[:40],
            partner_on_record=credited[0] if credited else "",
            ends_on=_day_after(self.custom_term_end_date),
        )


class CartBody(Body):
    line_items: Annotated[list[CartLineBody], Field(min_length=1, max_length=MAX_LINES)]
    partner_on_record_attestation_accepted: bool = True

    def lines(self) -> list[WantedLine]:
        """Return the lines in our words."""
        return [item.line() for item in self.line_items]


class Participant(TypedDict):
    key: str
    value: str


class CartError(TypedDict):
    errorCode: int
    errorDescription: str


class CartLineAnswer(TypedDict):
    id: int
    catalogItemId: str
    friendlyName: NotRequired[str]
    quantity: int
    billingCycle: str
    termDuration: NotRequired[str]
    currencyCode: NotRequired[str]
    participants: NotRequired[list[Participant]]
    customTermEndDate: NotRequired[str]
    orderGroup: str
    pricing: NotRequired[Pricing]
    error: NotRequired[CartError]


class CartAnswer(TypedDict):
    id: str
    creationTimestamp: str
    lastModifiedTimestamp: str
    expirationTimestamp: str
    lastModifiedUser: str
    status: str
    lineItems: list[CartLineAnswer]
    partnerOnRecordAttestationAccepted: bool
    links: SelfLinks
    attributes: Attributes


class OrderError(TypedDict):
    orderGroupId: str
    code: int
    description: str


class CheckoutAnswer(TypedDict):
    orders: list[OrderAnswer]
    orderErrors: list[OrderError]
    attributes: Attributes


@api_requires(Permission.SUBSCRIPTION_BUY, body=CartBody, answer=CartAnswer, status=201, tag="Carts and orders")
def create_cart(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """Begin a cart for a customer. A line that cannot be bought is kept, and says why in ``error``."""
    body, now = body_of(request, CartBody), timezone.now()
    customer = queries.customer_of(request.actor, customer_id).customer
    cart = workflow.create_cart(
        customer_id=customer.pk,
        lines=body.lines(),
        is_attested=body.partner_on_record_attestation_accepted,
        actor=request.actor,
        now=now,
    )
    return json_answer(_cart(request, cart, customer, now), status=201)


@api_requires(Permission.SUBSCRIPTION_BUY, answer=CartAnswer, tag="Carts and orders")
def get_cart(request: ApiRequest, customer_id: Any, cart_id: UUID) -> HttpResponse:
    """Get a cart, its lines priced as of today."""
    customer, now = queries.customer_of(request.actor, customer_id).customer, timezone.now()
    return json_answer(_cart(request, _own(request, customer, cart_id, now), customer, now))


@api_requires(Permission.SUBSCRIPTION_BUY, body=CartBody, answer=CartAnswer, tag="Carts and orders")
def put_cart(request: ApiRequest, customer_id: Any, cart_id: UUID) -> HttpResponse:
    """Put other lines into a cart."""
    body, now = body_of(request, CartBody), timezone.now()
    customer = queries.customer_of(request.actor, customer_id).customer
    cart = workflow.change_cart(
        cart_id=_own(request, customer, cart_id, now).pk,
        lines=body.lines(),
        is_attested=body.partner_on_record_attestation_accepted,
        actor=request.actor,
        now=now,
    )
    return json_answer(_cart(request, cart, customer, now))


@api_requires(Permission.SUBSCRIPTION_BUY, answer=CheckoutAnswer, status=201, tag="Carts and orders")
def checkout(request: ApiRequest, customer_id: Any, cart_id: UUID) -> HttpResponse:
    """Order what is in a cart: one order for the lines of each ``orderGroup``. A second time is refused with 800065."""
    customer, now = queries.customer_of(request.actor, customer_id).customer, timezone.now()
    cart = _own(request, customer, cart_id, now)
    done = workflow.checkout(cart_id=cart.pk, actor=request.actor, now=now)
    placed = [one for key in done.order_ids for one in orders_of(request.actor, customer.pk, order_id=key)]
    errors = [
        {"orderGroupId": group, "code": error_codes.of(refusal)[0], "description": str(refusal)}
        for group, refusal in done.errors.items()
    ]
    value = {
        "orders": [order(one, with_price=True) for one in placed],
        "orderErrors": errors,
        "attributes": attributes("CartCheckoutResult"),
    }
    return json_answer(value, status=201)


def _own(request: ApiRequest, customer: Customer, cart_id: UUID, now: datetime.datetime) -> WireCart:
    cart = workflow.visible_cart(cart_id, request.actor, now)
    if cart.customer_id != customer.pk:
        raise CartNotFound
    return cart


def _cart(request: ApiRequest, cart: WireCart, customer: Customer, now: datetime.datetime) -> dict[str, Any]:
    lines = workflow.lines_of(cart)
    return {
        "id": str(cart.pk),
        "creationTimestamp": time_text(cart.created_at),
        "lastModifiedTimestamp": time_text(cart.changed_at),
        "expirationTimestamp": time_text(cart.expires_at),
        "lastModifiedUser": cart.changed_by,
        "status": "Ordered" if cart.ordered_at else "Active",
        "lineItems": _lines(request, lines, now, customer),
        "partnerOnRecordAttestationAccepted": cart.is_attested,
        "links": self_links(f"/customers/{customer.pk}/carts/{cart.pk}"),
        "attributes": attributes("Cart"),
    }


def _lines(
    request: ApiRequest, lines: Sequence[WantedLine], now: datetime.datetime, customer: Customer
) -> list[dict[str, Any]]:
    """Return the lines with today's prices, or why one cannot be bought."""
    buyer = buyer_of(customer, request.actor, now)
    groups: dict[tuple[str, ...], str] = {}
    answer = []
    for number, line in enumerate(lines):
        value: dict[str, Any] = {
            "id": number,
            "catalogItemId": line.catalog_item,
            "friendlyName": line.friendly_name or None,
            "quantity": line.quantity,
            "billingCycle": line.billing_cycle,
            "termDuration": line.term or None,
            "currencyCode": buyer.partner.currency,
            "customTermEndDate": _last_day(line.ends_on),
            "participants": [{"key": RESELLER, "value": line.partner_on_record}] if line.partner_on_record else None,
        }
        key: tuple[str, ...] = ("", line.partner_on_record)
        try:
            catalog = seller_of(line, buyer)
            key = group_key(catalog, line, number)
            quote = catalog.quote(line, partner=buyer.partner, customer=buyer.customer, today=buyer.today)
            value["pricing"] = pricing(quote, line.quantity)
        except Refusal as refusal:
            code = CART_ERRORS.get(refusal.code, NOT_POSSIBLE)
            value["error"] = {"errorCode": code, "errorDescription": refusal.explanation}
        value["orderGroup"] = groups.setdefault(key, str(len(groups)))
        answer.append(without_nothing(value))
    return answer


def _day_after(last: datetime.datetime | None) -> str:
    """Return the first day after a first term that ends early; the original names its last one."""
    if last is None:
        return ""
    return (min(last.date(), LAST_DAY) + datetime.timedelta(days=1)).isoformat()


def _last_day(ends_on: str) -> str | None:
    """Return the last day of a first term that ends early, as the original writes it."""
    return date_text(datetime.date.fromisoformat(ends_on) - datetime.timedelta(days=1)) if ends_on else None
