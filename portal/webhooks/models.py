"""Who wants to be told of which events, and one delivery row per registration and event (T9, P6).

The rows are written with the event from the first day on. Registration pages, signing and sending come with the API.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Organization
from portal.audit.models import AuditEvent


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
