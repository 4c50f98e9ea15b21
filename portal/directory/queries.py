"""Groups and who is in them, as pages and other apps read them."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.http import Http404

from portal.accounts.actor import Actor
from portal.accounts.enums import PARTNER_KINDS, OrganizationKind
from portal.accounts.models import Membership
from portal.core.fields import name_key
from portal.directory.enums import BUILT_IN_GROUPS
from portal.directory.models import Group, GroupMember

ORDER = ("name_key", "pk")
MEMBER_ORDER = ("membership__user__name_key", "pk")


@dataclass(frozen=True)
class BuiltInGroup:
    """A group that follows a role, and how many people hold it."""

    name: str
    role_label: str
    count: int


def groups_of(actor: Actor, *, text: str = "") -> QuerySet[Group]:
    """Return the groups of the actor's organization whose name or description holds ``text``, with their sizes."""
    groups = Group.objects.visible_to(actor)
    if text:
        groups = groups.filter(Q(name_key__contains=name_key(text)) | Q(description__icontains=text))
    return _with_count(groups)


def group_of(actor: Actor, group_id: UUID) -> Group:
    """Return one of them. Raises: Http404."""
    found = _with_count(Group.objects.visible_to(actor)).filter(pk=group_id).first()
    if found is None:
        raise Http404
    return found


def _with_count(groups: QuerySet[Group]) -> QuerySet[Group]:
    counts = Q(members__membership__is_active=True, members__membership__user__is_active=True)
    return groups.annotate(member_count=Count("members", filter=counts))  # type: ignore[no-redef]


def members_of(group: Group, *, text: str = "") -> QuerySet[GroupMember]:
    """Return who is in a group, deactivated people too: they get their rights back when they return."""
    return group.members.filter(_named(text, "membership__user__")).select_related("membership__user")


def candidates_for(group: Group, *, text: str = "", limit: int) -> list[Membership]:
    """Return people of the organization who can be added, by name."""
    people = Membership.objects.active().filter(_named(text, "user__"), organization_id=group.organization_id)
    people = people.exclude(group_members__group=group).select_related("user")
    return list(people.order_by("user__name_key", "pk")[:limit])


def _named(text: str, prefix: str) -> Q:
    if not text:
        return Q()
    return Q(**{f"{prefix}name_key__contains": name_key(text)}) | Q(**{f"{prefix}email__icontains": text})


def built_in_groups(organization_id: UUID, kind: OrganizationKind) -> list[BuiltInGroup]:
    """Return the groups of a partner that follow a role; other organizations have none."""
    if kind not in PARTNER_KINDS:
        return []
    people = Membership.objects.active().filter(organization_id=organization_id)
    return [
        BuiltInGroup(name, str(role.label), people.with_role(role).count()) for name, role in BUILT_IN_GROUPS.items()
    ]
