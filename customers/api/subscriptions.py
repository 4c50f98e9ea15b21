"""Subscriptions of a customer: list and read (API reference, sections 4.1 and 4.2)."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any, NotRequired
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from typing_extensions import TypedDict

from customers import queries
from customers.enums import BillingFrequency, ProductFamily, SubscriptionStatus, Term
from customers.models import Subscription
from customers.queries import wire
from customers.queries.wire import SubscriptionNotFound
from customers.subscription_changes import properties_of
from customers.wire import billing_cycle
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import json_answer
from portal.api.reading import query_of
from portal.api.resources import (
    Attributes,
    Link,
    attributes,
    collection,
    date_text,
    etag_of,
    link,
    time_text,
    without_nothing,
)

STATUSES = {
    SubscriptionStatus.PENDING: "pending",
    SubscriptionStatus.ACTIVE: "active",
    SubscriptionStatus.SUSPENDED: "suspended",
    SubscriptionStatus.EXPIRED: "expired",
    SubscriptionStatus.DISABLED: "disabled",
    SubscriptionStatus.DELETED: "deleted",
    SubscriptionStatus.TRANSFERRED: "deleted",  # gone from this partner; what it became has another id
}
AZURE = frozenset({ProductFamily.AZURE_PLAN, ProductFamily.AZURE_SUBSCRIPTION, ProductFamily.AZURE_LEGACY})
PRODUCT_TYPES = {
    ProductFamily.LICENSE_BASED: ("OnlineServicesNCE", "Online services", ""),
    ProductFamily.THIRD_PARTY: ("Azure", "Azure", "SaaS"),
    ProductFamily.SOFTWARE: ("Software", "Software", ""),
    ProductFamily.PERPETUAL_SOFTWARE: ("Software", "Software", "Perpetual"),
    ProductFamily.RESERVATION: ("Azure", "Azure", "AzureReservation"),
    ProductFamily.SAVINGS_PLAN: ("Azure", "Azure", "SavingsPlan"),
}
FILTERS = {"order_id": "Only what was bought by this order.", "mpn_id": "Only what credits this PartnerID."}


class SubType(TypedDict):
    id: str
    displayName: str


class ProductType(TypedDict):
    id: str
    displayName: str
    subType: NotRequired[SubType]


class RefundOption(TypedDict):
    type: str
    expiresAt: str


class RefundableDetail(TypedDict):
    quantity: int
    allowedUntilDateTime: str


class RefundableQuantity(TypedDict):
    totalQuantity: int
    details: list[RefundableDetail]


class NextProduct(TypedDict):
    productId: str
    skuId: str
    availabilityId: str
    billingCycle: str
    termDuration: str


class NextTermInstructions(TypedDict):
    product: NextProduct
    quantity: int


class SubscriptionAnswer(TypedDict):
    id: str
    offerId: str
    offerName: str
    friendlyName: str
    productType: ProductType
    entitlementId: NotRequired[str]
    quantity: int
    unitType: str
    parentSubscriptionId: NotRequired[str]
    hasPurchasableAddons: bool
    creationDate: str
    effectiveStartDate: NotRequired[str]
    commitmentEndDate: NotRequired[str]
    cancellationAllowedUntilDate: NotRequired[str]
    status: str
    autoRenewEnabled: bool
    isTrial: bool
    billingType: str
    billingCycle: str
    termDuration: NotRequired[str]
    refundOptions: NotRequired[list[RefundOption]]
    renewalTermDuration: NotRequired[str]
    refundableQuantity: NotRequired[RefundableQuantity]
    scheduledNextTermInstructions: NotRequired[NextTermInstructions]
    isMicrosoftProduct: bool
    partnerId: str
    attentionNeeded: bool
    actionTaken: bool
    contractType: str
    orderId: NotRequired[str]
    links: dict[str, Link]
    attributes: Attributes


class SubscriptionCollection(TypedDict):
    totalCount: int
    items: list[SubscriptionAnswer]
    links: NotRequired[dict[str, Link]]
    attributes: Attributes


@api_requires(Permission.SUBSCRIPTION_VIEW, answer=SubscriptionCollection, query=FILTERS, tag="Subscriptions")
def list_subscriptions(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """List a customer's subscriptions that are billed to the caller or credited to it."""
    relationship, query = queries.customer_of(request.actor, customer_id), query_of(request)
    rows = wire.subscriptions_of(request.actor, relationship.customer_id)
    if order := query.get("order_id"):
        as_id = queries.as_uuid(order)
        rows = rows.filter(order_id=as_id) if as_id else rows.none()
    if number := query.get("mpn_id"):
        rows = rows.filter(partner_on_record=number)
    items = subscriptions(rows, now=timezone.now())
    return json_answer(collection(items, uri="" if number else f"/customers/{relationship.customer_id}/subscriptions"))


@api_requires(Permission.SUBSCRIPTION_VIEW, answer=SubscriptionAnswer, tag="Subscriptions")
def get_subscription(request: ApiRequest, customer_id: Any, subscription_id: UUID) -> HttpResponse:
    """Get a subscription."""
    return json_answer(subscription(find(request, customer_id, subscription_id), now=timezone.now()))


