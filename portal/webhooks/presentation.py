"""How webhooks and their deliveries read on pages and in files: states, results, headers and bodies."""

import datetime
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.audit import catalogue
from portal.webhooks import rules
from portal.webhooks.enums import AttemptResult, WebhookState
from portal.webhooks.models import DeliveryAttempt, DeliveryStatus, WebhookDelivery, WebhookRegistration

STATE_TONES = {
    WebhookState.ACTIVE: "success",
    WebhookState.FAILING: "error",
    WebhookState.PAUSED: "neutral",
    WebhookState.DISABLED: "warning",
}
DELIVERY_TONES = {DeliveryStatus.WAITING: "info", DeliveryStatus.DELIVERED: "success", DeliveryStatus.FAILED: "error"}
RESULT_TONES = {
    AttemptResult.DELIVERED: "success",
    AttemptResult.REFUSED: "warning",
    AttemptResult.NOT_REACHED: "error",
}
RUNNING = datetime.timedelta(minutes=2)  # so long a page looks by itself whether a delivery has arrived


def state(registration: WebhookRegistration) -> dict[str, str]:
    """Return tone and words of how a webhook stands."""
    now = registration.state
    return {"tone": STATE_TONES[now], "label": str(now.label)}


def delivery_row(delivery: WebhookDelivery) -> dict[str, Any]:
    """Return what lists show of a delivery; it comes with its event."""
    event = delivery.event
    return {
        "url": reverse("webhooks:delivery", args=[delivery.pk]),
        "event_type": delivery.event_type,
        "label": catalogue.label(delivery.event_type),
        "subject": event.subject_name or event.subject_id,
        "customer": event.customer_name,
        "tone": DELIVERY_TONES[DeliveryStatus(delivery.status)],
        "status": delivery.get_status_display(),
        "attempts": delivery.attempts,
        "at": delivery.created_at,
        "next_at": delivery.next_attempt_at,
        "is_replay": delivery.replay_of_id is not None,
    }


def attempt_row(attempt: DeliveryAttempt) -> dict[str, Any]:
    """Return everything about one attempt, in words."""
    return {
        "number": attempt.number,
        "at": attempt.started_at,
        "url": attempt.url,
        "milliseconds": attempt.milliseconds,
        "tone": RESULT_TONES[AttemptResult(attempt.result)],
        "result": result(attempt),
        "request_headers": headers(attempt.request_headers),
        "answer_headers": headers(attempt.answer_headers),
        "answer": attempt.answer,
    }


def result(attempt: DeliveryAttempt) -> str:
    """Say what came back: the status, or why there was none (portal.core.outgoing)."""
    if attempt.http_status:
        return str(attempt.http_status)
    words = {
        "address-not-allowed": _("The address is private or not https: nothing was sent"),
        "name-unknown": _("The name of the server is unknown"),
        "not-connected": _("The server took no connection"),
        "timed-out": _("No answer in time"),
        "not-http": _("The answer was not HTTP"),
        "wrong-certificate": _("The certificate is not valid for this name"),
    }
    return words.get(attempt.error, attempt.error)


def headers(values: dict[str, str]) -> str:
    """Return headers as they go over the wire."""
    return "\n".join(f"{name}: {value}" for name, value in values.items())


def body(delivery: WebhookDelivery) -> str:
    """Return the body for reading; the bytes that were signed have no line breaks."""
    return json.dumps(json.loads(bytes(delivery.body)), indent=2, ensure_ascii=False)


def is_running(delivery: WebhookDelivery) -> bool:
    """Say whether a page should soon look again: the delivery waits, and its time has come or is about to."""
    due = delivery.next_attempt_at
    return delivery.status == DeliveryStatus.WAITING and due is not None and due <= timezone.now() + RUNNING


def attempts_text(count: int) -> str:
    """Say how many attempts there were, of how many."""
    return _("%(count)d of %(most)d") % {"count": count, "most": len(rules.PAUSES) + 1}


def export_header() -> Sequence[str]:
    """Return the titles of the file's columns, in the reader's language."""
    return (
        _("Delivery ID"),
        _("Event ID"),
        _("Event type"),
        _("Subject ID"),
        _("Customer ID"),
        _("State"),
        _("Attempts"),
        _("Since"),
        _("Next attempt"),
        _("Ended"),
        _("Sent again"),
    )


def export_rows(deliveries: Iterable[WebhookDelivery]) -> Iterator[Sequence[object]]:
    """Yield the rows of the file."""
    for one in deliveries:
        yield (
            one.pk,
            one.event.public_id,
            one.event_type,
            one.event.subject_id,
            one.event.customer_id,
            one.status,
            one.attempts,
            one.created_at,
            one.next_attempt_at,
            one.ended_at,
            _("Yes") if one.replay_of_id else _("No"),
        )
