"""Events as entries of a timeline, for the detail page of whatever they speak of (quality row 36)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from portal.audit.models import AuditEvent, Outcome

TONES = {Outcome.SUCCEEDED: "info", Outcome.FAILED: "error", Outcome.PROGRESS: "neutral"}


@dataclass(frozen=True)
class Entry:
    """What components/timeline.html shows of one event."""

    title: str
    at: datetime
    tone: str
    actor: str
    text: str = ""


def entries(events: Iterable[AuditEvent], *, text_of: Callable[[AuditEvent], str] | None = None) -> list[Entry]:
    """Return the events as entries in the reader's language; ``text_of`` words what an event changed."""
    return [
        Entry(
            title=event_label(event.event_type),
            at=event.occurred_at,
            tone=TONES[Outcome(event.outcome)],
            actor=event.actor_name or _("The portal"),
            text=text_of(event) if text_of else "",
        )
        for event in events
    ]


def event_label(event_type: str) -> str:
    """Return the name of an event type in the reader's language; an event of code long gone keeps its own name."""
    label = _labels().get(event_type)
    return str(label) if label is not None else event_type


@cache
def _labels() -> dict[str, object]:
    """Every event type that any app knows, with its (lazily translated) name."""
    return {str(event): event.label for name in settings.EVENT_TYPES for event in import_string(name)}
