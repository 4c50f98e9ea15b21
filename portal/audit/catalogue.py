"""The names of all events, in the reader's language: what the apps list in the setting EVENT_TYPES."""

from functools import cache

from django.conf import settings
from django.utils import translation
from django.utils.module_loading import import_string

from portal.core.fields import name_key


def label(event_type: str) -> str:
    """Return the name of an event type; an event of code long gone keeps a readable form of its own name."""
    known = _labels().get(event_type)
    return str(known) if known is not None else event_type.replace("-", " ").capitalize()


def is_known(event_type: str) -> bool:
    """Say whether some app lists this event type."""
    return event_type in _labels()


def choices() -> list[tuple[str, str]]:
    """Return every event type with its name, sorted by name in the reader's language."""
    return _choices(translation.get_language() or settings.LANGUAGE_CODE)


@cache
def _choices(language: str) -> list[tuple[str, str]]:
    with translation.override(language):
        named = [(event_type, str(name)) for event_type, name in _labels().items()]
    return sorted(named, key=lambda choice: name_key(choice[1]))


@cache
def _labels() -> dict[str, object]:
    """Return the lazily translated name of every event type that any app knows."""
    return {event.value: event.label for path in settings.EVENT_TYPES for event in import_string(path)}
