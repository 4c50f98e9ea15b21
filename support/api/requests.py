"""Open, list, read and change service requests (API reference, section 9)."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.http import HttpResponse
from django.utils import timezone
from pydantic import Field

from customers.queries import customer_of
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import WrongProperty, json_answer
from portal.api.reading import Body, body_of, filter_of, guid_of, one_of, query_of, whole_number
from portal.api.resources import collection
from support import queries, workflow
from support.api import shapes
from support.enums import CaseStatus, ServiceProduct, Severity
from support.models import SupportCase
from support.workflow import NewCase

LARGEST_PAGE = 500
ORDER = ("-created_at", "-pk")
TAG = "Service requests"
PAGE = {
    "size": "How many requests a page holds, 500 at most.",
    "offset": "How many requests to leave out from the beginning.",
    "filter": 'JSON such as {"Field":"Status","Value":"open","Operator":"equals"}; fields: Status, Severity.',
}
FILTERS = {"Status": ("equals",), "Severity": ("equals",)}
OPEN, CLOSED = "open", "closed"


class NewNote(Body):
    text: Annotated[str, Field(min_length=1, max_length=10_000)]


class OnBehalfOf(Body):
    id: UUID


class NewRequest(Body):
    """A request to open; with the id of a customer as organization it is on that customer's behalf."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    description: Annotated[str, Field(min_length=1, max_length=10_000)]
    severity: Annotated[str, one_of(*shapes.SEVERITIES)] = "moderate"
    support_topic_id: str
    product_id: str = ""
    organization: OnBehalfOf | None = None


class ChangedRequest(Body):
    """What is to change: a note, the severity, or the status (closed, or open again with a note)."""

    severity: Annotated[str, one_of(*shapes.SEVERITIES)] = ""
    status: Annotated[str, one_of(*shapes.STATUSES)] = ""
    new_note: NewNote | None = None


@api_requires(Permission.SUPPORT_VIEW, person=True, answer=shapes.ServiceRequests, query=PAGE, tag=TAG)
def list_requests(request: ApiRequest) -> HttpResponse:
    """List the service requests of the caller's organization, the newest first, without their notes."""
    return _list(request, Q(), "/servicerequests")


@api_requires(Permission.SUPPORT_VIEW, person=True, answer=shapes.ServiceRequests, query=PAGE, tag=TAG)
def list_of_customer(request: ApiRequest, customer_id: UUID) -> HttpResponse:
    """List the service requests that the caller opened for one customer."""
    customer_of(request.actor, customer_id)
    return _list(request, Q(customer_id=customer_id), f"/customers/{customer_id}/servicerequests")


def _list(request: ApiRequest, condition: Q, path: str) -> HttpResponse:
    query = query_of(request)
    size, offset = min(whole_number(query, "size") or LARGEST_PAGE, LARGEST_PAGE), whole_number(query, "offset")
    rows = queries.rows_of(request.actor).filter(condition & _filter(query)).order_by(*ORDER)
    found = list(rows[offset : offset + size + 1])

    def address(start: int) -> str:
        wanted = {"size": str(size), "offset": str(start)} | ({"filter": query["filter"]} if "filter" in query else {})
        return f"{path}?{urlencode(wanted)}"

    following = address(offset + size) if len(found) > size else ""
    return json_answer(shapes.page(found[:size], here=address(offset), following=following))


def _filter(query: Mapping[str, str]) -> Q:
    wanted = filter_of(query, allowed=FILTERS)
    if wanted is None or not wanted.value:
        return Q()
    value = wanted.value.lower()
    if wanted.field == "severity":
        return Q(severity=value)
    return Q(status__in=[status for status in CaseStatus if shapes.WIRE_STATUS[status] == value])


@api_requires(Permission.SUPPORT_VIEW, person=True, answer=shapes.Topics, tag=TAG)
def list_topics(request: ApiRequest) -> HttpResponse:
    """List what a service request can be about."""
    return json_answer(collection(shapes.topics()))


