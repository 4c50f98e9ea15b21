"""Nominations: partners that ask to become indirect providers (A10)."""

import uuid

from django.db import models
from django.db.models import Q

from operators.enums import NominationStatus
from portal.accounts.models import Partner, User

S = NominationStatus


class ProviderNominationQuerySet(models.QuerySet["ProviderNomination"]):
    def locked(self, nomination_id: uuid.UUID) -> "ProviderNomination":
        """The nomination, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=nomination_id)


class ProviderNomination(models.Model):
    """A direct bill partner's request to become an indirect provider, and the operator's answer."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="provider_nominations")
    status = models.CharField(max_length=10, choices=NominationStatus.choices, default=S.REQUESTED)
    statement = models.TextField()
    expected_resellers = models.PositiveIntegerField()  # in the first year
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    answered_by_name = models.CharField(max_length=200, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)  # of a refusal

    objects = ProviderNominationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["partner"], name="nomination_open_once", condition=Q(status=NominationStatus.REQUESTED)
            ),
            models.CheckConstraint(
                name="nomination_answered_at_iff_answered",
                condition=Q(status=NominationStatus.REQUESTED, answered_at__isnull=True)
                | (~Q(status=NominationStatus.REQUESTED) & Q(answered_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="nomination_refused_with_reason",
                condition=~Q(status=NominationStatus.REFUSED) | ~Q(reason=""),
            ),
        ]
        indexes = [models.Index(fields=["requested_at", "id"], name="nomination_by_time")]

    def __str__(self) -> str:
        return f"{self.partner_id}: {self.status}"
