"""Support cases, which partners bring to the programme operator (A12), and what it tells of the services' health."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Func, Q, Value

from customers.models import Customer
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Partner, User
from portal.core.fields import NameKeyField
from support.enums import CaseStatus, IncidentKind, IncidentStatus, ServiceProduct, Severity, SupportTopic

NUMBERS = "support_case_number"  # a sequence of the database (migration 0001)


class SupportCaseQuerySet(models.QuerySet["SupportCase"]):
    def visible_to(self, actor: Actor) -> Self:
        """The cases of the actor's partner, or every one for the programme operator; none for anybody else."""
        if actor.organization_kind == OrganizationKind.OPERATOR:
            return self.all()
        return self.filter(partner_id=actor.organization_id) if actor.is_partner else self.none()

    def locked(self, case_id: uuid.UUID) -> "SupportCase":
        """The case, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=case_id)


class SupportCase(models.Model):
    """A question or problem that a partner brought to the programme operator."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    number = models.BigIntegerField(unique=True, editable=False, db_default=Func(Value(NUMBERS), function="nextval"))
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="support_cases")
    customer = models.ForeignKey(  # empty: the partner asks for itself
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="support_cases"
    )
    title = models.CharField(max_length=200)
    title_key = NameKeyField(source="title")
    topic = models.CharField(max_length=20, choices=SupportTopic.choices)
    product = models.CharField(max_length=20, choices=ServiceProduct.choices, blank=True)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    status = models.CharField(max_length=10, choices=CaseStatus.choices, default=CaseStatus.OPEN)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    assigned_to = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    modified_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = SupportCaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="support_case_severity_known", condition=Q(severity__in=Severity.values)),
            models.CheckConstraint(
                name="support_case_dates_match_status",
                condition=Q(status__in=[CaseStatus.OPEN, CaseStatus.WAITING], resolved_at=None, closed_at=None)
                | Q(status=CaseStatus.RESOLVED, resolved_at__isnull=False, closed_at=None)
                | Q(status=CaseStatus.CLOSED, closed_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "modified_at", "id"], name="support_case_of_partner"),
            models.Index(fields=["modified_at", "id"], name="support_case_by_change"),
            models.Index(fields=["resolved_at"], name="support_case_resolved", condition=Q(status=CaseStatus.RESOLVED)),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """The number as people write it."""
        return f"SR-{self.number}"


class CaseMessage(models.Model):
    """One contribution to a case, by a person of the partner or of the operator; never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(SupportCase, on_delete=models.PROTECT, related_name="messages")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    author_name = models.CharField(max_length=200)
    is_from_operator = models.BooleanField()
    text = models.TextField()
    created_at = models.DateTimeField()

    files: list["CaseAttachment"]  # set by queries.messages_of() alone

    class Meta:
        indexes = [models.Index(fields=["case", "created_at", "id"], name="support_message_of_case")]

    def __str__(self) -> str:
        return f"{self.author_name}, {self.created_at:%Y-%m-%d %H:%M}"


class CaseAttachment(models.Model):
    """A file that came with a message, checked for its kind; it stands in the database, so backups hold it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(SupportCase, on_delete=models.PROTECT, related_name="attachments")
    message = models.ForeignKey(CaseMessage, on_delete=models.PROTECT, related_name="attachments")
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=60)
    size = models.PositiveIntegerField()  # bytes
    content = models.BinaryField()
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class ServiceIncidentQuerySet(models.QuerySet["ServiceIncident"]):
    def locked(self, incident_id: uuid.UUID) -> "ServiceIncident":
        """The incident, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=incident_id)


class ServiceIncident(models.Model):
    """Something wrong with a product, or work planned on it, as the operator tells all partners."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=IncidentKind.choices)
    product = models.CharField(max_length=20, choices=ServiceProduct.choices)
    title = models.CharField(max_length=200)
    status = models.CharField(max_length=15, choices=IncidentStatus.choices)
    starts_at = models.DateTimeField()  # of planned work: in the future
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)

    latest_text: str  # set by queries.health alone

    objects = ServiceIncidentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="service_incident_resolved_at_iff_resolved",
                condition=Q(status=IncidentStatus.RESOLVED, resolved_at__isnull=False)
                | (~Q(status=IncidentStatus.RESOLVED) & Q(resolved_at__isnull=True)),
            ),
        ]
        indexes = [models.Index(fields=["starts_at", "id"], name="service_incident_by_start")]

    def __str__(self) -> str:
        return self.title


class IncidentUpdate(models.Model):
    """What was said of an incident at one time; never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    incident = models.ForeignKey(ServiceIncident, on_delete=models.PROTECT, related_name="updates")
    status = models.CharField(max_length=15, choices=IncidentStatus.choices)
    text = models.TextField()
    author_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.incident_id}, {self.created_at:%Y-%m-%d %H:%M}"
