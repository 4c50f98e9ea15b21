"""Which partner holds which competency, and what the incentive rules earned it (A3)."""

import datetime
import uuid
from typing import Self

from django.db import models
from django.db.models import F, Q

from billing.models.charges import Charge
from billing.models.incentives import IncentiveRule
from portal.accounts.actor import Actor
from portal.accounts.models import Partner


class PartnerCompetencyQuerySet(models.QuerySet["PartnerCompetency"]):
    def on(self, day: datetime.date) -> Self:
        """What is held on a day."""
        return self.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=day), valid_from__lte=day)

    def locked(self, competency_id: uuid.UUID) -> "PartnerCompetency":
        """The row, locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=competency_id)


class PartnerCompetency(models.Model):
    """That a partner has what the incentive rules call ``competency``, from a day on, as the operator recorded it.

    ``held_as`` is what the partner holds itself, where that is a successor. Without a day in between it never held.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="competencies", db_index=False)
    competency = models.CharField(max_length=100)
    held_as = models.CharField(max_length=200, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)  # first day without it
    recorded_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    objects = PartnerCompetencyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "competency", "valid_from"],
                name="partner_competency_once_a_day",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
            ),
            models.CheckConstraint(
                name="partner_competency_dates_in_order",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
            ),
            models.CheckConstraint(name="partner_competency_named", condition=~Q(competency="")),
        ]
        indexes = [
            models.Index(fields=["partner", "competency"], name="competency_of_partner"),
            models.Index(fields=["valid_from", "id"], name="competency_by_day"),
        ]

    def __str__(self) -> str:
        return f"{self.competency} of {self.partner_id} from {self.valid_from}"


class IncentiveEarningQuerySet(models.QuerySet["IncentiveEarning"]):
    def visible_to(self, actor: Actor) -> Self:
        """What the actor's own company earned."""
        return self.filter(billing_owner_id=actor.organization_id)

    def due(self) -> Self:
        """What is to be paid: neither by a placeholder nor to a sandbox."""
        return self.filter(billing_owner__organization__is_sandbox=False).exclude(source="")


class IncentiveEarning(models.Model):
    """What one incentive rule earned on the usage of one subscription: a line of the month's statement.

    Written with the charge of that usage and never changed. Its statement is no part of an invoice. An empty ``source``
    says that the percentage was a placeholder on that day, so that the line is not to be paid (decision 0047).
    """

    id = models.BigAutoField(primary_key=True)
    charge = models.ForeignKey(Charge, on_delete=models.PROTECT, related_name="earnings", db_index=False)
    rule = models.ForeignKey(IncentiveRule, on_delete=models.PROTECT, related_name="+", db_index=False)
    billing_owner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", db_index=False)
    month = models.DateField()  # of the statement: that of the invoice on which the charge stands
    competency = models.CharField(max_length=100, blank=True)
    percent = models.DecimalField(max_digits=5, decimal_places=2)
    base = models.DecimalField(max_digits=20, decimal_places=4)  # the cost after earned credit that counts
    amount = models.DecimalField(max_digits=20, decimal_places=4)  # in whole cents of the currency
    currency = models.CharField(max_length=3)
    source = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    objects = IncentiveEarningQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["charge", "rule"], name="incentive_earned_once"),
            models.CheckConstraint(name="incentive_earned_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="incentive_earned_in_a_month", condition=Q(month__day=1)),
        ]
        indexes = [
            models.Index(fields=["billing_owner", "month", "amount", "id"], name="incentive_of_owner"),
            models.Index(fields=["month", "billing_owner"], name="incentive_of_month"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} of {self.month:%Y-%m}"

    @property
    def is_placeholder(self) -> bool:
        return not self.source
