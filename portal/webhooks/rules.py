"""When a notification is tried again, and what can be registered."""

import datetime
import math
from collections.abc import Collection, Sequence

from django.utils.translation import gettext as _

from portal.api.errors import TooManyRequests
from portal.core import outgoing
from portal.core.errors import InvalidInput, Refusal
from portal.webhooks.enums import WebhookEvent, WebhookState
from portal.webhooks.models import WebhookRegistration

# Minutes after each attempt that failed: twelve attempts over three days (issue 5: at least 10 over 72 hours).
PAUSES = (0.5, 2, 10, 30, 60, 180, 360, 720, 1080, 1080, 1080)
GONE = 410  # the receiver wants to hear no more
MOST_EVENTS = 300
MOST_WEBHOOKS = 10  # of an organization; through the API, as in the original, it makes one
MOST_REPLAYED = 10_000  # at once
TESTS_PER_MINUTE = 2  # of an organization (reference 7.1)
MINUTE = datetime.timedelta(minutes=1)
FAILING_TOLD_AFTER = datetime.timedelta(days=1)


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


class TooManyWebhooks(Refusal):
    """The organization has as many webhooks as it may have."""

    code = "webhooks-too-many"

    def __init__(self) -> None:
        super().__init__(
            _("Your organization has %(count)d webhooks, which is the most.") % {"count": MOST_WEBHOOKS},
            next_step=_("Delete one that is not needed, or change it."),
        )


class TestNotWanted(Refusal):
    """The webhook is disabled, or was not registered for tests."""

    code = "webhook-test-not-registered"

    def __init__(self) -> None:
        super().__init__(
            _("The webhook is not registered for the event test-created, or is disabled or paused."),
            next_step=_("Change the registration so that it names this event."),
        )


class TooManyTests(TooManyRequests):
    """The organization asked for more test events than it may in a minute."""

    code = "webhook-tests-too-many"


class WebhookDisabled(Refusal):
    """Nothing is sent to a webhook that is disabled."""

    code = "webhook-disabled"

    def __init__(self) -> None:
        super().__init__(
            _("The webhook is disabled: its receiver answered that it wants no more."),
            next_step=_("Resume it first, once the receiver works again."),
        )


class WebhookNotPaused(Refusal):
    """The webhook works already."""

    code = "webhook-not-paused"

    def __init__(self) -> None:
        super().__init__(_("The webhook is neither paused nor disabled."))


class WebhookPausedAlready(Refusal):
    """The webhook is paused or disabled already."""

    code = "webhook-paused-already"

    def __init__(self) -> None:
        super().__init__(_("The webhook is paused or disabled already."))


class NothingToReplay(Refusal):
    """Nothing that has ended was chosen."""

    code = "webhook-nothing-to-replay"

    def __init__(self) -> None:
        super().__init__(
            _("There is nothing to send again: what still waits is sent anyway."),
            next_step=_("Choose deliveries that have ended."),
        )


class TooMuchToReplay(Refusal):
    """More was chosen than can be sent again at once."""

    code = "webhook-replay-too-large"

    def __init__(self) -> None:
        super().__init__(
            _("More than %(count)d deliveries were chosen.") % {"count": MOST_REPLAYED},
            next_step=_("Choose a shorter time, or one event."),
        )


class UnknownEvents(InvalidInput):
    """No event has this name."""

    code = "webhook-event-unknown"


def next_attempt_at(attempts: int, *, now: datetime.datetime) -> datetime.datetime | None:
    """Return when a notification is tried again after so many attempts; ``None`` after the last."""
    if attempts > len(PAUSES):
        return None
    return now + datetime.timedelta(minutes=PAUSES[attempts - 1])


def check_registration(*, url: str, event_types: Collection[str], known: Collection[str], is_sandbox: bool) -> None:
    """Raises: outgoing.AddressRefused, UnknownEvents."""
    outgoing.check_address(url, field="webhookUrl", is_sandbox=is_sandbox)
    unknown = [name for name in event_types if name not in known]
    if unknown or not event_types or len(event_types) > MOST_EVENTS:
        raise UnknownEvents(
            _("Choose among the events that exist."),
            field="webhookEvents",
            next_step=_("The list of events names them."),
        )


def check_count(count: int, *, is_only_one: bool) -> None:
    """Raises: WebhookExists, TooManyWebhooks."""
    if is_only_one and count:
        raise WebhookExists
    if count >= MOST_WEBHOOKS:
        raise TooManyWebhooks


def check_can_test(registration: WebhookRegistration) -> None:
    """Raises: TestNotWanted."""
    is_called = registration.is_active and registration.paused_at is None
    if not is_called or WebhookEvent.TEST not in registration.event_types:
        raise TestNotWanted


def check_test_limit(*, last: Sequence[datetime.datetime], now: datetime.datetime) -> None:
    """Two tests a minute, as in the original; ``last``: when the newest were. Raises: TooManyTests."""
    recent = sorted(moment for moment in last if moment > now - MINUTE)
    if len(recent) >= TESTS_PER_MINUTE:
        free_at = recent[-TESTS_PER_MINUTE] + MINUTE
        raise TooManyTests(max(math.ceil((free_at - now).total_seconds()), 1))


def check_can_pause(registration: WebhookRegistration) -> None:
    """Raises: WebhookPausedAlready."""
    if registration.state in (WebhookState.PAUSED, WebhookState.DISABLED):
        raise WebhookPausedAlready


def check_can_resume(registration: WebhookRegistration) -> None:
    """Raises: WebhookNotPaused."""
    if registration.state not in (WebhookState.PAUSED, WebhookState.DISABLED):
        raise WebhookNotPaused


def check_can_replay(registration: WebhookRegistration) -> None:
    """Raises: WebhookDisabled."""
    if not registration.is_active:
        raise WebhookDisabled


def check_amount_to_replay(count: int) -> None:
    """Raises: NothingToReplay, TooMuchToReplay."""
    if not count:
        raise NothingToReplay
    if count > MOST_REPLAYED:
        raise TooMuchToReplay


def is_failing_to_tell(registration: WebhookRegistration, *, now: datetime.datetime) -> bool:
    """Say whether nothing has arrived for a day and nobody was told."""
    return (
        registration.state == WebhookState.FAILING
        and registration.removed_at is None
        and registration.failing_told_at is None
        and registration.failing_since is not None
        and registration.failing_since <= now - FAILING_TOLD_AFTER
    )
