"""Invitation links, and the partners a customer has through the caller (API reference, sections 3.5 and 3.10)."""

from typing import Any, NotRequired
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from typing_extensions import TypedDict

from customers import queries
from customers.enums import RelationshipKind
from customers.queries import wire
from customers.workflow.invitations import invitation_link
from customers.workflow.standing_requests import standing_request
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import json_answer
from portal.api.reading import guid_of, query_of
from portal.api.resources import Attributes, attributes, collection

QUERY = {
    "indirectCloudSolutionProviderId": "The provider a reseller asks for the relationship with.",
    "indirectResellerId": "The reseller a provider asks for the relationship with.",
    "DAP": "false: without administration rights.",
}


class RequestAnswer(TypedDict):
    url: str
    attributes: Attributes


class RelatedPartner(TypedDict):
    id: str
    name: str
    relationshipType: str
    mpnId: NotRequired[str]
    attributes: Attributes


class RelatedPartners(TypedDict):
    totalCount: int
    items: list[RelatedPartner]
    attributes: Attributes


@api_requires(Permission.RELATIONSHIP_REQUEST, person=True, answer=RequestAnswer, query=QUERY, tag="Relationships")
def get_request(request: ApiRequest) -> HttpResponse:
    """Get a link that lets one customer start a relationship; it is good until a customer has answered it."""
    query = query_of(request)
    provider, reseller = (_id(query, name) for name in ("indirectCloudSolutionProviderId", "indirectResellerId"))
    invitation, token = standing_request(
        provider_id=provider,
        reseller_id=reseller,
        include_admin_rights=query.get("dap", "true").lower() != "false",
        actor=request.actor,
        now=timezone.now(),
    )
    return json_answer({"url": invitation_link(invitation, token), "attributes": attributes("RelationshipRequest")})


@api_requires(Permission.CUSTOMER_VIEW, person=True, answer=RelatedPartners, tag="Relationships")
def list_partners(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """List the reseller (or provider) through which the caller has this customer."""
    relationship = queries.customer_of(request.actor, customer_id)
    items = []
    if relationship.counterpart is not None:
        is_provider = relationship.kind == RelationshipKind.PROVIDER
        kind = "is_indirect_cloud_solution_provider_of" if is_provider else "is_indirect_reseller_of"
        items.append(
            {
                "id": str(relationship.counterpart_id),
                "name": relationship.counterpart.organization.name,
                "relationshipType": kind,
                "mpnId": wire.number_of(relationship.counterpart_id),
                "attributes": attributes("PartnerRelationship"),
            }
        )
    return json_answer(collection(items))


def _id(query: dict[str, str], name: str) -> UUID | None:
    value = query.get(name.lower(), "")
    return guid_of(value, name) if value else None
