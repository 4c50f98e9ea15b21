"""Resolve, activate, read, change and cancel purchases (fulfillment reference, sections 3.3 to 3.10)."""

import base64
import binascii
import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace import queries, rules, wire
from marketplace import wire_shapes as shapes
from marketplace.api.common import (
    BASE,
    PUBLISHER_API,
    VERSION,
    WireRefusal,
    accepted,
    answer,
    json_body,
    nothing,
    own_subscription,
    parameter,
    publisher_call,
)
from marketplace.enums import FulfillmentStatus
from marketplace.models import Plan, SaaSSubscription
from marketplace.queries import PlanChoice
from marketplace.workflow import activation, changes, endings
from portal.api.access import ApiRequest, endpoint
from portal.core.errors import Refusal

PAGE = 100
PAGES = {"continuationToken": "From the @nextLink of the page before."}
OF_PLAN = {"planId": "Only this plan."}
MOST_LICENSES = 1_000_000
TOKEN_HEADER = "x-ms-marketplace-token"  # noqa: S105 - a name


@publisher_call(answer=shapes.ResolvedPurchase)
def resolve(request: ApiRequest) -> HttpResponse:
    """Say which purchase a token names (section 3.3)."""
    token = request.headers.get(TOKEN_HEADER, "").strip()
    if not token:
        raise WireRefusal(400, _("The header is missing."), code="HeaderNotPresent", target=TOKEN_HEADER)
    try:
        saas = activation.resolve_purchase_token(token=token, actor=request.actor, now=timezone.now())
    except rules.TokenUnusable as refusal:
        raise WireRefusal(400, str(refusal), code="InvalidValue", target="token") from refusal
    full = wire.subscription(saas)
    found = {
        "id": full["id"],
        "subscriptionName": full["name"],
        "offerId": full["offerId"],
        "planId": full["planId"],
        **({"quantity": full["quantity"]} if "quantity" in full else {}),
        "subscription": full,
    }
    return answer(found)


@publisher_call(body=shapes.ActivationBody)
def activate(request: ApiRequest, subscription_id: UUID) -> HttpResponse:
    """Start a purchase; plan and quantity of the body are accepted and not needed (section 3.4)."""
    body = json_body(request)
    quantity = body.get("quantity")
    if quantity not in (None, "") and not str(quantity).isdigit():
        raise WireRefusal(400, _("The quantity is no number."), code="BadArgument", target="quantity")
    own_subscription(request, subscription_id)
    try:
        activation.activate_subscription(subscription_id=subscription_id, actor=request.actor, now=timezone.now())
    except rules.SubscriptionEnded as refusal:
        raise WireRefusal(404, str(refusal), code="EntityNotFound", target="subscriptionId") from refusal
    except rules.SubscriptionSuspended as refusal:
        raise WireRefusal(400, str(refusal), code="BadRequest", target="activate") from refusal
    return nothing()


@publisher_call(answer=shapes.SaaSSubscriptionObject)
def read_one(request: ApiRequest, subscription_id: UUID) -> HttpResponse:
    """Return one purchase (section 3.6)."""
    return answer(wire.subscription(own_subscription(request, subscription_id)))


@publisher_call(answer=shapes.SaaSSubscriptions, query=PAGES)
def read_all(request: ApiRequest) -> HttpResponse:
    """Return all purchases of the publisher, a hundred at a time (section 3.5)."""
    rows = queries.subscriptions_of_publisher(request.actor.organization_id)
    token = parameter(request, "continuationToken")
    if token:
        at, pk = _continuation(token)
        rows = rows.filter(Q(purchased_at__gt=at) | Q(purchased_at=at, pk__gt=pk))
    page = list(rows.order_by("purchased_at", "pk")[: PAGE + 1])
    found: dict[str, Any] = {"subscriptions": [wire.subscription(saas) for saas in page[:PAGE]]}
    if len(page) > PAGE:
        last = page[PAGE - 1]
        text = base64.urlsafe_b64encode(f"{last.purchased_at.isoformat()}|{last.pk}".encode()).decode().rstrip("=")
        address = f"{settings.BASE_URL}{BASE}/?continuationToken={quote(text, safe='')}"
        found["@nextLink"] = f"{address}&api-version={VERSION}"
    return answer(found)


def _continuation(token: str) -> tuple[datetime.datetime, UUID]:
    """Raises: WireRefusal."""
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        at, _bar, pk = text.partition("|")
        moment = datetime.datetime.fromisoformat(at)
        return moment.replace(tzinfo=moment.tzinfo or datetime.UTC), UUID(pk)
    except (ValueError, binascii.Error) as error:
        message = _("The continuation token cannot be read.")
        raise WireRefusal(400, message, code="BadArgument", target="continuationToken") from error


@publisher_call(answer=shapes.AvailablePlans, query=OF_PLAN)
def available_plans(request: ApiRequest, subscription_id: UUID) -> HttpResponse:
    """Return the plans that a purchase may move to, its own included (section 3.7)."""
    saas = own_subscription(request, subscription_id)
    if saas.status == FulfillmentStatus.UNSUBSCRIBED:
        raise WireRefusal(403, _("This subscription has ended."), code="Forbidden")
    subscription = saas.subscription
    buyer = rules.Buyer(subscription.billing_owner, subscription.customer, timezone.now().date())
    choices = queries.plan_choices(saas.offer, buyer)
    wanted = parameter(request, "planId")
    plans = [
        _plan(choice, market=buyer.country)
        for choice in choices
        if (choice.refusal is None or choice.plan.pk == saas.plan_id) and wanted in ("", choice.plan.code)
    ]
    return answer({"plans": plans})


