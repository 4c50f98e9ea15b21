"""The groups of the caller's organization and who is in them (not in the original).

They are changed on pages alone, where what hangs on a group is shown before it changes.
"""

from typing import Any, NotRequired
from uuid import UUID

from django.http import HttpResponse
from django.urls import path
from typing_extensions import TypedDict

from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires, endpoint
from portal.api.errors import json_answer
from portal.api.resources import Attributes, SelfLinks, attributes, collection, self_links, time_text
from portal.directory import queries
from portal.directory.models import Group, GroupMember

TAG = "Roles"


class GroupMemberAnswer(TypedDict):
    id: str
    displayName: str
    userPrincipalName: str
    state: str
    addedDate: str


class GroupAnswer(TypedDict):
    id: str
    displayName: str
    description: str
    isOffered: bool
    memberCount: int
    createdDate: str
    members: NotRequired[list[GroupMemberAnswer]]
    links: SelfLinks
    attributes: Attributes


class GroupCollection(TypedDict):
    totalCount: int
    items: list[GroupAnswer]
    attributes: Attributes


@api_requires(Permission.USER_VIEW, person=True, answer=GroupCollection, tag=TAG)
def list_groups(request: ApiRequest) -> HttpResponse:
    """List the groups of the caller's organization, by name; memberCount counts active people (not in the original)."""
    groups = queries.groups_of(request.actor).order_by(*queries.ORDER)
    return json_answer(collection([_group(group) for group in groups]))


@api_requires(Permission.USER_VIEW, person=True, answer=GroupAnswer, tag=TAG)
def get_group(request: ApiRequest, group_id: UUID) -> HttpResponse:
    """Get a group with its members, by name, deactivated ones too (not in the original)."""
    group = queries.group_of(request.actor, group_id)
    members = queries.members_of(group).order_by(*queries.MEMBER_ORDER)
    return json_answer(_group(group) | {"members": [_member(member) for member in members]})


def _group(group: Group) -> dict[str, Any]:
    return {
        "id": str(group.pk),
        "displayName": group.name,
        "description": group.description,
        "isOffered": group.is_offered,
        "memberCount": group.member_count,
        "createdDate": time_text(group.created_at),
        "links": self_links(f"/groups/{group.pk}"),
        "attributes": attributes("Group"),
    }


def _member(member: GroupMember) -> GroupMemberAnswer:
    person = member.membership
    return {
        "id": str(person.user_id),
        "displayName": person.user.name,
        "userPrincipalName": person.user.email,
        "state": "active" if person.is_active and person.user.is_active else "inactive",
        "addedDate": time_text(member.added_at),
    }


V1 = [
    path("groups", endpoint(GET=list_groups), name="groups"),
    path("groups/<guid:group_id>", endpoint(GET=get_group), name="group"),
]
