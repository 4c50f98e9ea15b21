"""Play the customer and the publisher (not in the original)."""

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from pydantic import Field
from typing_extensions import TypedDict

from customers.enums import ProductFamily
from customers.models import RelationshipInvitation
from customers.queries import customer_of
from customers.workflow.invitations import invitation_link
from customers.workflow.sandbox import Sample, add_sample
from customers.workflow.standing_requests import standing_request
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import WrongProperty, json_answer
from portal.api.reading import Body, body_of, one_of
from portal.api.resources import Attributes, attributes, collection, time_text
from sandbox import queries
from sandbox.api.common import TAG, or_404
from sandbox.forms import SAMPLE_FAMILIES, new_registration
from sandbox.workflow import plays

OUTCOMES = ("Success", "Failure")


class SandboxRequest(TypedDict):
    id: str
    url: str
    attributes: Attributes


class OpenSandboxRequest(TypedDict):
    id: str
    name: str
    createdDate: str
    expirationDate: str
    attributes: Attributes


class OpenSandboxRequests(TypedDict):
    totalCount: int
    items: list[OpenSandboxRequest]
    attributes: Attributes


class AcceptRequestBody(Body):
    """Who accepts: ``customerId`` names a customer of the sandbox; without it a new one registers."""

    customer_id: UUID | None = None
    company_name: Annotated[str, Field(max_length=200)] = ""
    domain: Annotated[str, Field(max_length=253)] = ""
    country: Annotated[str, Field(max_length=2)] = ""
    email: Annotated[str, Field(max_length=254)] = ""


class DeclineRequestBody(Body):
    """Why, and who says it; without ``customerId`` the first customer of the sandbox does."""

    customer_id: UUID | None = None
    reason: Annotated[str, Field(max_length=1000)] = ""


class PlayedCustomer(TypedDict):
    customerId: str
    attributes: Attributes


class SampleBody(Body):
    """A subscription to practice with, which runs for a year from today."""

    name: Annotated[str, Field(min_length=1, max_length=200)] = "Practice Suite"
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 5
    product_family: Annotated[str, one_of(*(str(family) for family in SAMPLE_FAMILIES))] = ProductFamily.LICENSE_BASED


class PlayedSubscription(TypedDict):
    subscriptionId: str
    status: str


class DecisionBody(Body):
    """What the publisher says to a change."""

    status: Annotated[str, one_of(*OUTCOMES)]


class WaitingChange(TypedDict):
    id: str
    subscriptionId: str
    action: str
    planId: str
    quantity: int
    attributes: Attributes


class WaitingChanges(TypedDict):
    totalCount: int
    items: list[WaitingChange]
    attributes: Attributes


@api_requires(Permission.SANDBOX_PLAY, answer=SandboxRequest, status=201, tag=TAG)
def create_request(request: ApiRequest) -> HttpResponse:
    """Make a relationship request, open to any customer, as an app alone; the sandbox can answer it."""
    plays.check(request.actor)
    invitation, token = standing_request(
        provider_id=None, reseller_id=None, include_admin_rights=True, actor=request.actor, now=timezone.now()
    )
    answer = {"id": str(invitation.pk), "url": invitation_link(invitation, token)}
    return json_answer(answer | {"attributes": attributes("RelationshipRequest")}, status=201)


@api_requires(Permission.SANDBOX_PLAY, answer=OpenSandboxRequests, tag=TAG)
def list_requests(request: ApiRequest) -> HttpResponse:
    """List the caller's relationship requests that nobody has answered."""
    plays.check(request.actor)
    return json_answer(collection([_request(row) for row in queries.open_requests(request.actor)]))


@api_requires(Permission.SANDBOX_PLAY, body=AcceptRequestBody, answer=PlayedCustomer, tag=TAG)
def accept_request(request: ApiRequest, request_id: UUID) -> HttpResponse:
    """Accept a relationship request as a customer, which also signs the customer agreement."""
    body = body_of(request, AcceptRequestBody)
    new = None
    if body.customer_id is None:
        for name in ("company_name", "domain", "country"):
            if not getattr(body, name):
                raise WrongProperty({"company_name": "companyName"}.get(name, name))
        new = new_registration(company_name=body.company_name, domain=body.domain, country=body.country)
    with or_404():
        relationship = plays.accept_request(
            invitation_id=request_id,
            customer_id=body.customer_id,
            registration=new,
            email=body.email or f"admin@{body.domain.lower()}",
            actor=request.actor,
            now=timezone.now(),
        )
    return json_answer({"customerId": str(relationship.customer_id), "attributes": attributes("SandboxCustomer")})


