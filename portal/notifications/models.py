"""Mails on their way out, and what stands in the Action Center (P7). Nothing here is ever deleted."""

import datetime
import uuid
from collections.abc import Iterable
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import get_language

from portal.accounts.actor import Actor
from portal.accounts.enums import Role
from portal.accounts.models import Organization, User
from portal.notifications.enums import ACTION_KINDS, UNDELIVERED, ActionKind, EmailStatus, Undelivered


class OutgoingEmailQuerySet(models.QuerySet["OutgoingEmail"]):
    def due(self, *, now: datetime.datetime) -> Self:
        """Mails that wait and whose time has come."""
        return self.filter(status=EmailStatus.WAITING, next_attempt_at__lte=now)

    def begun_before(self, moment: datetime.datetime) -> Self:
        """Mails whose hand-over has begun before a moment and has not ended."""
        return self.filter(status=EmailStatus.SENDING, started_at__lt=moment)

    def unconfirmed_since(self, moment: datetime.datetime) -> Self:
        """Mails whose hand-over began after a moment and broke off."""
        return self.filter(status=EmailStatus.UNCONFIRMED, started_at__gt=moment)

    def undelivered(self) -> Self:
        """Mails that failed or may have failed, and that nobody has settled yet."""
        return self.filter(status__in=sorted(UNDELIVERED), settled_at__isnull=True)

    def locked(self, email_id: uuid.UUID) -> "OutgoingEmail":
        """The mail, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=email_id)


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
    sealed_secrets = models.BinaryField(null=True)  # encrypted values by placeholder; erased once sent
    status = models.CharField(max_length=12, choices=EmailStatus.choices, default=EmailStatus.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=20, choices=Undelivered.choices, blank=True)  # of the latest failed try
    last_error = models.CharField(max_length=500, blank=True)  # the server's own words
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)  # of the latest hand-over, and its identity
    sent_at = models.DateTimeField(null=True)
    organization = models.ForeignKey(  # whose admins look after it; known once it could not be delivered
        Organization, on_delete=models.PROTECT, null=True, related_name="undelivered_emails"
    )
    settled_at = models.DateTimeField(null=True)  # somebody decided to leave it undelivered

    objects = OutgoingEmailQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event_id", "recipient"], name="email_once_per_event_and_recipient"),
            models.CheckConstraint(name="email_status_known", condition=Q(status__in=EmailStatus.values)),
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
            models.CheckConstraint(
                name="email_started_at_once_sending",
                condition=Q(status__in=[EmailStatus.WAITING, EmailStatus.FAILED]) | Q(started_at__isnull=False),
            ),
            models.CheckConstraint(
                name="email_secrets_erased_once_sent",
                condition=~Q(status=EmailStatus.SENT) | Q(sealed_secrets__isnull=True),
            ),
            models.CheckConstraint(
                name="email_settled_only_if_undelivered",
                condition=Q(status__in=sorted(UNDELIVERED)) | Q(settled_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], name="email_due", condition=Q(status=EmailStatus.WAITING)),
            models.Index(
                fields=["started_at"],
                name="email_begun",
                condition=Q(status__in=[EmailStatus.SENDING, EmailStatus.UNCONFIRMED]),
            ),
            models.Index(
                fields=["created_at", "id"],
                name="email_undelivered",
                condition=Q(status__in=sorted(UNDELIVERED), settled_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} to {self.recipient}"


class ActionItemQuerySet(models.QuerySet["ActionItem"]):
    def visible_to(self, actor: Actor) -> Self:
        """Items of the actor's organization for one of its roles, or for it by name."""
        return self.addressed_to(actor.user_id, organization_id=actor.organization_id, roles=actor.roles)

    def addressed_to(self, user_id: uuid.UUID, *, organization_id: uuid.UUID, roles: Iterable[Role]) -> Self:
        """The same, for a person of an organization who holds these roles."""
        addressed = Q(user_id=user_id) | Q(roles__overlap=[str(role) for role in roles])
        return self.filter(addressed, organization_id=organization_id)

    def open_actions(self) -> Self:
        """Work that is not done yet, whoever archived it."""
        return self.filter(kind__in=sorted(ACTION_KINDS), completed_at__isnull=True)

    def notifications(self) -> Self:
        """News: they ask for nothing."""
        return self.exclude(kind__in=sorted(ACTION_KINDS))

    def archived_by(self, user_id: uuid.UUID, *, archived: bool = True) -> Self:
        """Items the person has put away, or with ``archived`` False the others."""
        mark = ActionItemMark.objects.filter(item=OuterRef("pk"), user_id=user_id, archived_at__isnull=False)
        return self.filter(Exists(mark) if archived else ~Exists(mark))

    def unread_by(self, user_id: uuid.UUID) -> Self:
        """Items the person has not marked as read."""
        mark = ActionItemMark.objects.filter(item=OuterRef("pk"), user_id=user_id, read_at__isnull=False)
        return self.filter(~Exists(mark))

    def with_marks_of(self, user_id: uuid.UUID) -> Self:
        """Add ``is_read`` and ``is_archived`` as the person sees them."""
        marks = ActionItemMark.objects.filter(item=OuterRef("pk"), user_id=user_id)
        return self.annotate(
            is_read=Exists(marks.filter(read_at__isnull=False)),
            is_archived=Exists(marks.filter(archived_at__isnull=False)),
        )


