"""Which reseller a subscription named on earlier days: charges of these days stay with it (decision 0042)."""

from django.db import models
from django.db.models import F, Q

from customers.models import Subscription
from portal.accounts.models import Partner


class FormerReseller(models.Model):
    """That a subscription named a reseller, or none, from a day on (nothing: from the beginning) until another."""

    id = models.BigAutoField(primary_key=True)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="former_resellers", db_index=False
    )
    reseller = models.ForeignKey(Partner, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    partner_on_record = models.CharField(max_length=12, blank=True)
    since = models.DateField(null=True)
    until = models.DateField()  # first day of the next one

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscription", "until"], name="former_reseller_once_a_day"),
            models.CheckConstraint(
                name="former_reseller_days_in_order", condition=Q(since__isnull=True) | Q(until__gt=F("since"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reseller_id} until {self.until}"
