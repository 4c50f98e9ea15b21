"""Change a subscription: PATCH with its members that reset, provisioning status, transitions (sections 4.3 to 4.7)."""

import datetime
from typing import Annotated, Any, NotRequired
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from pydantic import Field
from typing_extensions import TypedDict

from customers.api import subscriptions
from customers.api.subscriptions import STATUSES, SubscriptionAnswer, find
from customers.enums import PendingOperation, SubscriptionStatus
from customers.models import Subscription
from customers.subscription_changes import (
    ChangeNotOffered,
    Eligibility,
    NextTerm,
    StatusNotReachable,
    SubscriptionChange,
    apply_change,
    properties_of,
    transitions_of,
)
from customers.wire import billing_cycle
from portal.accounts.permissions import Permission
from portal.api import error_codes
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import StaleETag, WrongParameter, json_answer
from portal.api.reading import Body, WireTime, body_of, check_if_match, one_of, query_of
from portal.api.resources import Attributes, SelfLinks, attributes, collection, date_text, time_text, without_nothing

WIRE_STATUSES = ("none", "active", "suspended", "deleted", "expired", "pending", "disabled")
CYCLES = ("unknown", "monthly", "annual", "none", "one_time", "triennial", "biennial")
REACHED = {  # "transferred" is nothing that can be asked for
    "active": SubscriptionStatus.ACTIVE,
    "suspended": SubscriptionStatus.SUSPENDED,
    "deleted": SubscriptionStatus.DELETED,
}
LARGEST_QUANTITY = 2_000_000_000
TRANSITION_TYPE = "transition_only"
WHEN = {"eligibilityType": "immediate (the default); scheduled has no items here."}
Quantity = Annotated[int, Field(ge=0, le=LARGEST_QUANTITY)]


class ETagBody(Body):
    etag: str = ""


class NextProductBody(Body):
    product_id: str = ""
    sku_id: str = ""
    availability_id: str = ""
    billing_cycle: Annotated[str, one_of(*CYCLES)] = ""
    term_duration: Annotated[str, Field(max_length=10)] = ""


class NextTermBody(Body):
    """What the subscription becomes when its term ends."""

    product: NextProductBody = Field(default_factory=NextProductBody)
    quantity: Quantity | None = None
    custom_term_end_date: WireTime | None = None


class SubscriptionBody(Body):
    """A subscription as it shall be. Without ``autoRenewEnabled`` it does not renew; without
    ``scheduledNextTermInstructions`` there are none. All else that is missing stays.
    """

    friendly_name: Annotated[str, Field(max_length=200)] = ""
    quantity: Quantity | None = None
    status: Annotated[str, one_of(*WIRE_STATUSES)] = "none"
    auto_renew_enabled: bool = False
    partner_id: Annotated[str, Field(max_length=12)] = ""
    billing_cycle: Annotated[str, one_of(*CYCLES)] = "unknown"
    scheduled_next_term_instructions: NextTermBody | None = None
    attributes: ETagBody = Field(default_factory=ETagBody)


class TransitionBody(Body):
    """Another product that the subscription becomes at once."""

    to_catalog_item_id: Annotated[str, Field(min_length=1, max_length=100)]
    quantity: Quantity | None = None
    term_duration: Annotated[str, Field(max_length=10)] = ""
    billing_cycle: Annotated[str, one_of(*CYCLES)] = "unknown"
    transition_type: Annotated[str, one_of(TRANSITION_TYPE, "transition_with_license_transfer")] = TRANSITION_TYPE


class ProvisioningAnswer(TypedDict):
    skuId: str
    status: str
    quantity: int
    endDate: NotRequired[str]
    attributes: Attributes


class EligibilityError(TypedDict):
    code: int
    description: str


class EligibilityResult(TypedDict):
    isEligible: bool
    transitionType: str
    errors: list[EligibilityError]


class EligibilityAnswer(TypedDict):
    catalogItemId: str
    title: str
    description: str
    quantity: int
    eligibilities: list[EligibilityResult]
    attributes: Attributes


class EligibilityCollection(TypedDict):
    totalCount: int
    items: list[EligibilityAnswer]
    links: SelfLinks
    attributes: Attributes


