"""Relationship requests as the pages have them: ask one customer, mail it, send again, revoke (not in the original)."""

import datetime
from collections.abc import Callable
from typing import Annotated, Any, NotRequired
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from customers.enums import InvitationStatus
from customers.fields import DOMAIN
from customers.models import RelationshipInvitation
from customers.queries.invitations import InvitationFilter, invitation_detail, invitation_page, state_of
from customers.workflow.invitations import (
    Message,
    RequestTerms,
    invitation_link,
    request_relationship,
    resend_invitation,
    revoke_invitation,
    send_invitation,
)
from customers.workflow.messages import default_message
from portal.accounts import queries as account_queries
from portal.accounts.enums import Cloud, OrganizationKind
from portal.accounts.models import Organization
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import UnknownEnumValue, WrongProperty, json_answer
from portal.api.reading import Body, body_of, paging_of, query_of
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
STATES = ("ready", "sent", "opened", *map(str, InvitationStatus))
LIST = {
    "status": "ready (not sent), sent, opened, accepted, declined, expired or revoked.",
    "seekOperation": "Next or Previous, together with the header MS-ContinuationToken; First for the first page.",
}
LANGUAGES = ("en", "fr", "sv")


def _email(value: str) -> str:
    return _valid(value, validate_email)


def _domain(value: str) -> str:
    return _valid(value.lower(), DOMAIN)


def _valid(value: str, check: Callable[[str], None]) -> str:
    try:
        if value:
            check(value)
    except ValidationError as error:
        raise ValueError(str(error.message)) from error
    return value


class RequestBody(Body):
    """Whom to ask for a reseller relationship. With ``send`` the message goes out by mail at once."""

    customer_name: Annotated[str, Field(min_length=1, max_length=200)]
    email: Annotated[str, Field(max_length=254), AfterValidator(_email)] = ""
    customer_id: UUID | None = None
    domain: Annotated[str, Field(max_length=253), AfterValidator(_domain)] = ""
    language: Annotated[str, Field(max_length=8)] = ""
    include_admin_rights: bool = True
    indirect_cloud_solution_provider_id: UUID | None = None
    indirect_reseller_id: UUID | None = None
    subject: Annotated[str, Field(max_length=300)] = ""
    message: Annotated[str, Field(max_length=10_000)] = ""
    send: bool = False


class CustomerRequest(TypedDict):
    id: str
    customerName: str
    email: NotRequired[str]
    customerId: NotRequired[str]
    domain: NotRequired[str]
    language: str
    includeAdminRights: bool
    indirectResellerId: NotRequired[str]
    status: str
    createdTime: str
    expirationTime: str
    url: NotRequired[str]
    links: SelfLinks
    attributes: Attributes


class CustomerRequests(TypedDict):
    totalCount: int
    items: list[CustomerRequest]
    links: CollectionLinks
    continuationToken: NotRequired[str]
    attributes: Attributes


@api_requires(Permission.CUSTOMER_VIEW, answer=CustomerRequests, query=LIST, tag=TAG)
def list_requests(request: ApiRequest) -> HttpResponse:
    """List the relationship requests of the caller's organization, newest first (not in the original)."""
    query, now = query_of(request), timezone.now()
    state = query.get("status", "").lower()
    if state and state not in STATES:
        raise UnknownEnumValue("status")
    paging = paging_of(request, query)
    page = invitation_page(request.actor, InvitationFilter(state=state), cursor=paging.cursor, now=now)
    items = [_request(row, now=now) for row in page.rows]
    parameters = {"status": state} if state else {}
    return json_answer(page_of(items, page=page, path="/relationshiprequests", parameters=parameters))


@api_requires(Permission.RELATIONSHIP_REQUEST, body=RequestBody, answer=CustomerRequest, status=201, tag=TAG)
def create_request(request: ApiRequest) -> HttpResponse:
    """Ask a customer for a reseller relationship; ``url`` in the answer is its unique link (not in the original)."""
    body, now = body_of(request, RequestBody), timezone.now()
    if body.send and not body.email:
        raise WrongProperty("email")
    terms = _terms(request, body)
    with transaction.atomic():
        invitation, token = request_relationship(terms=terms, actor=request.actor, now=now)
        link = invitation_link(invitation, token)
        if body.send:
            invitation = _send(request, invitation, link, now)
    return json_answer(_request(invitation, url=link, now=now), status=201)


