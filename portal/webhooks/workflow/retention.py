"""Forget deliveries whose time is over: the events stay in the log, and in the ledger of events (decision 0043)."""

import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from portal.audit.models import AuditEventParty
from portal.webhooks.enums import WebhookEvent
from portal.webhooks.models import DeliveryAttempt, DeliveryStatus, WebhookDelivery, WebhookRegistration

AT_ONCE = 500


@transaction.atomic
def forget_deliveries(*, registration_id: UUID, now: datetime.datetime) -> int:
    """Delete some deliveries to a webhook that are older than they are kept, with attempts and replays.

    What waits, or was sent again lately, stays. Return of how many events; fewer than AT_ONCE means that none is left.
    """
    registration = WebhookRegistration.objects.locked(registration_id)  # a replay of them waits, or comes first
    chosen = list(_old(registration, now)[:AT_ONCE])
    chosen += list(_old_tests(registration, now)[: AT_ONCE - len(chosen)])
    every = Q(pk__in=chosen) | Q(replay_of_id__in=chosen)
    DeliveryAttempt.objects.filter(delivery__in=WebhookDelivery.objects.filter(every).values("pk")).delete()
    WebhookDelivery.objects.filter(replay_of_id__in=chosen).delete()
    WebhookDelivery.objects.filter(pk__in=chosen).delete()
    return len(chosen)


def _old(registration: WebhookRegistration, now: datetime.datetime) -> QuerySet[WebhookDelivery, UUID]:
    return _over(registration, before=now - datetime.timedelta(days=settings.WEBHOOK_DELIVERY_DAYS))


def _old_tests(registration: WebhookRegistration, now: datetime.datetime) -> QuerySet[WebhookDelivery, UUID]:
    before = now - datetime.timedelta(days=settings.WEBHOOK_TEST_DAYS)
    tests = AuditEventParty.objects.filter(
        organization_id=registration.organization_id, event_type=WebhookEvent.TEST, occurred_at__lt=before
    )
    return _over(registration, before=before).filter(event_id__in=tests.values("event_id"))


def _over(registration: WebhookRegistration, *, before: datetime.datetime) -> QuerySet[WebhookDelivery, UUID]:
    """Return the first deliveries of events whose last one has ended and is older, oldest first."""
    rows = WebhookDelivery.objects.filter(registration=registration, created_at__lt=before, replay_of__isnull=True)
    later = WebhookDelivery.objects.filter(replay_of=OuterRef("pk"))
    later = later.filter(Q(status=DeliveryStatus.WAITING) | Q(created_at__gte=before))
    ended = rows.exclude(status=DeliveryStatus.WAITING).filter(~Exists(later))
    return ended.order_by("created_at", "pk").values_list("pk", flat=True)
