"""How an event reads on a page and in a file: rows, before and after, labels and values."""

import datetime
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.audit import catalogue
from portal.audit.field_names import FIELD_NAMES, VALUE_NAMES
from portal.audit.models import AuditEvent, AuditEventParty, AuditSeal, Outcome
from portal.core.dates import date_format

TONES = {Outcome.SUCCEEDED: "success", Outcome.FAILED: "error", Outcome.PROGRESS: "info"}


@dataclass(frozen=True)
class Change:
    """One field before and after."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Detail:
    """Everything about one event that the actor's organisation may read."""

    facts: list[dict[str, str]]
    changes: list[Change]
    details: list[dict[str, str]]
    own_details: list[dict[str, str]]
    customer_id: UUID | None
    request_id: str
    seal: AuditSeal | None
    has_webhooks: bool  # the reader may see where the event was sent (X4)


class RowReader:
    """Turn parties into rows of the list for one actor; what the rows share is made once."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.statuses = {outcome.value: status(outcome) for outcome in Outcome}
        self.portal = performed_by_portal()
        self.log_url = reverse("audit:log")
        self.toggle_label = _("Details of %(action)s, %(moment)s")
        self.actions: dict[str, str] = {}
        self.days: dict[datetime.date, str] = {}

    def row(self, party: AuditEventParty) -> dict[str, Any]:
        """Return the values that audit/_rows.html names."""
        event = party.event
        action, at = self._action(event.event_type), self._moment(event.occurred_at)
        return {
            "public_id": event.public_id,
            "url": f"{self.log_url}{event.public_id}/",
            "iso": event.occurred_at.isoformat(),
            "moment": at,
            "customer_name": event.customer_name,
            "action": action,
            "performed_by": event.actor_name or self.portal,
            "performed_for": own_email(event, self.actor) or event.actor_organization_name,
            "outcome": self.statuses[event.outcome],
            "toggle_label": self.toggle_label % {"action": action, "moment": at},
        }

    def _action(self, event_type: str) -> str:
        if event_type not in self.actions:
            self.actions[event_type] = catalogue.label(event_type)
        return self.actions[event_type]

    def _moment(self, at: datetime.datetime) -> str:
        """Return a moment to the second, its day in the reader's format; the log speaks UTC."""
        at = at.astimezone(datetime.UTC)
        if at.date() not in self.days:
            self.days[at.date()] = date_format(at, "SHORT_DATE_FORMAT")
        return f"{self.days[at.date()]} {at:%H:%M:%S}"


def detail(party: AuditEventParty, actor: Actor) -> Detail:
    """Return one event in full; ``party`` comes with its event and seal."""
    event = party.event
    subject = " · ".join(filter(None, (event.subject_name, event.subject_id)))
    facts_ = [
        {"label": _("Event type"), "value": event.event_type},
        {"label": pgettext("audit", "Subject"), "value": subject, "hint": field_label(event.subject_type)},
        {"label": _("Organization of the person"), "value": event.actor_organization_name},
        {"label": _("E-mail address of the person"), "value": own_email(event, actor)},
    ]
    return Detail(
        facts=[fact for fact in facts_ if fact["value"]],
        changes=changes(event.before, event.after),
        details=facts(event.details),
        own_details=facts(party.details),
        customer_id=event.customer_id,
        request_id=event.request_id,
        seal=getattr(event, "seal", None),
        has_webhooks=actor.may(Permission.WEBHOOK_MANAGE),
    )


def performed_by_portal() -> str:
    """Return who acted where nobody did."""
    return str(settings.PRODUCT_NAME)


def own_email(event: AuditEvent, actor: Actor) -> str:
    """Return the address of whoever acted, but only to colleagues: nobody else may learn it."""
    return event.actor_email if event.actor_organization_id == actor.organization_id else ""


def action_options(chosen: str) -> SafeString:
    """Draw the drop-down of actions, ``chosen`` selected."""
    known = chosen if catalogue.is_known(chosen) else ""
    return _action_options(known, translation.get_language() or settings.LANGUAGE_CODE)


@lru_cache(maxsize=256)
def _action_options(chosen: str, language: str) -> SafeString:
    """Keep what was drawn: dozens of options, the same for everybody, would be a tenth of the page's cost."""
    with translation.override(language):
        return options([("", _("All actions")), *catalogue.choices()], chosen)


def outcome_options(chosen: str) -> SafeString:
    """Draw the drop-down of outcomes, ``chosen`` selected."""
    return options([("", _("All outcomes")), *Outcome.choices], chosen)


def options(choices: Iterable[tuple[str, Any]], chosen: str) -> SafeString:
    """Draw the options of a drop-down."""
    drawn = ((value, mark_safe(" selected") if value == chosen else "", label) for value, label in choices)
    return format_html_join("", '<option value="{}"{}>{}</option>', drawn)


def status(outcome: Outcome) -> SafeString:
    """Draw an outcome with icon and text."""
    return render_to_string("components/status.html", {"tone": TONES[outcome], "label": outcome.label})


def changes(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Change]:
    """Return every field of before and after side by side, those that differ first."""
    before, after = before or {}, after or {}
    names = sorted({*before, *after}, key=lambda name: (before.get(name) == after.get(name), name))
    return [Change(field_label(name), text(before.get(name), name), text(after.get(name), name)) for name in names]


def facts(values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return labels and values for components/key_values.html."""
    return [{"label": field_label(name), "value": text(value, name)} for name, value in sorted(values.items())]


def field_label(name: str) -> str:
    """Return a field's name in the reader's language; one of code long gone keeps a readable form of its own."""
    known = FIELD_NAMES.get(name)
    return str(known) if known is not None else name.replace("_", " ").strip().capitalize()


def text(value: Any, name: str = "") -> str:
    """Return a JSON value as people read it; ``name`` is that of its field, for values that are codes."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list) and not any(isinstance(item, list | dict) for item in value):
        return ", ".join(text(item, name) for item in value) or "–"
    if isinstance(value, list | dict):
        return as_json(value)
    try:
        return VALUE_NAMES.get(name, str)(str(value))
    except ValueError:
        return str(value)


def as_json(value: Any) -> str:
    """Return a JSON value as one line of text; nothing for nothing."""
    return "" if value is None or value == {} else json.dumps(value, ensure_ascii=False, sort_keys=True)
