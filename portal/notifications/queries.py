"""What the bell, the Action Center and the list of undelivered mails show."""

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.http import Http404
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from portal.accounts.actor import Actor
from portal.accounts.enums import Role
from portal.accounts.permissions import Permission
from portal.core import navigation
from portal.core.pages import Page, keyset_page
from portal.core.statements import Statement
from portal.notifications import rules
from portal.notifications.enums import ACTION_KINDS, ActionKind
from portal.notifications.models import (
    ActionItem,
    ActionItemQuerySet,
    MailPreference,
    OutgoingEmail,
    OutgoingEmailQuerySet,
)

COUNTER_LIMIT = 100
PAGE_SIZE = 50
PANEL_ACTIONS, PANEL_NEWS = 5, 3
SOON_DAYS = 7
NEWEST = "-created"
ORDERS = {
    "created": ("created_at", "pk"),
    "-created": ("-created_at", "-pk"),
    "due": ("due_key", "pk"),
    "-due": ("-due_key", "-pk"),
}
NEVER = datetime.datetime(9999, 1, 1, tzinfo=datetime.UTC)
TONES = {
    ActionKind.MANDATORY: ("warning", "error"),
    ActionKind.RECOMMENDED: ("info", "info"),
    ActionKind.TRANSACTIONAL: ("mail", "neutral"),
    ActionKind.PROMOTIONAL: ("star", "neutral"),
}


@dataclass(frozen=True)
class ItemRow:
    """One item as a list, the bell or its own page shows it."""

    id: UUID
    title: str
    line: str
    kind: ActionKind
    icon: str
    tone: str
    workspace: str
    url: str
    created_at: datetime.datetime
    due_at: datetime.datetime | None
    due_text: str
    due_is_near: bool
    completed_at: datetime.datetime | None
    is_action: bool
    is_read: bool
    is_archived: bool
    is_locked: bool

    @property
    def kind_label(self) -> str:
        return str(self.kind.label)


def open_action_count(actor: Actor) -> int:
    """Count the actor's open actions, and stop at 100: the bell shows "99+" (one query)."""
    return len(_counted(actor.roles, "actions", COUNTER_LIMIT).rows(actor.user_id, actor.organization_id))


def notification_count(actor: Actor) -> int:
    """Count the actor's notifications that are not archived, and stop at 100 (one query)."""
    return len(_counted(actor.roles, "notifications", COUNTER_LIMIT).rows(actor.user_id, actor.organization_id))


@lru_cache(maxsize=256)
def _counted(roles: frozenset[Role], scope: str, limit: int) -> Statement:
    """Return the query for whoever holds these roles: the bell is on every page."""

    def build(user_id: UUID, organization_id: UUID) -> QuerySet[ActionItem, tuple[int]]:
        items = ActionItem.objects.addressed_to(user_id, organization_id=organization_id, roles=roles)
        items = items.open_actions() if scope == "actions" else items.notifications()
        return items.archived_by(user_id, archived=False).order_by().values_list(Value(1))[:limit]

    return Statement(build)


def _visible(actor: Actor) -> ActionItemQuerySet:
    return ActionItem.objects.visible_to(actor)


def item_page(
    actor: Actor, scope: str, *, filters: Mapping[str, str], cursor: str = "", size: int = PAGE_SIZE
) -> Page[ActionItem]:
    """Return one page of a list of the Action Center (one query, two with the marks counted in).

    ``scope``: actions, notifications, completed or archived. ``filters``: q, kind, workspace, sort, each may be absent.
    """
    items = _visible(actor)
    order = ORDERS[filters.get("sort") or NEWEST]
    if scope == "completed":
        items, order = items.filter(completed_at__isnull=False), ("-completed_at", "-pk")
    elif scope == "archived":
        items = items.archived_by(actor.user_id)
    else:
        items = items.open_actions() if scope == "actions" else items.notifications()
        items = items.archived_by(actor.user_id, archived=False)
    items = _filtered(items, filters).with_marks_of(actor.user_id)
    if "due_key" in order[0]:
        items = items.annotate(due_key=Coalesce("due_at", NEVER))
    return keyset_page(items, order=order, cursor=cursor, size=size)


def _filtered(items: ActionItemQuerySet, filters: Mapping[str, str]) -> ActionItemQuerySet:
    if kind := filters.get("kind"):
        items = items.filter(kind=kind)
    if workspace := filters.get("workspace"):
        items = items.filter(workspace=workspace)
    if words := filters.get("q"):
        language = get_language()
        items = items.filter(
            Q(**{f"title__{language}__icontains": words}) | Q(**{f"body__{language}__icontains": words})
        )
    return items


