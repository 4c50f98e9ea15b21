"""Who wants to be told of which events, and one delivery row per registration and event (T9, P6).

The delivery rows are written with the event; sending them is ``processing``'s, each attempt a row of its own.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Organization
from portal.audit.models import AuditEvent
from portal.webhooks.enums import AttemptResult


class DeliveryStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed")


class WebhookRegistration(models.Model):
    """An address of an organisation that wants to hear of events."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="webhook_registrations")
    url = models.URLField(max_length=500)
    event_types = ArrayField(models.CharField(max_length=60))
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField(null=True, blank=True)
    sealed_secret = models.BinaryField(default=b"")  # of the signatures; it must be read again for each of them
    busy_until = models.DateTimeField(null=True, blank=True)  # one worker at a time is at it

    def __str__(self) -> str:
        return self.url


class WebhookDelivery(models.Model):
    """One event on its way to one registration. ``body`` is stored as bytes, and exactly those bytes are signed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    registration = models.ForeignKey(WebhookRegistration, on_delete=models.PROTECT, related_name="deliveries")
    event = models.ForeignKey(AuditEvent, on_delete=models.PROTECT, related_name="deliveries")
    event_type = models.CharField(max_length=60)
    body = models.BinaryField()
    status = models.CharField(max_length=10, choices=DeliveryStatus.choices, default=DeliveryStatus.WAITING)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["registration", "event"], name="webhook_delivery_once"),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], name="webhook_delivery_due", condition=Q(status=DeliveryStatus.WAITING)
            )
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

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="delivery_attempt_once")]

    def __str__(self) -> str:
        return f"{self.delivery_id}, {self.number}: {self.result}"