@api_requires(Permission.SANDBOX_PLAY, body=DeclineRequestBody, tag=TAG, status=204)
def decline_request(request: ApiRequest, request_id: UUID) -> HttpResponse:
    """Decline a relationship request as a customer."""
    body = body_of(request, DeclineRequestBody)
    with or_404():
        plays.decline_request(
            invitation_id=request_id,
            customer_id=body.customer_id,
            reason=body.reason,
            actor=request.actor,
            now=timezone.now(),
        )
    return HttpResponse(status=204)


@api_requires(Permission.SANDBOX_PLAY, tag=TAG, status=204)
def remove_relationship(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """End the caller's relationship with a customer as the customer wishes it."""
    relationship = customer_of(request.actor, customer_id)
    plays.remove_relationship(relationship_id=relationship.pk, actor=request.actor, now=timezone.now())
    return HttpResponse(status=204)


@api_requires(Permission.SANDBOX_PLAY, tag=TAG, status=204)
def accept_agreement(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """Accept the customer agreement with the caller as the customer."""
    relationship = customer_of(request.actor, customer_id)
    with or_404():
        plays.accept_agreement(relationship_id=relationship.pk, actor=request.actor, now=timezone.now())
    return HttpResponse(status=204)


@api_requires(Permission.SANDBOX_PLAY, body=SampleBody, answer=PlayedSubscription, status=201, tag=TAG)
def add_subscription(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """Give a customer a subscription that can be moved by a transfer, without ordering it."""
    body, relationship = body_of(request, SampleBody), customer_of(request.actor, customer_id)
    sample = Sample(name=body.name, quantity=body.quantity, family=ProductFamily(body.product_family))
    row = add_sample(relationship_id=relationship.pk, sample=sample, actor=request.actor, now=timezone.now())
    return json_answer({"subscriptionId": str(row.pk), "status": row.status}, status=201)


@api_requires(Permission.SANDBOX_PLAY, answer=PlayedSubscription, tag=TAG)
def activate(request: ApiRequest, subscription_id: UUID) -> HttpResponse:
    """Activate a purchase as its publisher."""
    with or_404():
        plays.activate(subscription_id=subscription_id, actor=request.actor, now=timezone.now())
    return json_answer({"subscriptionId": str(subscription_id), "status": "Success"})


@api_requires(Permission.SANDBOX_PLAY, answer=WaitingChanges, tag=TAG)
def list_changes(request: ApiRequest) -> HttpResponse:
    """List the changes of the caller's subscriptions that wait for their publishers."""
    plays.check(request.actor)
    items = [
        {
            "id": str(row.pk),
            "subscriptionId": str(row.saas_id),
            "action": row.action,
            "planId": row.plan.code,
            "quantity": row.quantity,
            "attributes": attributes("SandboxOperation"),
        }
        for row in queries.changes_to_decide(request.actor)
    ]
    return json_answer(collection(items))


@api_requires(Permission.SANDBOX_PLAY, body=DecisionBody, tag=TAG, status=204)
def decide(request: ApiRequest, subscription_id: UUID, operation_id: UUID) -> HttpResponse:
    """Confirm or refuse a change as the publisher."""
    body = body_of(request, DecisionBody)
    with or_404():
        plays.decide(
            subscription_id=subscription_id,
            operation_id=operation_id,
            succeeded=body.status == OUTCOMES[0],
            actor=request.actor,
            now=timezone.now(),
        )
    return HttpResponse(status=204)


def _request(row: RelationshipInvitation) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "name": row.customer_label,
        "createdDate": time_text(row.created_at),
        "expirationDate": time_text(row.expires_at),
        "attributes": attributes("RelationshipRequest"),
    }