class TransitionEvent(TypedDict):
    name: str
    status: str
    timestamp: str


class TransitionAnswer(TypedDict):
    fromCatalogItemId: str
    fromSubscriptionId: str
    toCatalogItemId: str
    quantity: int
    termDuration: str
    billingCycle: str
    transitionType: str
    events: list[TransitionEvent]
    attributes: Attributes


class StaleSubscription(StaleETag):
    """The original answers 400 here, unlike elsewhere (reference 1.9)."""

    api_number = (2055, 400)


@api_requires(
    Permission.SUBSCRIPTION_UPDATE, body=SubscriptionBody, answer=SubscriptionAnswer, also=(202,), tag="Subscriptions"
)
def update_subscription(request: ApiRequest, customer_id: Any, subscription_id: UUID) -> HttpResponse:
    """Change a subscription; 202 with ``Location`` while somebody still has to agree, as publishers do to quantities.

    Best sent as it was read, with one thing changed. Cancel it with the status ``deleted``.
    """
    body = body_of(request, SubscriptionBody)
    row, now = find(request, customer_id, subscription_id), timezone.now()
    with transaction.atomic():
        row = _locked(row)
        _check_etag(request, row, body.attributes.etag)
        change = _change(row, body)
        apply_change(subscription_id=row.pk, family=row.product_family, change=change, actor=request.actor, now=now)
    row = find(request, customer_id, subscription_id)
    if row.pending_operation and (change.quantity is not None or change.catalog_item is not None):
        response = HttpResponse(status=202)
        response.headers["Location"] = f"/customers/{row.customer_id}/subscriptions/{row.pk}"
        return response
    return json_answer(subscriptions.subscription(row, now=now))


@api_requires(Permission.SUBSCRIPTION_VIEW, person=True, answer=ProvisioningAnswer, tag="Subscriptions")
def provisioning_status(request: ApiRequest, customer_id: Any, subscription_id: UUID) -> HttpResponse:
    """Say whether what was ordered is there: pending before activation and while a change runs."""
    row = find(request, customer_id, subscription_id)
    is_running = row.pending_operation not in ("", PendingOperation.TRANSFER)
    ended = row.status not in (SubscriptionStatus.PENDING, SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED)
    status = "pending" if is_running or row.status == SubscriptionStatus.PENDING else "failed" if ended else "success"
    value = {
        "skuId": [*row.offer_id.split(":"), "", ""][1] or str(row.pk),
        "status": status,
        "quantity": row.quantity,
        "endDate": date_text(row.ends_on - datetime.timedelta(days=1)) if row.ends_on else None,
        "attributes": attributes("SubscriptionProvisioningStatus"),
    }
    return json_answer(without_nothing(value))


@api_requires(Permission.SUBSCRIPTION_VIEW, answer=EligibilityCollection, query=WHEN, tag="Subscriptions")
def transition_eligibilities(request: ApiRequest, customer_id: Any, subscription_id: UUID) -> HttpResponse:
    """List what the subscription may become at once, or why it may not."""
    when = query_of(request).get("eligibilitytype", "immediate").lower()
    if when not in ("immediate", "scheduled"):
        raise WrongParameter("eligibilityType")
    row, now = find(request, customer_id, subscription_id), timezone.now()
    listing = transitions_of(row.product_family)
    found = listing(subscription_id=row.pk, actor=request.actor, now=now) if listing and when == "immediate" else []
    uri = f"/customers/{row.customer_id}/subscriptions/{row.pk}/transitionEligibilities"
    return json_answer(collection([_eligible(row, one) for one in found], uri=uri))


