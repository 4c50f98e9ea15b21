"""Webhooks themselves: register, change, pause, resume, delete, renew the secret, test."""

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction

from portal.accounts.actor import Actor
from portal.accounts.models import Organization
from portal.accounts.permissions import Permission
from portal.core import sealing
from portal.core.queue import enqueue_after_commit
from portal.webhooks import deliveries, queries, rules, signing
from portal.webhooks.announcements import announce, settle
from portal.webhooks.enums import WebhookEvent
from portal.webhooks.models import DeliveryStatus, WebhookDelivery, WebhookRegistration


@dataclass(frozen=True)
class Registered:
    """A webhook with its new secret, which is shown this once."""

    registration: WebhookRegistration
    secret: str


@transaction.atomic
def register(
    *,
    url: str,
    event_types: Sequence[str],
    known: Collection[str],
    actor: Actor,
    now: datetime.datetime,
    uses_ms_signature_header: bool = False,
    is_only_one: bool = False,
) -> Registered:
    """Register a webhook of the actor's organization; ``is_only_one``: refuse a second, as the original's API does.

    Raises: PermissionDenied, rules.WebhookExists, rules.TooManyWebhooks, rules.UnknownEvents, outgoing.AddressRefused.
    """
    actor.require(Permission.WEBHOOK_MANAGE)
    Organization.objects.locked(actor.organization_id)  # of two at once, one finds the other's
    rules.check_count(WebhookRegistration.objects.visible_to(actor).count(), is_only_one=is_only_one)
    rules.check_registration(url=url, event_types=event_types, known=known, is_sandbox=actor.is_sandbox)
    secret = signing.new_secret()
    registration = WebhookRegistration.objects.create(
        organization_id=actor.organization_id,
        url=url,
        event_types=list(dict.fromkeys(event_types)),
        created_at=now,
        modified_at=now,
        sealed_secret=sealing.seal(secret.encode()),
        uses_ms_signature_header=uses_ms_signature_header,
    )
    announce(WebhookEvent.REGISTERED, registration, actor=actor, now=now, after={"events": registration.event_types})
    return Registered(registration, secret)


@transaction.atomic
def change(
    *,
    registration_id: UUID,
    url: str,
    event_types: Sequence[str],
    known: Collection[str],
    actor: Actor,
    now: datetime.datetime,
    uses_ms_signature_header: bool | None = None,
) -> WebhookRegistration:
    """Change address and events of a webhook; one that was disabled works again.

    Raises: PermissionDenied, WebhookRegistration.DoesNotExist, rules.UnknownEvents, outgoing.AddressRefused.
    """
    actor.require(Permission.WEBHOOK_MANAGE)
    registration = WebhookRegistration.objects.visible_to(actor).locked(registration_id)
    rules.check_registration(url=url, event_types=event_types, known=known, is_sandbox=actor.is_sandbox)
    before = {"address": registration.url, "events": registration.event_types}
    registration.url, registration.event_types = url, list(dict.fromkeys(event_types))
    if uses_ms_signature_header is not None:
        registration.uses_ms_signature_header = uses_ms_signature_header
    registration.is_active, registration.modified_at = True, now
    registration.busy_until = None  # the new address deserves a try at once
    registration.save(
        update_fields=["url", "event_types", "uses_ms_signature_header", "is_active", "modified_at", "busy_until"]
    )
    after = {"address": registration.url, "events": registration.event_types}
    announce(WebhookEvent.CHANGED, registration, actor=actor, now=now, before=before, after=after)
    settle(registration, WebhookEvent.DISABLED, now=now)
    enqueue_after_commit("webhooks.deliver")
    return registration


@transaction.atomic
def pause(*, registration_id: UUID, actor: Actor, now: datetime.datetime) -> WebhookRegistration:
    """Stop calling a webhook; events are kept for it until it is resumed.

    Raises: PermissionDenied, WebhookRegistration.DoesNotExist, rules.WebhookPausedAlready.
    """
    actor.require(Permission.WEBHOOK_MANAGE)
    registration = WebhookRegistration.objects.visible_to(actor).locked(registration_id)
    rules.check_can_pause(registration)
    registration.paused_at = registration.modified_at = now
    registration.save(update_fields=["paused_at", "modified_at"])
    announce(WebhookEvent.PAUSED, registration, actor=actor, now=now)
    settle(registration, WebhookEvent.FAILING, now=now)
    return registration


