"""When a notification is tried again, and what can be registered."""

import datetime
from collections.abc import Collection

from django.utils.translation import gettext as _

from portal.core import outgoing
from portal.core.errors import InvalidInput, Refusal

# Minutes after each attempt that failed: twelve attempts over three days (issue 5: at least 10 over 72 hours).
PAUSES = (0.5, 2, 10, 30, 60, 180, 360, 720, 1080, 1080, 1080)
GONE = 410  # the receiver wants to hear no more
MOST_EVENTS = 100


class WebhookMissing(Refusal):
    """The organization has registered no webhook."""

    code = "webhook-not-registered"
    http_status = 404

    def __init__(self) -> None:
        super().__init__(_("No webhook is registered."), next_step=_("Register one first."))


class WebhookExists(Refusal):
    """The organization has a webhook already."""

    code = "webhook-registered-already"

    def __init__(self) -> None:
        super().__init__(_("A webhook is registered already."), next_step=_("Change that one."))


class TestNotWanted(Refusal):
    """The webhook is disabled, or was not registered for tests."""

    code = "webhook-test-not-registered"

    def __init__(self) -> None:
        super().__init__(
            _("The webhook is not registered for the event test-created, or is disabled."),
            next_step=_("Change the registration so that it names this event."),
        )


class UnknownEvents(InvalidInput):
    """No event has this name."""

    code = "webhook-event-unknown"


def next_attempt_at(attempts: int, *, now: datetime.datetime) -> datetime.datetime | None:
    """Return when a notification is tried again after so many attempts; ``None`` after the last."""
    if attempts > len(PAUSES):
        return None
    return now + datetime.timedelta(minutes=PAUSES[attempts - 1])


def check_registration(*, url: str, event_types: Collection[str], known: Collection[str]) -> None:
    """Raises: outgoing.AddressRefused, UnknownEvents."""
    outgoing.check_address(url, field="webhookUrl")
    unknown = [name for name in event_types if name not in known]
    if unknown or not event_types or len(event_types) > MOST_EVENTS:
        raise UnknownEvents(
            _("Choose among the events that exist."),
            field="webhookEvents",
            next_step=_("The list of events names them."),
        )
