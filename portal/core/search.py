"""Universal search: pages, actions and objects, each only if the person may use it (X9, quality row 35).

Each app that has objects to find names a function in the setting SEARCH_PROVIDERS: actor and text in, results out.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from portal.core import navigation
from portal.core.fields import name_key

if TYPE_CHECKING:
    from portal.accounts.actor import Actor

LIMIT = 6  # of one group while typing
SHORTEST_UUID = 32


@dataclass(frozen=True)
class Result:
    """One link. ``is_exact``: the text is this object's own id, so it stands first."""

    label: str
    url: str
    kind: str
    icon: str
    description: str = ""
    is_exact: bool = False


@dataclass(frozen=True)
class Group:
    """Results of one kind, under one heading."""

    label: str
    results: list[Result] = field(default_factory=list)


Provider = Callable[["Actor", str], Iterable[Result]]


def find(actor: "Actor", text: str) -> list[Group]:
    """Return what the actor may see and the text names: exact ids first, then pages and actions, then objects."""
    results = [*pages(actor, text), *(result for provider in _providers() for result in provider(actor, text))]
    exact = [result for result in results if result.is_exact]
    groups: dict[str, Group] = {}
    for result in results:
        if not result.is_exact:
            groups.setdefault(result.kind, Group(result.kind)).results.append(result)
    return [Group(_("Found by ID"), exact), *groups.values()] if exact else list(groups.values())


def pages(actor: "Actor", text: str) -> list[Result]:
    """Return the pages and actions of the menus that hold every word of the text; without text all of them."""
    words = name_key(text).split()
    found: list[tuple[bool, Result]] = []
    for space in navigation.workspaces_for(actor):
        for kind, items in ((_("Pages"), space.items_for(actor)), (_("Actions"), space.actions_for(actor))):
            for item in items:
                known = name_key(f"{item.label} {space.label} {item.description}")
                if all(word in known for word in words):
                    in_label = bool(words) and words[0] in name_key(str(item.label))
                    found.append((not in_label, _page(item, space, kind)))
    return [result for _rank, result in sorted(found, key=lambda pair: pair[0])]


def _page(item: navigation.Item, space: navigation.Workspace, kind: str) -> Result:
    return Result(
        label=str(item.label),
        url=reverse(item.url_name),
        kind=kind,
        icon=item.icon or space.icon,
        description=" · ".join(str(text) for text in (space.label, item.description) if text),
    )


def as_uuid(text: str) -> UUID | None:
    """Return the UUID that was pasted, with or without braces and hyphens; ``None`` if the text is none."""
    if len(text) < SHORTEST_UUID:
        return None
    try:
        return UUID(text)
    except ValueError:
        return None


@cache
def _providers() -> tuple[Provider, ...]:
    return tuple(import_string(name) for name in settings.SEARCH_PROVIDERS)