@api_requires(Permission.SUBSCRIPTION_VIEW, answer=SubscriptionCollection, tag="Subscriptions")
def list_addons(request: ApiRequest, customer_id: Any, subscription_id: UUID) -> HttpResponse:
    """List the add-ons of a subscription."""
    base, now = find(request, customer_id, subscription_id), timezone.now()
    rows = wire.subscriptions_of(request.actor, base.customer_id).filter(parent=base)
    uri = f"/customers/{base.customer_id}/subscriptions/{base.pk}/addons"
    return json_answer(collection(subscriptions(rows, now=now), uri=uri))


def find(request: ApiRequest, customer_id: Any, subscription_id: UUID) -> Subscription:
    """Return a subscription of one of the caller's customers. Raises: Http404, SubscriptionNotFound."""
    relationship = queries.customer_of(request.actor, customer_id)
    row = wire.subscriptions_of(request.actor, relationship.customer_id).filter(pk=subscription_id).first()
    if row is None:
        raise SubscriptionNotFound
    return row


def subscription(row: Subscription, *, now: datetime.datetime) -> dict[str, Any]:
    """Return a subscription as the API writes it, with what the app of its family knows of it."""
    return subscriptions([row], now=now)[0]


def subscriptions(rows: Iterable[Subscription], *, now: datetime.datetime) -> list[dict[str, Any]]:
    """Return subscriptions as the API writes them."""
    found = list(rows)
    more = properties_of([row.pk for row in found])
    return [_subscription(row, more.get(row.pk, {}), now=now) for row in found]


def _subscription(row: Subscription, more: Mapping[str, Any], *, now: datetime.datetime) -> dict[str, Any]:
    """Return a subscription as the API writes it. Long because it names every property of the resource."""
    family, here = ProductFamily(row.product_family), f"/customers/{row.customer_id}/subscriptions/{row.pk}"
    is_usage = row.billing_frequency == BillingFrequency.USAGE or family in AZURE
    may_cancel = row.status == SubscriptionStatus.ACTIVE and row.cancelable_until and row.cancelable_until > now
    until = time_text(row.cancelable_until) if row.cancelable_until else None
    return without_nothing(
        {
            "id": str(row.pk),
            "offerId": row.offer_id or str(row.pk),
            "offerName": row.product_name,
            "friendlyName": row.friendly_name,
            "productType": _product_type(family),
            "entitlementId": str(row.entitlement) if family in AZURE else None,
            "quantity": row.quantity,
            "unitType": "Usage-based" if is_usage else "License(s)",
            "parentSubscriptionId": str(row.parent_id) if row.parent_id else None,
            "hasPurchasableAddons": False,
            "creationDate": time_text(row.created_at),
            "effectiveStartDate": date_text(row.starts_on) if row.starts_on else None,
            "commitmentEndDate": date_text(row.ends_on - datetime.timedelta(days=1)) if row.ends_on else None,
            "cancellationAllowedUntilDate": until,
            "status": STATUSES[SubscriptionStatus(row.status)],
            "autoRenewEnabled": row.auto_renew,
            "isTrial": row.is_trial,
            "billingType": "usage" if is_usage else "license",
            "billingCycle": billing_cycle(row),
            "termDuration": row.term if row.term != Term.NONE else None,
            "refundOptions": [{"type": "Full", "expiresAt": until}] if may_cancel else None,
            "isMicrosoftProduct": family != ProductFamily.THIRD_PARTY,
            "partnerId": row.partner_on_record,
            "attentionNeeded": row.status == SubscriptionStatus.PENDING,
            "actionTaken": False,
            "contractType": "subscription",
            "orderId": str(row.order_id) if row.order_id else None,
            **more,
            "links": _links(row, here),
            "attributes": attributes("Subscription", etag=etag(row, more)),
        }
    )


def etag(row: Subscription, more: Mapping[str, Any]) -> str:
    """Return what changes with anything of a subscription that can be changed; ``more``: what its app knows of it."""
    return etag_of(
        row.pk,
        row.friendly_name,
        row.quantity,
        row.status,
        row.auto_renew,
        row.partner_on_record,
        row.billing_frequency,
        row.offer_id,
        row.ends_on,
        row.pending_operation,
        more.get("scheduledNextTermInstructions"),
    )


def _product_type(family: ProductFamily) -> dict[str, Any]:
    name, label, sub = PRODUCT_TYPES.get(family, ("Azure", "Azure", ""))
    value: dict[str, Any] = {"id": name, "displayName": label}
    return value | {"subType": {"id": sub, "displayName": sub}} if sub else value


def _links(row: Subscription, here: str) -> dict[str, Link]:
    links = {"self": link(here)}
    if row.parent_id:
        links["parentSubscription"] = link(f"/customers/{row.customer_id}/subscriptions/{row.parent_id}")
    product, sku, availability = [*row.offer_id.split(":"), "", "", ""][:3]
    if product and sku and availability:
        query = f"?country={row.customer.organization.country}"
        links["product"] = link(f"/products/{product}{query}")
        links["sku"] = link(f"/products/{product}/skus/{sku}{query}")
        links["availability"] = link(f"/products/{product}/skus/{sku}/availabilities/{availability}{query}")
    if row.product_family == ProductFamily.THIRD_PARTY:
        links["activationLinks"] = link(f"{here}/activationlinks")
    return links
