"""The events that a webhook can be registered for, with what each means to a partner's program."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.audit import catalogue
from portal.webhooks.enums import ONLY_THE_ORIGINAL_S, WebhookEvent

# The events that programs written for the original know, in the words of those who act on them (reference 7.5, 7.6).
EXPLAINED: dict[str, Promise] = {
    "test-created": gettext_lazy("You asked for a test; needed for the command that sends one."),
    "create-transfer": gettext_lazy("A transfer was requested: the source partner has to answer it."),
    "update-transfer": gettext_lazy("The source partner accepted a transfer; its items begin to move."),
    "complete-transfer": gettext_lazy("All items of a transfer have moved."),
    "fail-transfer": gettext_lazy("A transfer has ended, and some or all of its items did not move."),
    "reseller-relationship-accepted-by-customer": gettext_lazy("A customer accepted your reseller relationship."),
    "indirect-reseller-relationship-accepted-by-customer": gettext_lazy(
        "A customer accepted the relationship with you as its indirect reseller."
    ),
    "invoice-ready": gettext_lazy("The invoice of a month is written."),
}

OWN = frozenset(WebhookEvent) - EXPLAINED.keys()  # no webhook tells of itself


@dataclass(frozen=True)
class KnownEvent:
    """One event as the form offers it."""

    name: str
    label: str
    explanation: str = ""


@dataclass(frozen=True)
class EventGroup:
    """Events that stand together."""

    label: str
    events: list[KnownEvent]
    chosen: int  # how many of them
    is_open: bool


def event_names() -> list[str]:
    """Return every event name in order, also those of the original that never happen here."""
    return sorted({*(name for name, _label in catalogue.choices()), *ONLY_THE_ORIGINAL_S})


def groups(chosen: Collection[str]) -> list[EventGroup]:
    """Return all events: first the main ones, then the rest by area, last those that never come."""
    labels = dict(catalogue.choices())
    main = [KnownEvent(name, labels[name], str(text)) for name, text in EXPLAINED.items() if name in labels]
    found = [(_("Main events"), main)]
    for label, paths in _areas().items():
        names = [event.value for path in paths for event in import_string(path) if event.value not in EXPLAINED]
        rest = [KnownEvent(name, labels[name]) for name in names]
        found.append((label, sorted(rest, key=lambda event: event.label.casefold())))
    never = [name for name in event_names() if name not in labels or name in OWN]
    found.append((_("Accepted from other programs, and never sent here"), [_plain(name) for name in never]))
    return [_group(label, events, chosen, is_main=events is main) for label, events in found if events]


def _plain(name: str) -> KnownEvent:
    return KnownEvent(name, catalogue.label(name))


def _group(label: str, events: list[KnownEvent], chosen: Collection[str], *, is_main: bool) -> EventGroup:
    count = sum(event.name in chosen for event in events)
    return EventGroup(label, events, chosen=count, is_open=is_main or count > 0)


def _areas() -> dict[str, list[str]]:
    """Return the import paths of events by area; apps that say no name go by the one of their module."""
    names = {
        "transfers": _("Transfers"),
        "customers": _("Customers"),
        "marketplace": _("Marketplace"),
        "azure": _("Azure products"),
        "billing": _("Billing"),
        "bundles": _("Bundles"),
        "support": _("Support"),
        "accounts": _("People and company"),
        "directory": _("Groups"),
        "notifications": _("E-mail"),
        "api": _("API access"),
        "sandbox": _("Sandbox"),
    }
    apps = defaultdict(list)
    for path in settings.EVENT_TYPES:
        if import_string(path) is not WebhookEvent:
            apps[path.split(".")[-3]].append(path)
    order = [*names, *sorted(apps.keys() - names.keys())]
    return {names.get(app, app.capitalize()): apps[app] for app in order if app in apps}
