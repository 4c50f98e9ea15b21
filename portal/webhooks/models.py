"""Who wants to be told of which events, and one delivery row per registration and event (T9, P6).

The delivery rows are written with the event; sending them is ``processing``'s, each attempt a row of its own.
"""

import datetime
import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.actor import Actor
from portal.accounts.models import Organization
from portal.audit.models import AuditEvent
from portal.webhooks.enums import AttemptResult, WebhookState


class DeliveryStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed")


class WebhookRegistrationQuerySet(models.QuerySet["WebhookRegistration"]):
    def visible_to(self, actor: Actor) -> Self:
        """The webhooks of the actor's organization that were not deleted."""
        return self.filter(organization_id=actor.organization_id, removed_at__isnull=True)

    def listening(self) -> Self:
        """Webhooks for which events are kept, also while they are paused."""
        return self.filter(is_active=True, removed_at__isnull=True)

    def called(self) -> Self:
        """Webhooks that are called now."""
        return self.listening().filter(paused_at__isnull=True)

    def with_work(self, now: datetime.datetime) -> Self:
        """Webhooks that are called, for which something is due, and that no worker has and that do not rest."""
        due = WebhookDelivery.objects.filter(
            registration=OuterRef("pk"), status=DeliveryStatus.WAITING, next_attempt_at__lte=now
        )
        free = Q(busy_until__isnull=True) | Q(busy_until__lte=now)
        return self.called().filter(free).filter(Exists(due))

    def locked(self, registration_id: uuid.UUID) -> "WebhookRegistration":
        """The webhook, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=registration_id)


class WebhookRegistration(models.Model):
    """An address of an organisation that wants to hear of events."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="webhook_registrations")
    url = models.URLField(max_length=500)
    event_types = ArrayField(models.CharField(max_length=60))
    is_active = models.BooleanField(default=True)  # not after the receiver answered 410
    paused_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)  # its deliveries stay: they are the proof
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField(null=True, blank=True)
    sealed_secret = models.BinaryField(default=b"")  # of the signatures; it must be read again for each of them
    sealed_previous_secret = models.BinaryField(default=b"")  # signs as well until the time below
    previous_secret_until = models.DateTimeField(null=True, blank=True)
    uses_ms_signature_header = models.BooleanField(default=False)  # instead of Authorization (reference 7.3)
    failing_since = models.DateTimeField(null=True, blank=True)  # no attempt has succeeded since
    failing_told_at = models.DateTimeField(null=True, blank=True)
    busy_until = models.DateTimeField(null=True, blank=True)  # one worker at a time is at it, or it is left alone

    objects = WebhookRegistrationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="webhook_previous_secret_has_an_end",
                condition=Q(sealed_previous_secret=b"", previous_secret_until__isnull=True)
                | (~Q(sealed_previous_secret=b"") & Q(previous_secret_until__isnull=False)),
            ),
            models.CheckConstraint(
                name="webhook_told_while_failing",
                condition=Q(failing_told_at__isnull=True) | Q(failing_since__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def state(self) -> WebhookState:
        if not self.is_active:
            return WebhookState.DISABLED
        if self.paused_at is not None:
            return WebhookState.PAUSED
        return WebhookState.FAILING if self.failing_since is not None else WebhookState.ACTIVE


class WebhookDelivery(models.Model):
    """One event on its way to one registration. ``body`` is stored as bytes, and exactly those bytes are signed.

    A replay is a row of its own that names the first delivery of the event to this registration.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    registration = models.ForeignKey(
        WebhookRegistration, on_delete=models.PROTECT, related_name="deliveries", db_index=False
    )
    event = models.ForeignKey(AuditEvent, on_delete=models.PROTECT, related_name="deliveries")
    replay_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="replays")
    event_type = models.CharField(max_length=60)
    body = models.BinaryField()
    status = models.CharField(max_length=10, choices=DeliveryStatus.choices, default=DeliveryStatus.WAITING)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["registration", "event"], name="webhook_delivered_once", condition=Q(replay_of__isnull=True)
            ),
            models.UniqueConstraint(
                fields=["replay_of"], name="webhook_replay_waits_once", condition=Q(status=DeliveryStatus.WAITING)
            ),
        ]
        indexes = [
            models.Index(
                fields=["registration", "next_attempt_at"],
                name="webhook_delivery_waiting",
                condition=Q(status=DeliveryStatus.WAITING),
            ),
            models.Index(fields=["registration", "created_at", "id"], name="webhook_delivery_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} to {self.registration_id}"


class DeliveryAttempt(models.Model):
    """One try to deliver a notification, with what came back."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.PROTECT, related_name="tries")
    number = models.PositiveIntegerField()
    url = models.CharField(max_length=500)
    started_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    result = models.CharField(max_length=12, choices=AttemptResult.choices)
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=40, blank=True)  # code of portal.core.outgoing: why nothing came back
    answer = models.TextField(max_length=1000, blank=True)
    request_headers = models.JSONField(default=dict)
    answer_headers = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="delivery_attempt_once")]

    def __str__(self) -> str:
        return f"{self.delivery_id}, {self.number}: {self.result}"
