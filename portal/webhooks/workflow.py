"""Every change of state of webhooks: register, change, take a turn at delivering, note what came back (T9, P6)."""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from portal.accounts.actor import Actor
from portal.accounts.models import Organization
from portal.accounts.permissions import Permission
from portal.core import sealing
from portal.core.outgoing import Outcome
from portal.webhooks import deliveries, rules, signing
from portal.webhooks.announcements import announce
from portal.webhooks.enums import AttemptResult, WebhookEvent
from portal.webhooks.models import DeliveryAttempt, DeliveryStatus, WebhookDelivery, WebhookRegistration

ANSWER_LENGTH = 1000


@dataclass(frozen=True)
class Registered:
    """A new registration with its secret, which is shown this once."""

    registration: WebhookRegistration
    secret: str


@transaction.atomic
def register(
    *, url: str, event_types: Sequence[str], known: Collection[str], actor: Actor, now: datetime.datetime
) -> Registered:
    """Register the webhook of the actor's organization.

    Raises: PermissionDenied, rules.WebhookExists, rules.UnknownEvents, outgoing.AddressRefused.
    """
    actor.require(Permission.WEBHOOK_MANAGE)
    Organization.objects.locked(actor.organization_id)  # of two at once, one finds the other's
    if WebhookRegistration.objects.filter(organization_id=actor.organization_id).exists():
        raise rules.WebhookExists
    rules.check_registration(url=url, event_types=event_types, known=known)
    secret = signing.new_secret()
    registration = WebhookRegistration.objects.create(
        organization_id=actor.organization_id,
        url=url,
        event_types=list(dict.fromkeys(event_types)),
        created_at=now,
        modified_at=now,
        sealed_secret=sealing.seal(secret.encode()),
    )
    announce(WebhookEvent.REGISTERED, registration, actor=actor, now=now, after={"events": registration.event_types})
    return Registered(registration, secret)


@transaction.atomic
def change(
    *, url: str, event_types: Sequence[str], known: Collection[str], actor: Actor, now: datetime.datetime
) -> WebhookRegistration:
    """Change address and events of the organization's webhook; one that was disabled works again.

    Raises: PermissionDenied, rules.WebhookMissing, rules.UnknownEvents, outgoing.AddressRefused.
    """
    actor.require(Permission.WEBHOOK_MANAGE)
    own = WebhookRegistration.objects.filter(organization_id=actor.organization_id)
    registration = own.select_for_update(of=("self",), no_key=True).order_by("created_at").first()
    if registration is None:
        raise rules.WebhookMissing
    rules.check_registration(url=url, event_types=event_types, known=known)
    before = {"address": registration.url, "events": registration.event_types}
    registration.url, registration.event_types = url, list(dict.fromkeys(event_types))
    registration.is_active, registration.modified_at = True, now
    registration.save(update_fields=["url", "event_types", "is_active", "modified_at"])
    after = {"address": registration.url, "events": registration.event_types}
    announce(WebhookEvent.CHANGED, registration, actor=actor, now=now, before=before, after=after)
    return registration


@transaction.atomic
def send_test(*, actor: Actor, now: datetime.datetime) -> UUID:
    """Send a test event to the organization's webhook; return the id by which its outcome is read.

    Raises: PermissionDenied, rules.WebhookMissing, rules.TestNotWanted.
    """
    actor.require(Permission.WEBHOOK_MANAGE)
    own = WebhookRegistration.objects.filter(organization_id=actor.organization_id)
    registration = own.order_by("created_at").first()
    if registration is None:
        raise rules.WebhookMissing
    if not registration.is_active or WebhookEvent.TEST not in registration.event_types:
        raise rules.TestNotWanted
    event = announce(WebhookEvent.TEST, registration, actor=actor, now=now)
    deliveries.queue(event)
    return event.public_id


def take_turn(*, registration_id: UUID, until: datetime.datetime, now: datetime.datetime) -> bool:
    """Let one worker at a time deliver to a registration; a dead one's turn ends by itself."""
    free = Q(busy_until__isnull=True) | Q(busy_until__lte=now)
    return bool(WebhookRegistration.objects.filter(free, pk=registration_id).update(busy_until=until))


def end_turn(*, registration_id: UUID) -> None:
    """Let the next worker have its turn."""
    WebhookRegistration.objects.filter(pk=registration_id).update(busy_until=None)


@transaction.atomic
def note_outcome(
    *, delivery_id: UUID, url: str, started_at: datetime.datetime, outcome: Outcome, now: datetime.datetime
) -> DeliveryStatus:
    """Write down one attempt and what follows from it: delivered, tried again, given up, or disabled by a 410."""
    rows = WebhookDelivery.objects.select_related("registration")
    delivery = rows.select_for_update(of=("self",), no_key=True).get(pk=delivery_id)
    delivery.attempts += 1
    DeliveryAttempt.objects.create(
        delivery=delivery,
        number=delivery.attempts,
        url=url,
        started_at=started_at,
        milliseconds=outcome.milliseconds,
        result=_result(outcome),
        http_status=outcome.http_status,
        error=outcome.error,
        answer=outcome.text.replace("\x00", "")[:ANSWER_LENGTH],
    )
    is_gone = outcome.http_status == rules.GONE
    again = None if outcome.is_success or is_gone else rules.next_attempt_at(delivery.attempts, now=now)
    delivery.next_attempt_at = again
    if again is None:
        delivery.status = DeliveryStatus.DELIVERED if outcome.is_success else DeliveryStatus.FAILED
        delivery.ended_at = now
    delivery.save(update_fields=["attempts", "next_attempt_at", "status", "ended_at"])
    if is_gone:
        _disable(delivery.registration, now=now)
    return DeliveryStatus(delivery.status)


def _result(outcome: Outcome) -> AttemptResult:
    if outcome.is_success:
        return AttemptResult.DELIVERED
    return AttemptResult.REFUSED if outcome.http_status else AttemptResult.NOT_REACHED


def _disable(registration: WebhookRegistration, *, now: datetime.datetime) -> None:
    """Stop delivering to a receiver that is gone; what still waited for it has failed."""
    changed = WebhookRegistration.objects.filter(pk=registration.pk, is_active=True).update(
        is_active=False, modified_at=now
    )
    waiting = WebhookDelivery.objects.filter(registration=registration, status=DeliveryStatus.WAITING)
    waiting.update(status=DeliveryStatus.FAILED, next_attempt_at=None, ended_at=now)
    if changed:
        announce(WebhookEvent.DISABLED, registration, actor=None, now=now, after={"answer": rules.GONE})