@api_requires(
    Permission.SUBSCRIPTION_UPDATE, body=TransitionBody, answer=TransitionAnswer, status=201, tag="Subscriptions"
)
def add_transition(request: ApiRequest, customer_id: Any, subscription_id: UUID) -> HttpResponse:
    """Let the subscription become another product at once, with the quantity and term it has."""
    body = body_of(request, TransitionBody)
    row, now = find(request, customer_id, subscription_id), timezone.now()
    with transaction.atomic():
        row = _locked(row)
        _check_transition(row, body)
        before = row.offer_id
        apply_change(
            subscription_id=row.pk,
            family=row.product_family,
            change=SubscriptionChange(catalog_item=body.to_catalog_item_id),
            actor=request.actor,
            now=now,
        )
    row = find(request, customer_id, subscription_id)
    events = [{"name": "Conversion", "status": "Started", "timestamp": time_text(now)}]
    if not row.pending_operation:
        events.append({"name": "Conversion", "status": "Completed", "timestamp": time_text(now)})
    value = {
        "fromCatalogItemId": before,
        "fromSubscriptionId": str(row.pk),
        "toCatalogItemId": body.to_catalog_item_id,
        "quantity": row.quantity,
        "termDuration": row.term,
        "billingCycle": billing_cycle(row),
        "transitionType": TRANSITION_TYPE,
        "events": events,
        "attributes": attributes("Transition"),
    }
    return json_answer(value, status=201)


def _locked(row: Subscription) -> Subscription:
    return Subscription.objects.filter(pk=row.pk).locked_all().get()


def _check_etag(request: ApiRequest, row: Subscription, in_body: str) -> None:
    try:
        own = properties_of([row.pk]).get(row.pk, {})
        check_if_match(request, subscriptions.etag(row, own), in_body=in_body)
    except StaleETag as error:
        raise StaleSubscription from error


def _change(row: Subscription, body: SubscriptionBody) -> SubscriptionChange:
    """Return what differs from the subscription as it stands. Raises: StatusNotReachable."""
    status = None
    now_is = STATUSES[SubscriptionStatus(row.status)]
    if body.status not in ("none", now_is):
        status = REACHED.get(body.status)
        if status is None:
            raise StatusNotReachable(now_is, body.status)
    if status == SubscriptionStatus.DELETED:
        return SubscriptionChange(status=status)
    cycle = None if body.billing_cycle in ("unknown", billing_cycle(row)) else body.billing_cycle
    return SubscriptionChange(
        friendly_name=_new(body.friendly_name, row.friendly_name),
        quantity=None if body.quantity == row.quantity else body.quantity,
        status=status,
        auto_renew=None if body.auto_renew_enabled == row.auto_renew else body.auto_renew_enabled,
        partner_on_record=_new(body.partner_id, row.partner_on_record),
        billing_cycle=cycle,
        next_term=_next_term(body.scheduled_next_term_instructions),
    )


def _new(given: str, current: str) -> str | None:
    return None if given in ("", current) else given


def _next_term(body: NextTermBody | None) -> NextTerm | None:
    if body is None:
        return None
    parts = (body.product.product_id, body.product.sku_id, body.product.availability_id)
    return NextTerm(
        catalog_item=":".join(parts) if any(parts) else "",
        billing_cycle="" if body.product.billing_cycle == "unknown" else body.product.billing_cycle,
        term=body.product.term_duration,
        quantity=body.quantity,
        ends_at=body.custom_term_end_date,
    )


def _check_transition(row: Subscription, body: TransitionBody) -> None:
    """Another quantity or billing cycle at the same time is not offered; the item names its term.

    Raises: ChangeNotOffered.
    """
    _product, _colon, term = body.to_catalog_item_id.rpartition(":")
    is_same = body.quantity in (None, row.quantity) and body.term_duration in ("", row.term, term)
    if not is_same or body.billing_cycle not in ("unknown", billing_cycle(row)):
        raise ChangeNotOffered
    if body.transition_type != TRANSITION_TYPE:
        raise ChangeNotOffered


def _eligible(row: Subscription, found: Eligibility) -> dict[str, Any]:
    refusal = found.refusal
    errors = [{"code": error_codes.of(refusal)[0], "description": str(refusal)}] if refusal else []
    result = {"isEligible": refusal is None, "transitionType": TRANSITION_TYPE, "errors": errors}
    return {
        "catalogItemId": found.catalog_item,
        "title": found.title,
        "description": found.description,
        "quantity": row.quantity,
        "eligibilities": [result],
        "attributes": attributes("TransitionEligibility"),
    }
