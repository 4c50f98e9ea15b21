"""How first-party subscriptions run: what is charged so far, from where terms are counted, which licenses can go."""

import uuid

from django.db import models
from django.db.models import F, Q

from customers.enums import BillingFrequency, Term
from customers.models import Subscription


class ProductTerm(models.Model):
    """What a first-party subscription that is billed in cycles has beyond the customer's row.

    Charges exist for the days before ``billed_until``. Terms end so many months after ``counted_from``, so that one
    that begins on the 31st goes back to it. ``renewal_…`` is what the next term begins with, where something else
    than now was planned: a quantity, and a term with how it is billed (section 8).
    """

    subscription = models.OneToOneField(
        Subscription, on_delete=models.PROTECT, primary_key=True, related_name="product_term"
    )
    counted_from = models.DateField()
    counted_months = models.PositiveSmallIntegerField()
    billed_until = models.DateField()
    renewal_quantity = models.PositiveIntegerField(null=True, blank=True)
    renewal_term = models.CharField(max_length=4, choices=Term.choices, blank=True, default="", db_default="")
    renewal_frequency = models.CharField(
        max_length=10, choices=BillingFrequency.choices, blank=True, default="", db_default=""
    )
    reminded_days = models.PositiveSmallIntegerField(null=True, blank=True)  # of this term: 30, then 7 days before
    ended_at = models.DateTimeField(null=True, blank=True)  # since when it is expired, disabled or deleted

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="product_renewal_quantity_positive",
                condition=Q(renewal_quantity__isnull=True) | Q(renewal_quantity__gte=1),
            ),
            models.CheckConstraint(
                name="product_renewal_way_whole",
                condition=Q(renewal_term="", renewal_frequency="") | (~Q(renewal_term="") & ~Q(renewal_frequency="")),
            ),
        ]
        indexes = [
            models.Index(fields=["billed_until"], name="product_term_due", condition=Q(ended_at__isnull=True)),
            models.Index(fields=["ended_at"], name="product_term_ended", condition=Q(ended_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} until {self.billed_until}"

    @property
    def has_plans(self) -> bool:
        """Whether the next term begins with something else than the running one has."""
        return self.renewal_quantity is not None or bool(self.renewal_term)


class LicenseAddition(models.Model):
    """Licenses that came at one moment, and how many can still be taken back until their window ends (section 8)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="license_additions")
    quantity = models.PositiveIntegerField()
    left = models.PositiveIntegerField()
    added_at = models.DateTimeField()
    reducible_until = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="license_addition_left_of_quantity", condition=Q(left__lte=F("quantity"))),
        ]
        indexes = [models.Index(fields=["subscription", "reducible_until"], name="license_addition_window")]

    def __str__(self) -> str:
        return f"{self.left} of {self.quantity} until {self.reducible_until}"
