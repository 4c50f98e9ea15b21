"""The people of the caller's organization: who they are, what they may, and whether they may (not in the original).

Roles are given on pages alone: that asks for a sign-in of just now, which a program's token cannot prove.
"""

from typing import Annotated, Any, NotRequired
from uuid import UUID

from django.http import Http404, HttpResponse
from django.urls import path
from django.utils import timezone
from typing_extensions import TypedDict

from portal.accounts.models import Membership
from portal.accounts.permissions import Permission
from portal.accounts.workflow import users as workflow
from portal.api.access import ApiRequest, api_requires, endpoint
from portal.api.errors import json_answer
from portal.api.reading import Body, body_of, one_of
from portal.api.resources import Attributes, attributes, collection, time_text, without_nothing

TAG = "Roles"
ACTIVE, INACTIVE = "active", "inactive"


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


V1 = [
    path("users", endpoint(GET=list_users), name="users"),
    path("users/<guid:user_id>", endpoint(GET=get_user, PATCH=update_user), name="user"),
]
