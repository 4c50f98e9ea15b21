"""How many licenses of a subscription the customer's people hold: known to the customer's directory, reported here."""

from django.db import models

from customers.models import Subscription


class LicenseAssignment(models.Model):
    """The last number that was reported for a subscription, and when (X10)."""

    subscription = models.OneToOneField(
        Subscription, on_delete=models.PROTECT, primary_key=True, related_name="assignment"
    )
    assigned = models.PositiveIntegerField()  # licenses
    reported_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.subscription_id}: {self.assigned}"
