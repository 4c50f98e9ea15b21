"""The people of the caller's organization, and who is invited: what they may, and whether (not in the original).

Roles are given on pages alone: that asks for a sign-in of just now, which a program's token cannot prove.
"""

from typing import Annotated, Any, NotRequired
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import path
from django.utils import timezone
from typing_extensions import TypedDict

from portal.accounts.enums import InvitationStatus
from portal.accounts.models import Membership, UserInvitation
from portal.accounts.permissions import Permission
from portal.accounts.queries import invitation_list
from portal.accounts.rules import status_at
from portal.accounts.workflow import users as workflow
from portal.api.access import ApiRequest, api_requires, endpoint
from portal.api.errors import UnknownEnumValue, json_answer
from portal.api.reading import Body, body_of, one_of, paging_of, query_of
from portal.api.resources import (
    Attributes,
    CollectionLinks,
    attributes,
    collection,
    page_of,
    time_text,
    without_nothing,
)
from portal.core.pages import keyset_page

TAG = "Roles"
ACTIVE, INACTIVE = "active", "inactive"
INVITATION_LIST = {
    "status": f"One of {', '.join(InvitationStatus.values)}.",
    "size": "How many a page holds, 500 at most.",
    "seekOperation": "First, Next or Previous, with the continuation token in MS-ContinuationToken.",
}


class PartnerUser(TypedDict):
    id: str
    displayName: str
    userPrincipalName: str
    roles: list[str]
    state: str
    createdTime: str
    deactivatedTime: NotRequired[str]
    attributes: Attributes


class PartnerUsers(TypedDict):
    totalCount: int
    items: list[PartnerUser]
    attributes: Attributes


class InvitationAnswer(TypedDict):
    id: str
    displayName: str
    userPrincipalName: str
    roles: list[str]
    status: str
    invitedBy: str
    createdTime: str
    sentTime: str
    expirationTime: str
    closedTime: NotRequired[str]
    attributes: Attributes


class InvitationCollection(TypedDict):
    totalCount: int
    items: list[InvitationAnswer]
    links: CollectionLinks
    continuationToken: NotRequired[str]
    attributes: Attributes


class UserStateBody(Body):
    """Whether the person may act for the organization."""

    state: Annotated[str, one_of(ACTIVE, INACTIVE)]


@api_requires(Permission.USER_VIEW, person=True, answer=PartnerUsers, tag=TAG)
def list_users(request: ApiRequest) -> HttpResponse:
    """List the people of the caller's organization, by name, deactivated ones too (not in the original)."""
    rows = Membership.objects.visible_to(request.actor).select_related("user").order_by("user__name", "pk")
    return json_answer(collection([_user(row) for row in rows]))


@api_requires(Permission.USER_VIEW, person=True, answer=PartnerUser, tag=TAG)
def get_user(request: ApiRequest, user_id: UUID) -> HttpResponse:
    """Get one person of the caller's organization (not in the original)."""
    return json_answer(_user(_found(request, user_id)))


@api_requires(Permission.USER_MANAGE, person=True, body=UserStateBody, answer=PartnerUser, tag=TAG)
def update_user(request: ApiRequest, user_id: UUID) -> HttpResponse:
    """Deactivate or reactivate a person of the caller's organization (not in the original)."""
    body, row = body_of(request, UserStateBody), _found(request, user_id)
    act = workflow.reactivate_user if body.state == ACTIVE else workflow.deactivate_user
    act(membership_id=row.pk, actor=request.actor, now=timezone.now())
    return json_answer(_user(_found(request, user_id)))


@api_requires(Permission.USER_VIEW, person=True, answer=InvitationCollection, query=INVITATION_LIST, tag=TAG)
def list_invitations(request: ApiRequest) -> HttpResponse:
    """List whom the caller's organization invited, newest first, and what became of it (not in the original)."""
    query = query_of(request)
    status = query.get("status", "").lower()
    if status and status not in InvitationStatus.values:
        raise UnknownEnumValue("status")
    paging, now = paging_of(request, query), timezone.now()
    rows = invitation_list(request.actor, status=status)
    page = keyset_page(rows, order=("-created_at", "-pk"), cursor=paging.cursor, size=paging.size)
    parameters = ({"status": status} if status else {}) | {"size": str(paging.size)}
    items = [_invitation(row, status_at(row, now=now)) for row in page]
    return json_answer(page_of(items, page=page, path="/users/invitations", parameters=parameters))


def _found(request: ApiRequest, user_id: UUID) -> Membership:
    row = Membership.objects.visible_to(request.actor).select_related("user").filter(user_id=user_id).first()
    if row is None:
        raise Http404
    return row


def _user(row: Membership) -> dict[str, Any]:
    value = {
        "id": str(row.user_id),
        "displayName": row.user.name,
        "userPrincipalName": row.user.email,
        "roles": row.roles,
        "state": ACTIVE if row.is_active else INACTIVE,
        "createdTime": time_text(row.created_at),
        "deactivatedTime": time_text(row.deactivated_at) if row.deactivated_at else None,
        "attributes": attributes("User"),
    }
    return without_nothing(value)


def _invitation(row: UserInvitation, status: InvitationStatus) -> dict[str, Any]:
    value = {
        "id": str(row.pk),
        "displayName": row.name,
        "userPrincipalName": row.email,
        "roles": row.roles,
        "status": status.value,
        "invitedBy": row.invited_by.name,
        "createdTime": time_text(row.created_at),
        "sentTime": time_text(row.sent_at),
        "expirationTime": time_text(row.expires_at),
        "closedTime": time_text(row.closed_at) if row.closed_at else None,
        "attributes": attributes("UserInvitation"),
    }
    return without_nothing(value)


V1 = [
    path("users/invitations", endpoint(GET=list_invitations), name="invitations"),
    path("users", endpoint(GET=list_users), name="users"),
    path("users/<guid:user_id>", endpoint(GET=get_user, PATCH=update_user), name="user"),
]
