"""The permission table as pages show it: by area, for one kind of organisation (P3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.permissions import AREA_LABELS, ROLE_PERMISSIONS, ROLES_BY_KIND, Permission, roles_allowing


@dataclass(frozen=True)
class Ability:
    """One action as one person sees it: allowed, or the roles and people that help."""

    label: str
    allowed: bool
    roles: Sequence[str]
    people: Sequence[str]


@dataclass(frozen=True)
class Area:
    """The actions of one area, as one person sees them."""

    key: str
    label: str
    abilities: Sequence[Ability]

    @property
    def granted(self) -> int:
        return sum(ability.allowed for ability in self.abilities)


@dataclass(frozen=True)
class Cell:
    """Whether one role allows one action."""

    role: str
    allowed: bool


@dataclass(frozen=True)
class Row:
    """One action in the table of roles: which of the columns allow it."""

    label: str
    cells: Sequence[Cell]


def access_areas(actor: Actor, people: Mapping[Role, Sequence[str]]) -> list[Area]:
    """Return what the actor may do, area by area; ``people`` names colleagues by role.

    What no role of this kind of organisation allows is left out: nobody could help with it.
    """
    return [
        Area(key=key, label=str(AREA_LABELS[key]), abilities=[_ability(action, actor, people) for action in actions])
        for key, actions in _by_area(actor.organization_kind).items()
    ]


def _ability(permission: Permission, actor: Actor, people: Mapping[Role, Sequence[str]]) -> Ability:
    roles = roles_allowing(permission, kind=actor.organization_kind)
    return Ability(
        label=str(permission.label),
        allowed=actor.may(permission),
        roles=[str(role.label) for role in roles],
        people=sorted({name for role in roles for name in people.get(role, ())}),
    )


def table(kind: OrganizationKind) -> tuple[list[Role], list[tuple[str, list[Row]]]]:
    """Return the roles of a kind of organisation as columns, and its actions as rows grouped by area."""
    columns = [role for role in Role if role in ROLES_BY_KIND[kind]]
    areas = [
        (
            str(AREA_LABELS[key]),
            [Row(str(action.label), [_cell(action, role) for role in columns]) for action in actions],
        )
        for key, actions in _by_area(kind).items()
    ]
    return columns, areas


def _cell(permission: Permission, role: Role) -> Cell:
    return Cell(str(role.label), permission in ROLE_PERMISSIONS[role])


def _by_area(kind: OrganizationKind) -> dict[str, list[Permission]]:
    """The actions that some role of this kind of organisation allows, by area, in the order of the table."""
    areas: dict[str, list[Permission]] = {}
    for permission in Permission:
        if roles_allowing(permission, kind=kind):
            areas.setdefault(permission.split(".")[0], []).append(permission)
    return {key: areas[key] for key in AREA_LABELS if key in areas}
