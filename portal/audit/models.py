"""The activity log: events, who sees them, and the seals that chain them (P5, X7; decision 0008).

Events, parties and seals are append-only: triggers refuse every UPDATE and DELETE whoever asks, and TRUNCATE unless the
owner of the tables asks (migration 0003). No foreign key leads out of here: an event keeps names as text beside ids,
and outlives whatever it speaks of.
"""

import uuid

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

TRIGRAMS = "gin_trgm_ops"


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
        indexes = [
            models.Index(fields=["subject_id", "subject_type", "occurred_at", "id"], name="audit_event_of_subject"),
            models.Index(fields=["request_id"], name="audit_event_of_request", condition=~Q(request_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.subject_type} {self.subject_id}"


class AuditEventParty(models.Model):
    """An organisation that sees the event, with what only it may read in ``details``.

    The columns repeated from the event serve the filters of the activity log page, each by one index. ``customer_key``
    and ``actor_key`` are names as they are searched; the e-mail address stands in ``actor_key`` only where the actor
    belongs to this organisation, for nobody else may learn it.
    """

    id = models.BigAutoField(primary_key=True)
    event = models.ForeignKey(  # found by the unique constraint below, so no index of its own
        AuditEvent, on_delete=models.PROTECT, related_name="parties", db_index=False
    )
    organization_id = models.UUIDField()
    occurred_at = models.DateTimeField()
    event_type = models.CharField(max_length=60)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.SUCCEEDED)
    customer_id = models.UUIDField(null=True)
    customer_key = models.CharField(max_length=200, blank=True, default="")
    actor_user_id = models.UUIDField(null=True)
    actor_key = models.CharField(max_length=460, blank=True, default="")
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
            models.Index(
                fields=["organization_id", "occurred_at", "id"],
                name="audit_party_not_succeeded",
                condition=~Q(outcome=Outcome.SUCCEEDED),
            ),
            GinIndex(
                F("organization_id"),
                OpClass(F("customer_key"), name=TRIGRAMS),
                OpClass(F("actor_key"), name=TRIGRAMS),
                name="audit_party_by_name",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.organization_id} sees {self.event_id}"


class UnsealedEvent(models.Model):
    """An event that waits for its seal. Written by a trigger with the event, removed by the sealer.

    Without it the sealer would have to compare two tables that only grow.
    """

    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, primary_key=True, related_name="unsealed")
    queued_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return str(self.event_id)


class AuditSeal(models.Model):
    """A link of the hash chain: the hash of one event and of the seal before it (portal/audit/chain.py)."""

    position = models.BigIntegerField(primary_key=True)  # 1, 2, 3 … without a gap
    event = models.OneToOneField(AuditEvent, on_delete=models.PROTECT, related_name="seal")
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.position} {self.hash[:12]}"