def panel_rows(actor: Actor, *, now: datetime.datetime) -> list[ItemRow]:
    """Return what the bell shows: the most urgent actions, then the latest unread news (two queries)."""
    items = _visible(actor).archived_by(actor.user_id, archived=False).with_marks_of(actor.user_id)
    actions = items.open_actions().order_by(F("due_at").asc(nulls_last=True), "-created_at", "pk")[:PANEL_ACTIONS]
    news = items.notifications().unread_by(actor.user_id).order_by("-created_at", "-pk")[:PANEL_NEWS]
    return rows([*actions, *news], now=now)


def item_detail(actor: Actor, item_id: UUID) -> ActionItem:
    """Return one item with the actor's marks. Raises: Http404, for another's item as well."""
    item = _visible(actor).with_marks_of(actor.user_id).filter(pk=item_id).first()
    if item is None:
        raise Http404
    return item


def rows(items: Iterable[ActionItem], *, now: datetime.datetime) -> list[ItemRow]:
    """Return items, loaded ``with_marks_of`` somebody, as rows in the language now spoken."""
    labels = workspace_labels()
    return [_row(item, labels, now) for item in items]


def _row(item: ActionItem, labels: Mapping[str, str], now: datetime.datetime) -> ItemRow:
    kind = ActionKind(item.kind)
    days = None if item.due_at is None else (item.due_at.date() - now.date()).days
    icon, tone = TONES[kind]
    return ItemRow(
        id=item.pk,
        title=item.title_text,
        line=item.body_text,
        kind=kind,
        icon=icon,
        tone=tone,
        workspace=labels.get(item.workspace, item.workspace),
        url=item.url,
        created_at=item.created_at,
        due_at=item.due_at,
        due_text=_days_left(days) if days is not None and item.completed_at is None else "",
        due_is_near=days is not None and days <= SOON_DAYS and item.completed_at is None,
        completed_at=item.completed_at,
        is_action=kind in ACTION_KINDS,
        is_read=getattr(item, "is_read", False),
        is_archived=getattr(item, "is_archived", False),
        is_locked=rules.is_locked(item),
    )


def _days_left(days: int) -> str:
    if days == 0:
        return _("due today")
    if days < 0:
        return ngettext("%(n)s day overdue", "%(n)s days overdue", -days) % {"n": -days}
    return ngettext("%(n)s day left", "%(n)s days left", days) % {"n": days}


def workspace_labels() -> dict[str, str]:
    """Return the name of each workspace by its key, in the language now spoken."""
    return {space.key: str(space.label) for space in navigation.all_workspaces()}


def unwanted_mails(user_id: UUID) -> set[tuple[str, str]]:
    """Return the (workspace, kind) pairs a person switched off."""
    return set(MailPreference.objects.filter(user_id=user_id, wants_mail=False).values_list("workspace", "kind"))


def topics_asked_for(user_id: UUID) -> set[str]:
    """Return the keys of the topics whose mails a person asked for."""
    keys = [topic.key for space in navigation.all_workspaces() for topic in space.mail_topics]
    rows = MailPreference.objects.filter(user_id=user_id, workspace__in=keys, wants_mail=True)
    return set(rows.values_list("workspace", flat=True))


def readers_of(topic: str) -> list[UUID]:
    """Return the ids of the people who asked for the mails of a topic, whatever they may see today."""
    rows = MailPreference.objects.filter(workspace=topic, wants_mail=True, user__is_active=True)
    return list(rows.values_list("user_id", flat=True))


def mails_looked_after(actor: Actor) -> OutgoingEmailQuerySet:
    """Return the mails that are the actor's to mend: its organization's; for the operator everybody's."""
    emails = OutgoingEmail.objects.defer("text", "html", "sealed_secrets")
    return emails if actor.may(Permission.PROGRAMME_OPERATE) else emails.filter(organization_id=actor.organization_id)


def undelivered_page(actor: Actor, *, status: str = "", cursor: str = "", size: int = PAGE_SIZE) -> Page[OutgoingEmail]:
    """Return one page of the mails that failed or may have failed and that nobody has settled, newest first."""
    emails = mails_looked_after(actor).undelivered()
    if status:
        emails = emails.filter(status=status)
    return keyset_page(emails, order=("-created_at", "-pk"), cursor=cursor, size=size, with_total=True)
