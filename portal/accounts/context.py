"""What base.html needs: who is signed in, the menus this person may use, and the bell's counter."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language

from portal.accounts.actor import Actor
from portal.accounts.permissions import role_labels
from portal.core import navigation
from portal.core.navigation import ObjectNavigation
from portal.notifications import queries as notifications


@dataclass(frozen=True)
class Link:
    """One page of a workspace, in the language now spoken."""

    label: str
    url: str
    url_name: str
    group: str
    description: str


@dataclass(frozen=True)
class WorkspaceLinks:
    """A workspace with its pages that the person may open."""

    key: str
    label: str
    icon: str
    description: str
    url: str
    links: tuple[Link, ...]


@dataclass(frozen=True, eq=False)
class Menus:
    """What stands in the frame for one person acting for one organization, in one language."""

    actor: Mapping[str, Any] | None = None
    workspaces: tuple[WorkspaceLinks, ...] = ()

    @property
    def is_signed_in(self) -> bool:
        return self.actor is not None


@dataclass(frozen=True, eq=False)
class Rows:
    """What a menu lists, made once for all requests that want the same: it stands for itself where it is kept."""

    rows: tuple[Mapping[str, Any], ...] = ()

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


NOTHING = Rows()


@dataclass
class Shell:
    """The frame around every page. Built once per page; empty but for the product name when signed out."""

    product_name: str
    demo: bool
    menus: Menus
    memberships: Rows = NOTHING
    workspace: WorkspaceLinks | None = None
    navigation: Rows = NOTHING
    object: ObjectNavigation | None = None
    action_count: int = 0
    shortcuts_enabled: bool = True

    @property
    def actor(self) -> Mapping[str, Any] | None:
        return self.menus.actor

    @property
    def object_rows(self) -> list[dict[str, str]]:
        return [self.object.row] if self.object else []

    @property
    def workspaces(self) -> tuple[WorkspaceLinks, ...]:
        return self.menus.workspaces


NOBODY = Menus()


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the shell for this request, built once a template asks for it: a fragment never does."""
    return {"shell": SimpleLazyObject(lambda: _frame(request))}


def _frame(request: HttpRequest) -> Shell:
    """Build the frame; also safe where an early middleware already refused."""
    frame = Shell(product_name=settings.PRODUCT_NAME, demo=settings.DEMO, menus=NOBODY)
    actor: Actor | None = getattr(request, "actor", None)
    if not hasattr(request, "user") or not request.user.is_authenticated:
        return frame
    frame.shortcuts_enabled = request.user.shortcuts_enabled
    if actor is None:
        frame.menus = _menus_without_organization(str(request.user), request.user.email)
        return frame
    frame.menus = _menus(actor, get_language())
    facts = [(row.organization_id, row.organization.name, *row.roles) for row in getattr(request, "memberships", [])]
    frame.memberships = _memberships(tuple(facts), actor.organization_id, get_language())
    _select(frame, request)
    _show_object(frame, request)
    counted: int | None = getattr(request, "open_actions", None)
    frame.action_count = notifications.open_action_count(actor) if counted is None else counted
    return frame


@lru_cache(maxsize=1_000)
def _menus(actor: Actor, _language: str | None) -> Menus:
    """Return the menus; an actor with another role is another actor, so they are right at once (quality row 16)."""
    facts = {
        "name": actor.name,
        "email": actor.email,
        "initials": actor.initials,
        "organization_name": actor.organization_name,
        "organization_kind_label": str(actor.organization_kind.label),
        "is_sandbox": actor.is_sandbox,
    }
    return Menus(facts, tuple(_workspace(space, actor) for space in navigation.workspaces_for(actor)))


@lru_cache(maxsize=1_000)
def _memberships(facts: tuple[tuple[Any, ...], ...], current: UUID, _language: str | None) -> Rows:
    """Return the organizations that somebody may act for: id, name and roles of each."""
    return Rows(
        tuple(
            {
                "organization_id": organization_id,
                "organization_name": name,
                "role_labels": role_labels(roles),
                "current": organization_id == current,
            }
            for organization_id, name, *roles in facts
        )
    )


@lru_cache(maxsize=100)
def _menus_without_organization(name: str, email: str) -> Menus:
    return Menus({"name": name, "email": email, "initials": name[:1]})


def _workspace(space: navigation.Workspace, actor: Actor) -> WorkspaceLinks:
    links = tuple(
        Link(
            label=str(item.label),
            url=reverse(item.url_name),
            url_name=item.url_name,
            group=str(item.group),
            description=str(item.description),
        )
        for item in space.items_for(actor)
    )
    return WorkspaceLinks(
        key=space.key,
        label=str(space.label),
        icon=space.icon,
        description=str(space.description),
        url=links[0].url,
        links=links,
    )


def _select(frame: Shell, request: HttpRequest) -> None:
    """Find the workspace the page belongs to (longest address wins) and lay out its left navigation."""
    selected = ""
    for space in frame.workspaces:
        for link in space.links:
            if request.path.startswith(link.url) and len(link.url) > len(selected):
                frame.workspace, selected = space, link.url
    if frame.workspace is None:
        return
    frame.navigation = _side_links(
        tuple((link.group, link.label, link.url) for link in frame.workspace.links), selected
    )


@lru_cache(maxsize=2_000)
def _side_links(links: tuple[tuple[str, str, str], ...], selected: str) -> Rows:
    """Return the groups of a left navigation; each link is its group, its label and its address."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for group, label, url in links:
        groups.setdefault(group, []).append({"label": label, "url": url, "selected": url == selected})
    return Rows(tuple({"label": label, "items": items} for label, items in groups.items()))


def _show_object(frame: Shell, request: HttpRequest) -> None:
    """Put the navigation of the one object the page is about, if it is, in the place of the workspace's."""
    shown: navigation.ObjectNavigation | None = getattr(request, "object_navigation", None)
    if shown is None:
        return
    frame.object, selected = shown, shown.selected(request.path)
    frame.navigation = _side_links(tuple(("", str(label), url) for label, url in shown.items), selected)
