"""Data with dates that the operator keeps: exchange rates (A8), and what usage earns a partner (A3)."""

import datetime
import uuid
from typing import Self

from django.db import models
from django.db.models import F, Q

from billing.enums import IncentiveKind
from customers.enums import ProductFamily

USAGE_FAMILIES = [
    (str(family), family.label)
    for family in (ProductFamily.AZURE_SUBSCRIPTION, ProductFamily.AZURE_LEGACY, ProductFamily.SHARED_SERVICES)
]


class ExchangeRate(models.Model):
    """How much of ``currency`` one unit of ``base`` is, from a day on, and who says so. Nothing else converts money."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    base = models.CharField(max_length=3)
    currency = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=18, decimal_places=8)
    valid_from = models.DateField()
    source = models.CharField(max_length=200)
    entered_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["base", "currency", "valid_from"], name="exchange_rate_once_a_day"),
            models.CheckConstraint(name="exchange_rate_positive", condition=Q(rate__gt=0)),
            models.CheckConstraint(name="exchange_rate_of_two_currencies", condition=~Q(base=F("currency"))),
            models.CheckConstraint(
                name="exchange_rate_iso", condition=Q(base__regex=r"^[A-Z]{3}$", currency__regex=r"^[A-Z]{3}$")
            ),
            models.CheckConstraint(name="exchange_rate_has_source", condition=~Q(source="")),
        ]

    def __str__(self) -> str:
        return f"1 {self.base} = {self.rate} {self.currency} from {self.valid_from}"


class IncentiveRuleQuerySet(models.QuerySet["IncentiveRule"]):
    def on(self, day: datetime.date) -> Self:
        """The rules that hold on a day."""
        return self.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=day), valid_from__lte=day)

    def locked(self, rule_id: uuid.UUID) -> "IncentiveRule":
        """The rule, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=rule_id)


class IncentiveRule(models.Model):
    """So many percent of the usage of a product family, while it holds (A3).

    A family without a rule earns nothing: so the previous offer since 1 February 2022. An earned credit is taken off
    the invoice and needs an access role; an incentive is paid apart. ``competency`` names what the partner must have.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=15, choices=IncentiveKind.choices)
    family = models.CharField(max_length=20, choices=USAGE_FAMILIES)
    percent = models.DecimalField(max_digits=5, decimal_places=2)
    competency = models.CharField(max_length=100, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)  # first day on which it no longer holds
    source = models.CharField(max_length=200, blank=True)  # where the percentage stands; empty: a placeholder of ours
    note = models.CharField(max_length=300, blank=True)

    objects = IncentiveRuleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "family", "competency", "valid_from"], name="incentive_rule_once_a_day"
            ),
            models.CheckConstraint(name="incentive_percent", condition=Q(percent__gt=0) & Q(percent__lte=100)),
            models.CheckConstraint(
                name="incentive_dates_in_order",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.percent} % of {self.family}"