@api_requires(Permission.SUPPORT_VIEW, person=True, answer=shapes.ServiceRequest, tag=TAG)
def get_request(request: ApiRequest, name: str) -> HttpResponse:
    """Get a service request with its notes."""
    return _answer(request, guid_of(name, "request id"))


@api_requires(Permission.SUPPORT_VIEW, person=True, answer=shapes.ServiceRequest, tag=TAG)
def get_of_customer(request: ApiRequest, customer_id: UUID, request_id: UUID) -> HttpResponse:
    """Get a service request of one customer with its notes."""
    return _answer(request, request_id, customer_id=customer_id)


def _answer(
    request: ApiRequest, request_id: UUID, *, customer_id: UUID | None = None, status: int = 200
) -> HttpResponse:
    case = queries.case_of(request.actor, request_id, customer_id=customer_id)
    return json_answer(shapes.service_request(case, queries.messages_of(case)), status=status)


@api_requires(
    Permission.SUPPORT_REQUEST, person=True, body=NewRequest, answer=shapes.ServiceRequest, status=201, tag=TAG
)
def create_request(request: ApiRequest, name: str) -> HttpResponse:
    """Open a service request. The address ends in the language of whoever opens it, such as en-US."""
    body = body_of(request, NewRequest)
    topic = shapes.TOPIC_OF_ID.get(body.support_topic_id.lower())
    if topic is None:
        raise WrongProperty("supportTopicId")
    if body.product_id and body.product_id not in ServiceProduct.values:
        raise WrongProperty("productId")
    own = body.organization is None or body.organization.id == request.actor.organization_id
    case = workflow.open_case(
        new=NewCase(
            title=body.title,
            text=body.description,
            topic=topic,
            severity=_severity(body.severity),
            product=body.product_id,
            customer_id=None if own or body.organization is None else body.organization.id,
        ),
        actor=request.actor,
        now=timezone.now(),
    )
    return _answer(request, case.pk, status=201)


def _severity(name: str) -> Severity:
    return Severity.MODERATE if name == "unknown" else Severity(name)


@api_requires(Permission.SUPPORT_REQUEST, person=True, body=ChangedRequest, answer=shapes.ServiceRequest, tag=TAG)
def update_request(request: ApiRequest, name: str) -> HttpResponse:
    """Add a note, change the severity, close a service request or open it again."""
    case = queries.case_of(request.actor, guid_of(name, "request id"))
    return _update(request, case)


@api_requires(Permission.SUPPORT_REQUEST, person=True, body=ChangedRequest, answer=shapes.ServiceRequest, tag=TAG)
def update_of_customer(request: ApiRequest, customer_id: UUID, request_id: UUID) -> HttpResponse:
    """Add a note to a service request of one customer, change its severity, close it or open it again."""
    case = queries.case_of(request.actor, request_id, customer_id=customer_id)
    return _update(request, case)


@transaction.atomic
def _update(request: ApiRequest, case: SupportCase) -> HttpResponse:
    """Do all that the body asks for, or nothing of it."""
    body = body_of(request, ChangedRequest)
    actor, now = request.actor, timezone.now()
    note = body.new_note.text if body.new_note else ""
    reopens = body.status == OPEN and shapes.WIRE_STATUS[CaseStatus(case.status)] == CLOSED
    if reopens and not note:
        raise WrongProperty("newNote")
    if reopens:
        workflow.reopen_case(case_id=case.pk, text=note, actor=actor, now=now)
    elif note:
        workflow.answer_case(case_id=case.pk, text=note, actor=actor, now=now)
    if body.severity and _severity(body.severity) != case.severity:
        workflow.change_severity(case_id=case.pk, severity=_severity(body.severity), actor=actor, now=now)
    if body.status == CLOSED:
        workflow.close_case(case_id=case.pk, actor=actor, now=now)
    return _answer(request, case.pk)
