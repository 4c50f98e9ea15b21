"""Groups and people that can be chosen for access to an Azure subscription, and what became of those chosen."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Q, QuerySet

from azure.enums import PrincipalKind
from azure.models import RoleAssignment
from azure.rules import access as rules
from azure.rules.access import Access
from azure.rules.principals import shows_people_of
from customers.queries import as_uuid
from portal.accounts.actor import Actor
from portal.accounts.enums import PARTNER_KINDS
from portal.accounts.models import Membership, Organization
from portal.core.fields import name_key
from portal.directory.enums import BUILT_IN_GROUPS
from portal.directory.models import Group

SHOWN = 6  # groups, and people, of one company; the search finds the others
BUILT_IN, GROUP, PERSON = "built-in", "group", "person"


@dataclass(frozen=True)
class Principal:
    """A group or person that can be chosen. ``key`` names it in a form, ``note`` says more of it."""

    key: str
    organization: Organization
    kind: PrincipalKind
    name: str
    label: str
    note: str = ""
    user_id: UUID | None = None
    group_id: UUID | None = None


@dataclass
class Company:
    """The groups and people of one company that fit; ``has_more``: than are shown."""

    organization: Organization
    shows_people: bool
    groups: list[Principal] = field(default_factory=list)
    people: list[Principal] = field(default_factory=list)
    has_more: bool = False


def companies(access: Access, *, actor: Actor, text: str = "") -> list[Company]:
    """Return whom the actor can choose, by company, narrowed to names that hold ``text`` (three queries)."""
    shows_people = shows_people_of(access, actor=actor)
    organizations = rules.choices(access, actor=actor)
    found = {pk: Company(one, pk in shows_people) for pk, one in organizations.items()}
    for organization in organizations.values():
        names = [name for name in _built_in(organization) if text.lower() in name.lower()]
        found[organization.pk].groups += [_built_in_group(organization, name) for name in names]
    groups = _groups(organizations, actor).filter(name_key__contains=name_key(text))
    for group in groups.order_by("name_key", "pk"):
        _add(found[group.organization_id], found[group.organization_id].groups, _group(group))
    matching = Q(user__name_key__contains=name_key(text)) | Q(user__email__icontains=text)
    people = _people(shows_people & organizations.keys()).filter(matching)
    for person in people.order_by("user__name_key", "pk")[: SHOWN * 10]:
        _add(found[person.organization_id], found[person.organization_id].people, _person(person))
    return list(found.values())


def _add(company: Company, rows: list[Principal], row: Principal) -> None:
    if len(rows) < SHOWN:
        rows.append(row)
    else:
        company.has_more = True


def principal_of(access: Access, *, actor: Actor, key: str) -> Principal | None:
    """Return what a form names by ``key``, if the actor can choose it."""
    kind, _colon, name = key.partition(":")
    organizations = rules.choices(access, actor=actor)
    if kind == BUILT_IN:
        organization_id, _colon, name = name.partition(":")
        of = as_uuid(organization_id)
        organization = organizations.get(of) if of else None
        return _built_in_group(organization, name) if organization and name in _built_in(organization) else None
    known = as_uuid(name)
    if known and kind == GROUP:
        group = _groups(organizations, actor).filter(pk=known).first()
        return _group(group) if group else None
    if known and kind == PERSON:
        shown = shows_people_of(access, actor=actor) & organizations.keys()
        person = _people(shown).filter(pk=known).first()
        return _person(person) if person else None
    return None


def built_in_key(organization_id: UUID | str, name: str) -> str:
    """Return the key of a group that follows a role."""
    return f"{BUILT_IN}:{organization_id}:{name}"


def _built_in(organization: Organization) -> list[str]:
    return list(BUILT_IN_GROUPS) if organization.kind in PARTNER_KINDS else []


def _groups(organization_ids: Iterable[UUID], actor: Actor) -> QuerySet[Group]:
    offered = Q(is_offered=True) | Q(organization_id=actor.organization_id)
    rows = Group.objects.filter(offered, organization_id__in=list(organization_ids), removed_at=None)
    return rows.select_related("organization")


def _people(organization_ids: Iterable[UUID]) -> QuerySet[Membership]:
    rows = Membership.objects.active().filter(organization_id__in=list(organization_ids))
    return rows.select_related("user", "organization")


def _built_in_group(organization: Organization, name: str) -> Principal:
    role = str(BUILT_IN_GROUPS[name].label)
    key = built_in_key(organization.pk, name)
    return Principal(key, organization, PrincipalKind.GROUP, name, label=name, note=role)


def _group(group: Group) -> Principal:
    return Principal(
        key=f"{GROUP}:{group.pk}",
        organization=group.organization,
        kind=PrincipalKind.GROUP,
        name=group.name,
        label=group.name,
        note=group.description,
        group_id=group.pk,
    )


def _person(person: Membership) -> Principal:
    return Principal(
        key=f"{PERSON}:{person.pk}",
        organization=person.organization,
        kind=PrincipalKind.USER,
        name=person.user.email,
        label=person.user.name,
        note=person.user.email,
        user_id=person.user_id,
    )


def gone(assignments: Iterable[RoleAssignment]) -> set[UUID]:
    """Return the assignments whose person left its organization, or whose group was removed (one query)."""
    rows = list(assignments)
    people = {row.user_id for row in rows if row.user_id}
    pairs = Membership.objects.active().filter(user_id__in=people).values_list("user_id", "organization_id")
    there = set(pairs) if people else set()
    left = {row.pk for row in rows if row.user_id and (row.user_id, row.organization_id) not in there}
    return left | {row.pk for row in rows if row.group is not None and row.group.removed_at is not None}
