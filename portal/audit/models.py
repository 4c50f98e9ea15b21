"""The activity log: events, who sees them, and the seals that chain them (P5, X7).

All three tables are append-only: a trigger refuses every UPDATE and DELETE (migration 0002), and the application's
database role has no right to TRUNCATE. No foreign key leads out of here: an event keeps names as text beside ids,
and outlives whatever it speaks of.
"""

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _


class Outcome(models.TextChoices):
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    PROGRESS = "progress", _("In progress")


class AuditEvent(models.Model):
    """One thing that happened. Written by log.record() alone."""

    id = models.BigAutoField(primary_key=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    event_type = models.CharField(max_length=60)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.SUCCEEDED)
    occurred_at = models.DateTimeField()
    actor_user_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=200, blank=True)  # empty: the portal itself
    actor_email = models.CharField(max_length=254, blank=True)
    actor_organization_id = models.UUIDField(null=True)
    actor_organization_name = models.CharField(max_length=200, blank=True)
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    subject_name = models.CharField(max_length=200, blank=True)
    customer_id = models.UUIDField(null=True)
    customer_name = models.CharField(max_length=200, blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    details = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [models.Index(fields=["subject_type", "subject_id", "id"], name="audit_event_of_subject")]

    def __str__(self) -> str:
        return f"{self.event_type} {self.subject_type} {self.subject_id}"


class AuditEventParty(models.Model):
    """An organisation that sees the event, with what only it may read in ``details``.

    The columns repeated from the event serve the filters of the activity log page, each by one index.
    """

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(AuditEvent, on_delete=models.PROTECT, related_name="parties")
    organization_id = models.UUIDField()
    occurred_at = models.DateTimeField()
    event_type = models.CharField(max_length=60)
    customer_id = models.UUIDField(null=True)
    actor_user_id = models.UUIDField(null=True)
    details = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "organization_id"], name="audit_party_once")]
        indexes = [
            models.Index(fields=["organization_id", "occurred_at", "id"], name="audit_party_by_time"),
            models.Index(fields=["organization_id", "event_type", "occurred_at", "id"], name="audit_party_by_type"),
            models.Index(
                fields=["organization_id", "customer_id", "occurred_at", "id"], name="audit_party_by_customer"
            ),
            models.Index(fields=["organization_id", "actor_user_id", "occurred_at", "id"], name="audit_party_by_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.organization_id} sees {self.event_id}"


class AuditSeal(models.Model):
    """A link of the hash chain: the hash of one event and of the seal before it."""

    position = models.BigIntegerField(primary_key=True)  # 1, 2, 3 … without a gap
    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, related_name="seal")
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.position} {self.hash[:12]}"
