"""What is owed for a subscription, by whom, for which days."""

import uuid

from django.db import models
from django.db.models import F, Q

from billing.enums import ChargeKind
from customers.models import Customer, Subscription
from portal.accounts.models import Partner


class Charge(models.Model):
    """One amount for one subscription, period and kind; below zero where the billing owner gets money back.

    Written once and never changed: a correction is another charge. ``reference`` tells apart what may happen more than
    once on one day (a change of quantity, a metered dimension); the constraint lets nothing be charged twice.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="charges")
    billing_owner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="charges")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="charges")
    kind = models.CharField(max_length=20, choices=ChargeKind.choices)
    starts_on = models.DateField()
    ends_on = models.DateField()  # first day that this charge does not pay for
    quantity = models.PositiveIntegerField(default=1)
    unit_price = models.DecimalField(max_digits=16, decimal_places=4)  # one license, one full cycle
    amount = models.DecimalField(max_digits=18, decimal_places=4)  # in whole cents of the currency
    currency = models.CharField(max_length=3)
    reference = models.CharField(max_length=100, blank=True)  # identifier of the operation, order or line item
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscription", "kind", "starts_on", "reference"], name="charged_once"),
            models.CheckConstraint(name="charge_days_in_order", condition=Q(ends_on__gt=F("starts_on"))),
            models.CheckConstraint(name="charge_currency_iso", condition=Q(currency__regex=r"^[A-Z]{3}$")),
        ]
        indexes = [models.Index(fields=["billing_owner", "starts_on", "id"], name="charge_of_owner")]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} {self.currency}"
