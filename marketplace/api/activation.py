"""The links to publishers' sites, and a sandbox's activation without one (API reference, section 4.6)."""

import datetime
from collections.abc import Iterable
from typing import Any, NotRequired
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from typing_extensions import TypedDict

from customers import queries as customer_queries
from customers.catalog import OrderNotFound
from customers.queries.wire import SubscriptionNotFound
from marketplace.enums import FulfillmentStatus
from marketplace.models import SaaSSubscription
from marketplace.workflow import activation
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import json_answer
from portal.api.resources import Attributes, Link, SelfLinks, collection, link
from portal.core.errors import Refusal


class ActivationLink(TypedDict):
    lineItemNumber: int
    link: Link


class ActivationLinks(TypedDict):
    totalCount: int
    items: list[ActivationLink]
    links: NotRequired[SelfLinks]
    attributes: Attributes


class Activated(TypedDict):
    subscriptionId: str
    status: str


class ActiveAlready(Refusal):
    """The subscription is active."""

    code = "subscription-active-already"
    http_status = 400


@api_requires(Permission.SUBSCRIPTION_VIEW, answer=ActivationLinks, tag="Subscriptions")
def links_of_subscription(request: ApiRequest, customer_id: Any, subscription_id: UUID) -> HttpResponse:
    """Get a link to the publisher's site that names the purchase, good for a day; each call makes a new one."""
    saas = find(request, customer_id, subscription_id)
    uri = f"/customers/{saas.subscription.customer_id}/subscriptions/{saas.pk}/activationlinks"
    return links_answer(request, [saas], uri=uri, now=timezone.now())


@api_requires(Permission.SUBSCRIPTION_VIEW, answer=ActivationLinks, tag="Carts and orders")
def links_of_order(request: ApiRequest, customer_id: Any, order_id: str) -> HttpResponse:
    """Get a link to the publisher's site for each line of an order that has not ended."""
    here, found = _of_order(request, customer_id, order_id)
    return links_answer(request, found, uri=f"{here}/activationlinks", now=timezone.now())


@api_requires(Permission.SUBSCRIPTION_VIEW, answer=ActivationLinks, tag="Carts and orders")
def links_of_line(request: ApiRequest, customer_id: Any, order_id: str, number: str) -> HttpResponse:
    """Get a link to the publisher's site for one line of an order."""
    here, found = _of_order(request, customer_id, order_id)
    found = [saas for saas in found if str(saas.subscription.order_line.number) == number]
    return links_answer(request, found, uri=f"{here}/lineitems/{number}/activationlinks", now=timezone.now())


def _of_order(request: ApiRequest, customer_id: Any, order_id: str) -> tuple[str, list[SaaSSubscription]]:
    """Return address and living subscriptions of an order. Raises: Http404, OrderNotFound."""
    relationship = customer_queries.customer_of(request.actor, customer_id)
    key = customer_queries.as_uuid(order_id)
    own = SaaSSubscription.objects.visible_to(request.actor).with_rows().select_related("subscription__order_line")
    rows = own.filter(subscription__customer_id=relationship.customer_id, subscription__order_id=key) if key else []
    if not rows:
        raise OrderNotFound
    living = [saas for saas in rows if saas.status != FulfillmentStatus.UNSUBSCRIBED]
    return f"/customers/{relationship.customer_id}/orders/{key}", living


@api_requires(Permission.SUBSCRIPTION_BUY, answer=Activated, tag="Subscriptions")
def activate(request: ApiRequest, customer_id: Any, subscription_id: UUID) -> HttpResponse:
    """Activate a sandbox's purchase without its publisher."""
    saas = find(request, customer_id, subscription_id)
    if saas.status == FulfillmentStatus.SUBSCRIBED:
        raise ActiveAlready(_("The subscription is active already."))
    activation.activate_in_sandbox(subscription_id=saas.pk, actor=request.actor, now=timezone.now())
    return json_answer({"subscriptionId": str(saas.pk), "status": "Success"})


def find(request: ApiRequest, customer_id: Any, subscription_id: UUID) -> SaaSSubscription:
    """Return a marketplace subscription of one of the caller's customers. Raises: Http404, SubscriptionNotFound."""
    relationship = customer_queries.customer_of(request.actor, customer_id)
    own = SaaSSubscription.objects.visible_to(request.actor).with_rows()
    saas = own.filter(pk=subscription_id, subscription__customer_id=relationship.customer_id).first()
    if saas is None:
        raise SubscriptionNotFound
    return saas


def links_answer(
    request: ApiRequest, found: Iterable[SaaSSubscription], *, uri: str, now: datetime.datetime
) -> HttpResponse:
    """Answer a fresh link for each subscription, by the number of its line in the order."""
    items = []
    for saas in found:
        address = activation.issue_purchase_token(subscription_id=saas.pk, actor=request.actor, now=now)
        items.append({"lineItemNumber": saas.subscription.order_line.number, "link": link(address)})
    return json_answer(collection(items, uri=uri))
