"""What stands in the menus: workspaces, their pages, and who may open them (P1, P3).

Each app names its own in a ``navigation`` module listed in the setting NAVIGATION; ``WORKSPACES`` there is read once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from portal.accounts.actor import Actor

Text = str | Promise


@dataclass(frozen=True)
class Item:
    """One page in the left navigation. ``permission`` empty: everyone signed in may open it.

    ``kinds`` names the kinds of organization that the page is for; empty: all.
    """

    label: Text
    url_name: str
    permission: str = ""
    description: Text = ""
    group: Text = ""
    icon: str = ""  # of an action; pages show their workspace's
    kinds: frozenset[str] = frozenset()

    def is_for(self, actor: "Actor") -> bool:
        has_right = not self.permission or actor.may(self.permission)
        return has_right and (not self.kinds or actor.organization_kind in self.kinds)


@dataclass(frozen=True)
class MailTopic:
    """News that are mailed to those alone who asked for them among their preferences."""

    key: str
    label: Text
    permission: str = ""


@dataclass(frozen=True)
class Workspace:
    """A group of pages with a card on Home. Shown to whoever may open at least one of its pages."""

    key: str
    label: Text
    icon: str
    description: Text
    items: Sequence[Item]
    actions: Sequence[Item] = ()  # things to do that stand in no menu: found by search, offered on Home
    mail_topics: Sequence[MailTopic] = ()

    def items_for(self, actor: "Actor") -> list[Item]:
        return [item for item in self.items if item.is_for(actor)]

    def actions_for(self, actor: "Actor") -> list[Item]:
        return [item for item in self.actions if item.is_for(actor)]


@dataclass(frozen=True)
class ObjectNavigation:
    """The left navigation of one object, such as a customer, which stands in for its workspace's (reference 1.5).

    ``switch_url`` answers a search for other objects of the kind (``q`` in, a list of links out); without JavaScript
    the search leads to ``list_url``.
    """

    title: str
    key: str  # the object's id
    items: Sequence[tuple[str, str]]  # label, and address with "{key}" in the place of the id
    list_url: str = ""
    switch_url: str = ""
    switch_label: Text = ""

    def selected(self, path: str) -> str:
        """Return the address of the item that the page belongs to: the longest one it begins with."""
        begun = (url for _label, url in self.items if path.startswith(url.replace("{key}", self.key)))
        return max(begun, key=len, default="")

    @property
    def has_switch(self) -> bool:
        return bool(self.switch_url)

    @property
    def row(self) -> dict[str, str]:
        """Return what differs from object to object, for ``kept_rows``: the rest is drawn once."""
        return {
            "key": self.key,
            "title": self.title,
            "list_url": self.list_url,
            "switch_url": self.switch_url,
            "switch_label": str(self.switch_label),
        }


def show_object(request: HttpRequest, shown: ObjectNavigation) -> None:
    """Let the page stand in the navigation of one object; for views, before they render."""
    request.object_navigation = shown  # type: ignore[attr-defined]


@cache
def all_workspaces() -> tuple[Workspace, ...]:
    """Return every workspace of every app, in the order of the setting NAVIGATION."""
    return tuple(space for name in settings.NAVIGATION for space in import_string(f"{name}.WORKSPACES"))


def workspaces_for(actor: "Actor") -> list[Workspace]:
    """Return the workspaces with at least one page that the actor may open."""
    return [space for space in all_workspaces() if space.items_for(actor)]


def mail_topics_for(actor: "Actor") -> list[MailTopic]:
    """Return the news that the actor may ask for by mail."""
    topics = (topic for space in workspaces_for(actor) for topic in space.mail_topics)
    return [topic for topic in topics if not topic.permission or actor.may(topic.permission)]


WORKSPACES = (
    Workspace(
        key="action-center",
        label=_("Action Center"),
        icon="bell",
        description=_("Work that waits for you, and news about what you follow."),
        items=(
            Item(_("Overview"), "action_center:overview", description=_("Actions and notifications.")),
            Item(_("Completed items"), "action_center:completed", description=_("Actions that are done.")),
            Item(_("Archived items"), "action_center:archived", description=_("What you put away.")),
            Item(_("My preferences"), "action_center:preferences", description=_("Which mails you get, and how.")),
            Item(
                _("Undelivered mails"),
                "action_center:mails",
                "mail.resend",
                description=_("Mails that did not arrive, or may not have."),
            ),
        ),
    ),
)
