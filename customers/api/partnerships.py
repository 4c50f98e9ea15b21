"""Partnerships of indirect providers and resellers: ask, answer, end (R10; not in the original, which only lists)."""

from collections.abc import Callable
from typing import Annotated, Any, NotRequired
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import Field
from typing_extensions import TypedDict

from customers.queries.partnerships import partner_by_id, partnership_detail, partnership_page
from customers.rules.partnerships import PartnerNumberUnknown
from customers.workflow import partnerships as workflow
from portal.accounts.enums import PartnershipStatus
from portal.accounts.models import Partnership
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import UnknownEnumValue, json_answer
from portal.api.reading import Body, body_of, one_of, paging_of, query_of
from portal.api.resources import (
    Attributes,
    CollectionLinks,
    SelfLinks,
    attributes,
    page_of,
    self_links,
    time_text,
    without_nothing,
)

TAG = "Relationships"
LIST = {
    "status": "requested, active, declined, withdrawn or ended; without it those requested and active.",
    "seekOperation": "Next or Previous, together with the header MS-ContinuationToken; First for the first page.",
}
# What a PATCH makes of a partnership -> by which function.
ANSWERS: dict[str, Callable[..., Partnership]] = {
    "active": workflow.accept_partnership,
    "declined": workflow.decline_partnership,
    "withdrawn": workflow.withdraw_partnership,
    "ended": workflow.end_partnership,
}


class PartnershipBody(Body):
    """The partner to ask, by its tenant id or PartnerID."""

    partner: Annotated[str, Field(min_length=1, max_length=40)]


class PartnershipAnswerBody(Body):
    """What becomes of it: active or declined by whom it was sent to, withdrawn by who asked, ended by either."""

    status: Annotated[str, one_of(*ANSWERS)]


class PartnershipAnswer(TypedDict):
    id: str
    providerId: str
    providerName: str
    resellerId: str
    resellerName: str
    status: str
    requestedBy: str
    requestedTime: str
    acceptedTime: NotRequired[str]
    links: SelfLinks
    attributes: Attributes


class PartnershipCollection(TypedDict):
    totalCount: int
    items: list[PartnershipAnswer]
    links: CollectionLinks
    continuationToken: NotRequired[str]
    attributes: Attributes


@api_requires(Permission.CUSTOMER_VIEW, answer=PartnershipCollection, query=LIST, tag=TAG)
def list_partnerships(request: ApiRequest) -> HttpResponse:
    """List the caller's partnerships, newest first (not in the original)."""
    query = query_of(request)
    status = query.get("status", "").lower()
    if status and status not in PartnershipStatus.values:
        raise UnknownEnumValue("status")
    page = partnership_page(request.actor, text="", status=status, cursor=paging_of(request, query).cursor)
    parameters = {"status": status} if status else {}
    items = [_partnership(row) for row in page.rows]
    return json_answer(page_of(items, page=page, path="/partnerships", parameters=parameters))


@api_requires(Permission.PARTNERSHIP_REQUEST, body=PartnershipBody, answer=PartnershipAnswer, status=201, tag=TAG)
def create_partnership(request: ApiRequest) -> HttpResponse:
    """Ask another partner for a partnership, as provider a reseller or the other way round (not in the original)."""
    other = partner_by_id(request.actor, body_of(request, PartnershipBody).partner)
    if other is None:
        raise PartnerNumberUnknown(_("No partner has this id."), field="partner")
    made = workflow.request_partnership(partner_id=other.pk, actor=request.actor, now=timezone.now())
    return json_answer(_partnership(partnership_detail(request.actor, made.pk)), status=201)


@api_requires(Permission.CUSTOMER_VIEW, answer=PartnershipAnswer, tag=TAG)
def get_partnership(request: ApiRequest, partnership_id: UUID) -> HttpResponse:
    """Get a partnership (not in the original)."""
    return json_answer(_partnership(partnership_detail(request.actor, partnership_id)))


@api_requires(Permission.PARTNERSHIP_REQUEST, body=PartnershipAnswerBody, answer=PartnershipAnswer, tag=TAG)
def answer_partnership(request: ApiRequest, partnership_id: UUID) -> HttpResponse:
    """Accept, decline, withdraw or end a partnership, each as its side may (not in the original)."""
    body = body_of(request, PartnershipAnswerBody)
    found = partnership_detail(request.actor, partnership_id)
    ANSWERS[body.status](partnership_id=found.pk, actor=request.actor, now=timezone.now())
    return json_answer(_partnership(partnership_detail(request.actor, found.pk)))


def _partnership(row: Partnership) -> dict[str, Any]:
    value = {
        "id": str(row.pk),
        "providerId": str(row.provider_id),
        "providerName": row.provider.organization.name,
        "resellerId": str(row.reseller_id),
        "resellerName": row.reseller.organization.name,
        "status": str(row.status),
        "requestedBy": str(row.provider_id if row.requested_by_provider else row.reseller_id),
        "requestedTime": time_text(row.requested_at),
        "acceptedTime": time_text(row.accepted_at) if row.accepted_at else None,
        "links": self_links(f"/partnerships/{row.pk}"),
        "attributes": attributes("Partnership"),
    }
    return without_nothing(value)