class ActionItem(models.Model):
    """An action or a notification for the people of an organization who hold one of ``roles``, and for ``user``.

    ``title`` and ``body`` hold one text per language: an item outlives the code that worded it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="action_items")
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="action_items")
    roles = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    kind = models.CharField(max_length=15, choices=ActionKind.choices)
    event_id = models.UUIDField()
    event_type = models.CharField(max_length=60)
    workspace = models.CharField(max_length=40)
    title = models.JSONField()
    body = models.JSONField(default=dict)
    url = models.CharField(max_length=500, blank=True)  # a path of this portal
    subject_type = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)

    objects = ActionItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="action_item_kind_known", condition=Q(kind__in=ActionKind.values)),
            models.CheckConstraint(name="action_item_addressed", condition=Q(user__isnull=False) | Q(roles__len__gt=0)),
            models.CheckConstraint(
                name="action_item_completed_only_if_action",
                condition=Q(kind__in=sorted(ACTION_KINDS)) | Q(completed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="action_item_url_in_this_portal", condition=Q(url="") | Q(url__regex=r"^/([^/\\]|$)")
            ),
            models.UniqueConstraint(
                fields=["organization", "user", "roles", "event_type", "subject_type", "subject_id"],
                name="action_item_open_once",
                condition=Q(kind__in=sorted(ACTION_KINDS), completed_at__isnull=True),
                nulls_distinct=False,
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "created_at", "id"], name="action_item_by_time"),
            models.Index(
                fields=["organization", "created_at", "id"],
                name="action_item_to_do",
                condition=Q(kind__in=sorted(ACTION_KINDS), completed_at__isnull=True),
            ),
            models.Index(
                fields=["organization", "completed_at", "id"],
                name="action_item_done",
                condition=Q(completed_at__isnull=False),
            ),
            models.Index(
                fields=["subject_type", "subject_id"], name="action_item_open", condition=Q(completed_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.title_text

    @property
    def title_text(self) -> str:
        """The title in the language now spoken."""
        return _in_this_language(self.title)

    @property
    def body_text(self) -> str:
        """The line below the title, in the language now spoken."""
        return _in_this_language(self.body)


def _in_this_language(texts: dict[str, str]) -> str:
    return texts.get(get_language() or "") or texts.get(settings.LANGUAGE_CODE, "")


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
    """A person's choice for one optional kind of mail in one workspace. No row: mails are sent.

    Of a topic (``navigation.MailTopic``) the key stands in the place of the workspace, and no row means: no mails.
    """

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