@transaction.atomic
def resume(*, registration_id: UUID, actor: Actor, now: datetime.datetime) -> WebhookRegistration:
    """Call a webhook again that was paused, or disabled by its receiver; what was kept for it follows at once.

    Raises: PermissionDenied, WebhookRegistration.DoesNotExist, rules.WebhookNotPaused.
    """
    actor.require(Permission.WEBHOOK_MANAGE)
    registration = WebhookRegistration.objects.visible_to(actor).locked(registration_id)
    rules.check_can_resume(registration)
    registration.paused_at, registration.is_active, registration.modified_at = None, True, now
    registration.failing_since = registration.failing_told_at = registration.busy_until = None
    registration.save(
        update_fields=["paused_at", "is_active", "modified_at", "failing_since", "failing_told_at", "busy_until"]
    )
    announce(WebhookEvent.RESUMED, registration, actor=actor, now=now)
    settle(registration, WebhookEvent.DISABLED, WebhookEvent.FAILING, now=now)
    enqueue_after_commit("webhooks.deliver")
    return registration


@transaction.atomic
def remove(*, registration_id: UUID, actor: Actor, now: datetime.datetime) -> WebhookRegistration:
    """Delete a webhook: nothing is sent to it any more; what was sent stays on record, its secrets do not.

    Raises: PermissionDenied, WebhookRegistration.DoesNotExist.
    """
    actor.require(Permission.WEBHOOK_MANAGE)
    registration = WebhookRegistration.objects.visible_to(actor).locked(registration_id)
    registration.removed_at = registration.modified_at = now
    registration.sealed_secret = registration.sealed_previous_secret = b""
    registration.previous_secret_until = None
    registration.save(
        update_fields=["removed_at", "modified_at", "sealed_secret", "sealed_previous_secret", "previous_secret_until"]
    )
    waiting = WebhookDelivery.objects.filter(registration=registration, status=DeliveryStatus.WAITING)
    dropped = waiting.update(status=DeliveryStatus.FAILED, next_attempt_at=None, ended_at=now)
    announce(WebhookEvent.REMOVED, registration, actor=actor, now=now, before={"waiting": dropped})
    settle(registration, WebhookEvent.DISABLED, WebhookEvent.FAILING, now=now)
    return registration


def overlap_hours() -> int:
    """Return how long an old secret signs beside the new one."""
    hours: int = settings.WEBHOOK_SECRET_OVERLAP_HOURS
    return hours


@transaction.atomic
def renew_secret(*, registration_id: UUID, actor: Actor, now: datetime.datetime) -> Registered:
    """Make a new secret. Both sign until the overlap ends, so that the receiver can change over without a gap.

    A secret that still overlapped ends at once: there are never more than two.
    Raises: PermissionDenied, WebhookRegistration.DoesNotExist.
    """
    actor.require(Permission.WEBHOOK_MANAGE)
    registration = WebhookRegistration.objects.visible_to(actor).locked(registration_id)
    secret = signing.new_secret()
    if registration.sealed_secret:
        registration.sealed_previous_secret = registration.sealed_secret
        registration.previous_secret_until = now + datetime.timedelta(hours=overlap_hours())
    registration.sealed_secret, registration.modified_at = sealing.seal(secret.encode()), now
    registration.save(update_fields=["sealed_secret", "sealed_previous_secret", "previous_secret_until", "modified_at"])
    until = registration.previous_secret_until
    announce(
        WebhookEvent.SECRET_RENEWED,
        registration,
        actor=actor,
        now=now,
        after={"old secret until": until.isoformat(timespec="seconds")} if until else None,
    )
    return Registered(registration, secret)


@transaction.atomic
def forget_old_secrets(*, now: datetime.datetime) -> int:
    """Delete secrets whose overlap is over; return how many."""
    over = WebhookRegistration.objects.filter(previous_secret_until__lte=now)
    return over.update(sealed_previous_secret=b"", previous_secret_until=None)


@transaction.atomic
def send_test(*, registration_id: UUID, actor: Actor, now: datetime.datetime) -> WebhookDelivery:
    """Send a test event to one webhook; the id of its event is the correlation id by which the API reads its outcome.

    Raises: PermissionDenied, WebhookRegistration.DoesNotExist, rules.TestNotWanted, rules.TooManyTests.
    """
    actor.require(Permission.WEBHOOK_MANAGE)
    Organization.objects.locked(actor.organization_id)  # two at once count one after the other
    registration = WebhookRegistration.objects.visible_to(actor).get(pk=registration_id)
    rules.check_can_test(registration)
    last = queries.tests_since(actor.organization_id, now - rules.MINUTE, event_type=WebhookEvent.TEST)
    rules.check_test_limit(last=last, now=now)
    event = announce(WebhookEvent.TEST, registration, actor=actor, now=now)
    return deliveries.queue_for(registration, event)