def _plan(choice: PlanChoice, *, market: str) -> dict[str, Any]:
    plan = choice.plan
    limits = {"minQuantity": plan.min_quantity, "maxQuantity": plan.max_quantity} if plan.is_per_seat else {}
    return {
        "planId": plan.code,
        "displayName": plan.name,
        "isPrivate": plan.is_private,
        "description": plan.description,
        **limits,
        "hasFreeTrials": plan.trial_days > 0,
        "isPricePerSeat": plan.is_per_seat,
        "isStopSell": plan.is_stopped,
        "market": market,
        "planComponents": {
            "recurrentBillingTerms": _terms(choice),
            "meteringDimensions": _dimensions(plan, choice),
        },
    }


def _terms(choice: PlanChoice) -> list[dict[str, Any]]:
    """One entry per term: what one license costs for all of it, billed in the way that costs least."""
    cheapest: dict[str, tuple[float, str]] = {}
    for price in choice.prices:
        total = float(price.term_total(1))
        if price.term not in cheapest or total < cheapest[price.term][0]:
            cheapest[price.term] = (total, price.currency)
    names = {"P1M": _("1 month"), "P1Y": _("1 year"), "P2Y": _("2 years"), "P3Y": _("3 years")}
    included = [
        {"dimensionId": dimension.code, "units": str(dimension.included_monthly)}
        for dimension in choice.plan.dimensions.all()
        if dimension.included_monthly
    ]
    more = {"meteredQuantityIncluded": included} if included else {}
    return [
        {"currency": currency, "price": total, "termUnit": term, "termDescription": names[term], **more}
        for term, (total, currency) in cheapest.items()
    ]


def _dimensions(plan: Plan, choice: PlanChoice) -> list[dict[str, Any]]:
    currency = choice.prices[0].currency if choice.prices else ""
    return [
        {
            "id": dimension.code,
            "currency": price.currency,
            "pricePerUnit": float(price.unit_price),
            "unitOfMeasure": dimension.unit,
            "displayName": dimension.name,
        }
        for dimension in plan.dimensions.all()
        for price in dimension.prices.all()
        if price.currency == currency
    ]


@publisher_call(body=shapes.PublisherChangeBody, status=202)
def change(request: ApiRequest, subscription_id: UUID) -> HttpResponse:
    """Change plan or quantity on the publisher's own wish (sections 3.8 and 3.9)."""
    body = json_body(request)
    plan_code, quantity = body.get("planId"), body.get("quantity")
    saas = own_subscription(request, subscription_id)
    if plan_code and quantity is not None:
        raise WireRefusal(400, _("Change the plan or the quantity, not both."))
    if not plan_code and (isinstance(quantity, bool) or not isinstance(quantity, int) or quantity <= 0):
        raise WireRefusal(400, _("There is nothing to change in the body."), code="BadRequest", target="update")
    if quantity is not None and quantity > MOST_LICENSES:
        raise WireRefusal(400, _("The quantity is too large."))
    now = timezone.now()
    try:
        if plan_code:
            plan_id = _plan_id(saas, plan_code)
            operation = changes.change_by_publisher(
                subscription_id=subscription_id, plan_id=plan_id, actor=request.actor, now=now
            )
        else:
            operation = changes.change_by_publisher(
                subscription_id=subscription_id, quantity=quantity, actor=request.actor, now=now
            )
    except Refusal as refusal:
        raise _change_refused(refusal) from refusal
    return accepted(subscription_id, operation.pk)


def _plan_id(saas: SaaSSubscription, code: object) -> UUID:
    plan = Plan.objects.filter(offer_id=saas.plan.offer_id, code=str(code)).first()
    if plan is None:
        raise WireRefusal(400, _("There is no such plan."), code="BadRequest", target="update")
    return plan.pk


def _change_refused(refusal: Refusal) -> WireRefusal:
    if isinstance(refusal, WireRefusal):
        return refusal
    if isinstance(refusal, rules.NothingChanges):
        return WireRefusal(400, str(refusal))
    code = "Failed" if isinstance(refusal, rules.ChangeRunning) else "BadRequest"
    return WireRefusal(400, str(refusal), code=code, target="update")


@publisher_call(status=202)
def cancel(request: ApiRequest, subscription_id: UUID) -> HttpResponse:
    """Cancel on the publisher's own wish (section 3.10)."""
    own_subscription(request, subscription_id)
    try:
        operation = endings.cancel_by_publisher(
            subscription_id=subscription_id, actor=request.actor, now=timezone.now()
        )
    except rules.SubscriptionEnded as refusal:
        raise WireRefusal(404, str(refusal), code="EntityNotFound", target="subscriptionId") from refusal
    except rules.ChangeRunning as refusal:
        raise WireRefusal(409, str(refusal), code="Conflict", target="delete") from refusal
    except rules.PublisherMayNot as refusal:
        raise WireRefusal(400, str(refusal), code="BadRequest", target="delete") from refusal
    return accepted(subscription_id, operation.pk)


resolve_view = endpoint(PUBLISHER_API, POST=resolve)
list_view = endpoint(PUBLISHER_API, GET=read_all)
detail_view = endpoint(PUBLISHER_API, GET=read_one, PATCH=change, DELETE=cancel)
activate_view = endpoint(PUBLISHER_API, POST=activate)
plans_view = endpoint(PUBLISHER_API, GET=available_plans)
