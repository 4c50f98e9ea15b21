"""The roles of the caller's organization and who holds them (API reference, section 9)."""

from typing import NotRequired

from django.http import Http404, HttpResponse
from django.urls import path
from typing_extensions import TypedDict

from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.accounts.permissions import ROLES_BY_KIND, Permission
from portal.api.access import ApiRequest, api_requires, endpoint
from portal.api.errors import json_answer
from portal.api.resources import Attributes, attributes, collection

TAG = "Roles"


class RoleAnswer(TypedDict):
    id: str
    name: str
    category: str
    attributes: Attributes


class RoleCollection(TypedDict):
    totalCount: int
    items: list[RoleAnswer]
    attributes: Attributes


class RoleMember(TypedDict):
    id: str
    displayName: str
    userPrincipalName: str
    roleId: str
    attributes: Attributes


class RoleMembers(TypedDict):
    totalCount: int
    items: list[RoleMember]
    attributes: Attributes
    continuationToken: NotRequired[str]


@api_requires(Permission.USER_VIEW, person=True, answer=RoleCollection, tag=TAG)
def list_roles(request: ApiRequest) -> HttpResponse:
    """List the roles that exist in the caller's organization."""
    items = [
        {"id": str(role), "name": str(role.label), "category": "partner", "attributes": attributes("Role")}
        for role in ROLES_BY_KIND[request.actor.organization_kind]
    ]
    return json_answer(collection(items))


@api_requires(Permission.USER_VIEW, person=True, answer=RoleMembers, tag=TAG)
def list_members(request: ApiRequest, role_id: str) -> HttpResponse:
    """List the active people of the caller's organization who hold a role."""
    role = next((one for one in ROLES_BY_KIND[request.actor.organization_kind] if one == role_id.lower()), None)
    if role is None:
        raise Http404
    return json_answer(collection([_member(row, role) for row in _holders(request, role)]))


def _holders(request: ApiRequest, role: Role) -> list[Membership]:
    rows = Membership.objects.active().with_role(role).filter(organization_id=request.actor.organization_id)
    return list(rows.select_related("user").order_by("user__name", "pk"))


def _member(row: Membership, role: Role) -> RoleMember:
    return {
        "id": str(row.user_id),
        "displayName": row.user.name,
        "userPrincipalName": row.user.email,
        "roleId": str(role),
        "attributes": attributes("UserMember"),
    }


V1 = [
    path("roles", endpoint(GET=list_roles), name="roles"),
    path("roles/<str:role_id>/usermembers", endpoint(GET=list_members), name="role_members"),
]
