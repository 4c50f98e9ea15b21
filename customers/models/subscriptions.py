"""What a customer has, and which partner is billed for it."""

import uuid
from typing import Self

from django.db import models
from django.db.models import F, Q

from customers.enums import BillingFrequency, ProductFamily, SubscriptionStatus, Term
from customers.models.customers import Customer
from portal.accounts.actor import Actor
from portal.accounts.models import Partner


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def visible_to(self, actor: Actor) -> Self:
        """What the actor's partner is billed for or credited with, or what the actor's own organization has."""
        if actor.is_partner:
            return self.filter(Q(billing_owner_id=actor.organization_id) | Q(reseller_id=actor.organization_id))
        return self.filter(customer_id=actor.organization_id)


class Subscription(models.Model):
    """Something a customer has and exactly one partner is billed for (T13)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="subscriptions")
    billing_owner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="subscriptions")
    reseller = models.ForeignKey(  # the partner on record's organization, where it is one of ours
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    partner_on_record = models.CharField(max_length=12, blank=True)  # PartnerID credited
    product_family = models.CharField(max_length=20, choices=ProductFamily.choices)
    product_name = models.CharField(max_length=200)
    friendly_name = models.CharField(max_length=200)
    quantity = models.PositiveIntegerField(default=1)  # licenses
    status = models.CharField(max_length=10, choices=SubscriptionStatus.choices)
    term = models.CharField(max_length=4, choices=Term.choices, default=Term.NONE)
    billing_frequency = models.CharField(
        max_length=10, choices=BillingFrequency.choices, default=BillingFrequency.MONTHLY
    )
    auto_renew = models.BooleanField(default=False)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)  # first day after the term
    created_at = models.DateTimeField()

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="subscription_quantity_positive", condition=Q(quantity__gte=1)),
            models.CheckConstraint(
                name="subscription_term_dates_in_order",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")),
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "product_family", "id"], name="subscription_of_customer"),
            models.Index(fields=["billing_owner", "customer"], name="subscription_of_owner"),
        ]

    def __str__(self) -> str:
        return self.friendly_name
