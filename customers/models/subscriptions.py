"""What a customer has, and which partner is billed for it."""

import uuid
from typing import Self

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Lower

from customers.enums import (
    BillingFrequency,
    MoveRestriction,
    PendingOperation,
    ProductFamily,
    ReservationScope,
    SubscriptionStatus,
    Term,
)
from customers.models.customers import Customer
from portal.accounts.actor import Actor
from portal.accounts.models import Partner


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    def visible_to(self, actor: Actor) -> Self:
        """What the actor's partner is billed for or credited with, or what the actor's own organization has."""
        return self.visible_in(actor.organization_id, is_partner=actor.is_partner)

    def visible_in(self, organization_id: uuid.UUID, *, is_partner: bool) -> Self:
        """The same, for anybody of an organization."""
        if is_partner:
            return self.filter(Q(billing_owner_id=organization_id) | Q(reseller_id=organization_id))
        return self.filter(customer_id=organization_id)

    def locked_all(self) -> Self:
        """These subscriptions, locked in one order everywhere so that nobody waits in a circle."""
        return self.select_for_update(of=("self",), no_key=True).order_by("pk")


class Subscription(models.Model):
    """Something a customer has and exactly one partner is billed for (T13).

    What moves to another partner gets a new row there and keeps its old one as ``TRANSFERRED``: two identifiers for one
    thing, linked both ways. The thing itself is named by ``entitlement``, which never changes (at the customer nothing
    does: the Azure subscription's own ID, the licenses people hold). The database lets one row of an entitlement be
    current, so there is one billing owner at every instant.
    """

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
    unit_price = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)  # one license, one cycle
    currency = models.CharField(max_length=3, blank=True, default="", db_default="")
    status = models.CharField(max_length=12, choices=SubscriptionStatus.choices)
    pending_operation = models.CharField(
        max_length=12, choices=PendingOperation.choices, blank=True, default="", db_default=""
    )
    term = models.CharField(max_length=4, choices=Term.choices, default=Term.NONE)
    billing_frequency = models.CharField(
        max_length=10, choices=BillingFrequency.choices, default=BillingFrequency.MONTHLY
    )
    auto_renew = models.BooleanField(default=False)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)  # first day after the term
    cancelable_until = models.DateTimeField(null=True, blank=True)
    is_trial = models.BooleanField(default=False, db_default=False)
    # The base of an add-on, the Azure plan of an Azure subscription, the Azure subscription of a reservation of single
    # scope or of a marketplace product that runs inside it.
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    scope = models.CharField(max_length=10, choices=ReservationScope.choices, blank=True, default="", db_default="")
    move_restriction = models.CharField(
        max_length=20, choices=MoveRestriction.choices, blank=True, default="", db_default=""
    )
    offer_id = models.CharField(
        max_length=100, blank=True, default="", db_default=""
    )  # product:SKU:availability of the catalog
    order_id = models.UUIDField(null=True, blank=True)
    entitlement_id = models.UUIDField(null=True, blank=True)  # empty while it is the row's own identifier
    transferred_from = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="transferred_to"
    )
    transferred_at = models.DateTimeField(null=True, blank=True)  # away from this row's billing owner
    created_at = models.DateTimeField()

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="subscription_quantity_positive", condition=Q(quantity__gte=1)),
            models.UniqueConstraint(
                Coalesce("entitlement_id", "id"),
                name="subscription_one_billing_owner",
                condition=~Q(status=SubscriptionStatus.TRANSFERRED),
            ),
            models.CheckConstraint(
                name="subscription_transferred_at_iff_transferred",
                condition=Q(status=SubscriptionStatus.TRANSFERRED, transferred_at__isnull=False)
                | (~Q(status=SubscriptionStatus.TRANSFERRED) & Q(transferred_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="subscription_price_has_currency",
                condition=Q(unit_price__isnull=True) | (Q(unit_price__gte=0) & ~Q(currency="")),
            ),
            models.CheckConstraint(
                name="subscription_term_dates_in_order",
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")),
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "product_family", "id"], name="subscription_of_customer"),
            models.Index(fields=["billing_owner", "customer"], name="subscription_of_owner"),
            # Search looks for names that begin with what is typed, of the billing owner's or the reseller's own.
            models.Index(
                F("billing_owner"),
                OpClass(Lower("friendly_name"), name="text_pattern_ops"),
                name="subscription_by_name",
            ),
            models.Index(
                F("reseller"),
                OpClass(Lower("friendly_name"), name="text_pattern_ops"),
                name="subscription_of_reseller",
                condition=Q(reseller__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.friendly_name

    @property
    def entitlement(self) -> uuid.UUID:
        """What the customer has, the same over all its billing owners."""
        return self.entitlement_id or self.pk
