"""Mails on their way out, and what stands in the Action Center (P7)."""

import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.actor import Actor
from portal.accounts.models import Organization, User


class EmailStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    UNCONFIRMED = "unconfirmed", _("Unconfirmed")  # the hand-over was cut off: never sent again by itself
    FAILED = "failed", _("Failed")


class OutgoingEmail(models.Model):
    """One mail to one recipient about one event, rendered when the event happened."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event_id = models.UUIDField()  # AuditEvent.public_id; no foreign key: the log stands alone
    event_type = models.CharField(max_length=60)
    recipient = models.EmailField()
    recipient_name = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=8)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    html = models.TextField()
    sealed_secrets = models.BinaryField(null=True)  # encrypted values for {{placeholders}}; erased once sent
    status = models.CharField(max_length=12, choices=EmailStatus.choices, default=EmailStatus.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event_id", "recipient"], name="email_once_per_event_and_recipient"),
            models.CheckConstraint(
                name="email_sent_at_iff_sent",
                condition=Q(status=EmailStatus.SENT, sent_at__isnull=False)
                | (~Q(status=EmailStatus.SENT) & Q(sent_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="email_next_attempt_iff_waiting",
                condition=Q(status=EmailStatus.WAITING, next_attempt_at__isnull=False)
                | (~Q(status=EmailStatus.WAITING) & Q(next_attempt_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], name="email_due", condition=Q(status=EmailStatus.WAITING)),
            models.Index(fields=["started_at"], name="email_handing_over", condition=Q(status=EmailStatus.SENDING)),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} to {self.recipient}"


class ActionKind(models.TextChoices):
    """The four kinds of section 11.2: two that ask for work, two that tell news."""

    MANDATORY = "mandatory", _("Mandatory")
    RECOMMENDED = "recommended", _("Recommended")
    TRANSACTIONAL = "transactional", _("Transactional")
    PROMOTIONAL = "promotional", _("Promotional")


ACTION_KINDS = frozenset({ActionKind.MANDATORY, ActionKind.RECOMMENDED})


class ActionItemQuerySet(models.QuerySet["ActionItem"]):
    def visible_to(self, actor: Actor) -> Self:
        """Items of the actor's organisation for one of its roles, or for it by name."""
        addressed = Q(user_id=actor.user_id) | Q(user__isnull=True, roles__overlap=[str(r) for r in actor.roles])
        return self.filter(addressed, organization_id=actor.organization_id)


class ActionItem(models.Model):
    """An action or a notification for the people of an organisation who hold one of ``roles``, or for one person.

    ``title`` and ``body`` hold one text per language: an item outlives the code that worded it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="action_items")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="action_items")
    roles = ArrayField(models.CharField(max_length=30), default=list)
    kind = models.CharField(max_length=15, choices=ActionKind.choices)
    event_id = models.UUIDField()
    event_type = models.CharField(max_length=60)
    workspace = models.CharField(max_length=40)
    title = models.JSONField()
    body = models.JSONField(default=dict)
    url = models.CharField(max_length=500, blank=True)
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = ActionItemQuerySet.as_manager()

    class Meta:
        indexes = [
            GinIndex(fields=["roles"], name="action_item_roles"),
            models.Index(fields=["organization", "created_at", "id"], name="action_item_by_time"),
            models.Index(
                fields=["subject_type", "subject_id"], name="action_item_open", condition=Q(completed_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return str(self.title.get("en", self.event_type))


class ActionItemMark(models.Model):
    """What one person did with one item: read it, put it away."""

    item = models.ForeignKey(ActionItem, on_delete=models.CASCADE, related_name="marks")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    read_at = models.DateTimeField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["item", "user"], name="action_item_mark_once")]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.item_id}"


class MailPreference(models.Model):
    """A person's choice for one optional kind of mail in one workspace. No row: mails are sent."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="mail_preferences")
    workspace = models.CharField(max_length=40)
    kind = models.CharField(max_length=15, choices=ActionKind.choices)
    wants_mail = models.BooleanField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "workspace", "kind"], name="mail_preference_once"),
            models.CheckConstraint(
                name="mail_preference_optional_kind",
                condition=Q(kind__in=[ActionKind.TRANSACTIONAL, ActionKind.PROMOTIONAL]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.workspace} {self.kind}"
