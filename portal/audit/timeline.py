"""Events as entries of a timeline, for the detail page of whatever they speak of (quality row 36).

A view passes ``timeline.entries(queries.timeline(actor, "user", user_id))`` to ``audit/_timeline.html``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from portal.audit import catalogue
from portal.audit.models import AuditEvent, Outcome
from portal.audit.presentation import performed_by_portal

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
            title=catalogue.label(event.event_type),
            at=event.occurred_at,
            tone=TONES[Outcome(event.outcome)],
            actor=event.actor_name or performed_by_portal(),
            text=text_of(event) if text_of else "",
        )
        for event in events
    ]
