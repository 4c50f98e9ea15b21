"""What base.html needs: who is signed in, the menus this person may use, and the bell's counter."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from portal.accounts.actor import Actor
from portal.core import navigation
from portal.core.navigation import ObjectNavigation
from portal.notifications import queries as notifications


@dataclass
class Shell:
    """The frame around every page. Built once per page; empty but for the product name when signed out."""

    product_name: str
    demo: bool
    actor: dict[str, Any] | None = None
    memberships: list[dict[str, Any]] = field(default_factory=list)
    workspaces: list[dict[str, Any]] = field(default_factory=list)
    workspace: dict[str, Any] | None = None
    navigation: list[dict[str, Any]] = field(default_factory=list)
    object: ObjectNavigation | None = None
    action_count: int = 0
    shortcuts_enabled: bool = True


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the shell for this request, built once a template asks for it: a fragment never does."""
    return {"shell": SimpleLazyObject(lambda: _frame(request))}


def _frame(request: HttpRequest) -> Shell:
    """Build the frame; also safe where an early middleware already refused."""
    frame = Shell(product_name=settings.PRODUCT_NAME, demo=settings.DEMO)
    actor: Actor | None = getattr(request, "actor", None)
    if not hasattr(request, "user") or not request.user.is_authenticated:
        return frame
    frame.shortcuts_enabled = request.user.shortcuts_enabled
    if actor is None:
        frame.actor = {"name": str(request.user), "email": request.user.email, "initials": str(request.user)[:1]}
        return frame
    frame.actor = {
        "name": actor.name,
        "email": actor.email,
        "initials": actor.initials,
        "organization_name": actor.organization_name,
        "organization_kind_label": actor.organization_kind.label,
        "is_sandbox": actor.is_sandbox,
    }
    frame.memberships = [
        {
            "organization_id": membership.organization_id,
            "organization_name": membership.organization.name,
            "role_labels": membership.role_labels,
            "current": membership.organization_id == actor.organization_id,
        }
        for membership in getattr(request, "memberships", [])
    ]
    frame.workspaces = [_workspace(space, actor) for space in navigation.workspaces_for(actor)]
    _select(frame, request)
    _show_object(frame, request)
    frame.action_count = notifications.open_action_count(actor)
    return frame


def _workspace(space: navigation.Workspace, actor: Actor) -> dict[str, Any]:
    links = [
        {
            "label": item.label,
            "url": reverse(item.url_name),
            "url_name": item.url_name,
            "group": item.group,
            "description": item.description,
        }
        for item in space.items_for(actor)
    ]
    return {
        "key": space.key,
        "label": space.label,
        "icon": space.icon,
        "description": space.description,
        "url": links[0]["url"],
        "links": links,
    }


def _select(frame: Shell, request: HttpRequest) -> None:
    """Find the workspace the page belongs to (longest address wins) and lay out its left navigation."""
    best: tuple[int, dict[str, Any] | None, str] = (0, None, "")
    for space in frame.workspaces:
        for link in space["links"]:
            if request.path.startswith(link["url"]) and len(link["url"]) > best[0]:
                best = (len(link["url"]), space, link["url"])
    _length, frame.workspace, selected = best
    if frame.workspace is None:
        return
    groups: dict[str, list[dict[str, Any]]] = {}
    for link in frame.workspace["links"]:
        item = {"label": link["label"], "url": link["url"], "selected": link["url"] == selected}
        groups.setdefault(str(link["group"]), []).append(item)
    frame.navigation = [{"label": label, "items": items} for label, items in groups.items()]


def _show_object(frame: Shell, request: HttpRequest) -> None:
    """Put the navigation of the one object the page is about, if it is, in the place of the workspace's."""
    shown: navigation.ObjectNavigation | None = getattr(request, "object_navigation", None)
    if shown is None:
        return
    frame.object, selected = shown, shown.selected(request.path)
    items = [{"label": label, "url": url, "selected": url == selected} for label, url in shown.items]
    frame.navigation = [{"label": "", "items": items}]