@api_requires(Permission.CUSTOMER_VIEW, answer=CustomerRequest, tag=TAG)
def get_customer_request(request: ApiRequest, request_id: UUID) -> HttpResponse:
    """Get a relationship request and how far it has come (not in the original)."""
    return json_answer(_request(invitation_detail(request.actor, request_id), now=timezone.now()))


@api_requires(Permission.RELATIONSHIP_REQUEST, answer=CustomerRequest, tag=TAG)
def send_request(request: ApiRequest, request_id: UUID) -> HttpResponse:
    """Mail a request with a new link, which replaces those before it (not in the original)."""
    now, found = timezone.now(), invitation_detail(request.actor, request_id)
    with transaction.atomic():
        invitation, token = resend_invitation(invitation_id=found.pk, actor=request.actor, now=now)
        link = invitation_link(invitation, token)
        if invitation.recipient_email:
            invitation = _send(request, invitation, link, now)
    return json_answer(_request(invitation, url=link, now=now))


@api_requires(Permission.RELATIONSHIP_REQUEST, status=204, tag=TAG)
def revoke_request(request: ApiRequest, request_id: UUID) -> HttpResponse:
    """Take a request back; its link dies (not in the original)."""
    found = invitation_detail(request.actor, request_id)
    revoke_invitation(invitation_id=found.pk, actor=request.actor, now=timezone.now())
    return HttpResponse(status=204)


def _terms(request: ApiRequest, body: RequestBody) -> RequestTerms:
    """Return what is asked for, with the ready message where none was sent. Raises: WrongProperty."""
    own = account_queries.organization_of(request.actor)
    language = body.language.split("-")[0].lower() or own.language
    if language not in LANGUAGES:
        raise WrongProperty("language")
    partner_id, reseller_id = own.pk, body.indirect_reseller_id
    if request.actor.organization_kind == OrganizationKind.INDIRECT_RESELLER:
        partner_id, reseller_id = body.indirect_cloud_solution_provider_id or own.pk, own.pk
    names = {one.pk: one.name for one in Organization.objects.filter(pk__in=[partner_id, reseller_id or partner_id])}
    subject, text = default_message(
        partner_name=names.get(partner_id, own.name),
        reseller_name=names.get(reseller_id, "") if reseller_id else "",
        include_admin_rights=body.include_admin_rights,
        language=language,
    )
    return RequestTerms(
        partner_id=partner_id,
        reseller_id=reseller_id,
        cloud=Cloud(own.cloud),
        include_admin_rights=body.include_admin_rights,
        language=language,
        customer_label=body.customer_name,
        expected_tenant_id=body.customer_id,
        expected_domain=body.domain,
        recipient_email=body.email,
        message_subject=body.subject or subject,
        message_text=body.message or text,
    )


def _send(
    request: ApiRequest, invitation: RelationshipInvitation, link: str, now: datetime.datetime
) -> RelationshipInvitation:
    message = Message(invitation.recipient_email, invitation.message_subject, invitation.message_text)
    return send_invitation(invitation_id=invitation.pk, link=link, message=message, actor=request.actor, now=now)


def _request(row: RelationshipInvitation, *, now: datetime.datetime, url: str = "") -> dict[str, Any]:
    value = {
        "id": str(row.pk),
        "customerName": row.customer_label,
        "email": row.recipient_email or None,
        "customerId": str(row.customer_id or row.expected_tenant_id or "") or None,
        "domain": row.expected_domain or None,
        "language": row.language,
        "includeAdminRights": row.include_admin_rights,
        "indirectResellerId": str(row.reseller_id) if row.reseller_id else None,
        "status": str(state_of(row, now=now)),
        "createdTime": time_text(row.created_at),
        "expirationTime": time_text(row.expires_at),
        "url": url or None,
        "links": self_links(f"/relationshiprequests/{row.pk}"),
        "attributes": attributes("CustomerRelationshipRequest"),
    }
    return without_nothing(value)
