"""Customers, who may sell to them, the links that ask for it, what they signed, and what they have."""

import datetime
import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q

from customers.enums import (
    AgreementMethod,
    BillingFrequency,
    InvitationStatus,
    ProductFamily,
    Qualification,
    RelationshipKind,
    RelationshipStatus,
    SubscriptionStatus,
    Term,
)
from portal.accounts.actor import Actor
from portal.accounts.enums import Cloud
from portal.accounts.models import Organization, Partner
from portal.core.fields import NameKeyField


class Market(models.Model):
    """A group of countries that a partner located in one of them may sell into (A8, section 10)."""

    code = models.CharField(max_length=40, primary_key=True)
    name = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.name


class MarketCountry(models.Model):
    """A country's place in a market, while it holds. Country sets change, so each row has dates."""

    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="countries")
    country = models.CharField(max_length=2)
    currency = models.CharField(max_length=3)  # what a partner located there is billed in
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)  # first day on which it no longer holds

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["country", "valid_from"], name="market_country_once_a_day"),
            models.CheckConstraint(
                name="market_country_dates_in_order",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} in {self.market_id}"


class Customer(models.Model):
    """What a customer organization has beyond any other: whom to bill, and what it qualifies for."""

    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, primary_key=True)
    registration_number = models.CharField(max_length=60, blank=True)
    bill_to_name = models.CharField(max_length=200, blank=True)
    bill_to_address = models.TextField(max_length=500, blank=True)
    bill_to_first_name = models.CharField(max_length=100, blank=True)
    bill_to_last_name = models.CharField(max_length=100, blank=True)
    bill_to_email = models.EmailField(blank=True)
    qualification = models.CharField(max_length=30, choices=Qualification.choices, default=Qualification.NONE)
    may_buy_reservations = models.BooleanField(default=False)
    may_buy_savings_plans = models.BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.organization_id)


class ResellerRelationshipQuerySet(models.QuerySet["ResellerRelationship"]):
    def visible_to(self, actor: Actor) -> Self:
        """The relationships of the actor's partner, or those that concern the actor's customer organization."""
        if actor.is_partner:
            return self.filter(partner_id=actor.organization_id)
        return self.filter(customer_id=actor.organization_id)

    def active(self) -> Self:
        return self.filter(status=RelationshipStatus.ACTIVE)

    def locked(self, relationship_id: uuid.UUID) -> "ResellerRelationship":
        """The relationship, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=relationship_id)


class ResellerRelationship(models.Model):
    """Lets a partner buy for a customer (R4, R10). Two rows for the indirect model: the provider's and the reseller's.

    Name, domain and country of the customer are repeated here so that a partner's customer list, its order, its
    search and its filters are served by one table and one index even with a million customers (R12).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="customer_relationships")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="partner_relationships")
    kind = models.CharField(max_length=10, choices=RelationshipKind.choices)
    counterpart = models.ForeignKey(  # the reseller of a provider's row, the provider of a reseller's row
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    status = models.CharField(max_length=10, choices=RelationshipStatus.choices, default=RelationshipStatus.ACTIVE)
    has_admin_rights = models.BooleanField(default=False)  # R6: a separate grant, which the customer can take back
    tags = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    customer_name = models.CharField(max_length=200)
    customer_name_key = NameKeyField(source="customer_name")
    customer_domain = models.CharField(max_length=253)
    customer_country = models.CharField(max_length=2)
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    admin_rights_removed_at = models.DateTimeField(null=True, blank=True)

    objects = ResellerRelationshipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "customer"],
                name="relationship_active_once",
                condition=Q(status=RelationshipStatus.ACTIVE),
            ),
            models.CheckConstraint(
                name="relationship_removed_at_iff_removed",
                condition=Q(status=RelationshipStatus.REMOVED, removed_at__isnull=False)
                | Q(status=RelationshipStatus.ACTIVE, removed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="relationship_counterpart_iff_indirect",
                condition=Q(kind=RelationshipKind.DIRECT, counterpart__isnull=True)
                | Q(kind=RelationshipKind.PROVIDER)
                | Q(kind=RelationshipKind.RESELLER, counterpart__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["partner", "customer_name_key", "id"],
                name="relationship_by_name",
                condition=Q(status=RelationshipStatus.ACTIVE),
            ),
            models.Index(
                fields=["partner", "counterpart", "customer_name_key", "id"],
                name="relationship_by_counterpart",
                condition=Q(status=RelationshipStatus.ACTIVE, counterpart__isnull=False),
            ),
            GinIndex(
                OpClass(F("customer_name_key"), name="gin_trgm_ops"),
                OpClass(F("customer_domain"), name="gin_trgm_ops"),
                name="relationship_by_part_of_name",
            ),
            GinIndex(fields=["tags"], name="relationship_by_tag"),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} – {self.customer_name}"


class InvitationQuerySet(models.QuerySet["RelationshipInvitation"]):
    def visible_to(self, actor: Actor) -> Self:
        """Requests of the actor's partner: those it asked for, and those that name it as the reseller."""
        return self.filter(Q(partner_id=actor.organization_id) | Q(reseller_id=actor.organization_id))

    def open(self, now: datetime.datetime) -> Self:
        return self.filter(status=InvitationStatus.PENDING, expires_at__gt=now)

    def locked(self, invitation_id: uuid.UUID) -> "RelationshipInvitation":
        """The invitation, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=invitation_id)


class RelationshipInvitation(models.Model):
    """The request for a reseller relationship that a customer answers through a unique link (R1–R3)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="invitations")  # the billing partner
    reseller = models.ForeignKey(
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="reseller_invitations"
    )
    cloud = models.CharField(max_length=20, choices=Cloud.choices, default=Cloud.PUBLIC)
    include_admin_rights = models.BooleanField()
    language = models.CharField(max_length=8)
    customer_label = models.CharField(max_length=200)  # how the partner calls it in its list before it accepts
    expected_tenant_id = models.UUIDField(null=True, blank=True)
    expected_domain = models.CharField(max_length=253, blank=True)
    recipient_email = models.EmailField(blank=True)
    message_subject = models.CharField(max_length=300)
    message_text = models.TextField(max_length=10_000)  # holds [[link]] where the unique link goes
    status = models.CharField(max_length=10, choices=InvitationStatus.choices, default=InvitationStatus.PENDING)
    requested_by_id = models.UUIDField()
    requested_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by_name = models.CharField(max_length=200, blank=True)
    decline_reason = models.TextField(max_length=1000, blank=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="invitations")

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "partner",
                F("reseller"),
                "expected_tenant_id",
                name="invitation_open_once_per_tenant",
                condition=Q(status=InvitationStatus.PENDING, expected_tenant_id__isnull=False),
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                "partner",
                F("reseller"),
                "expected_domain",
                name="invitation_open_once_per_domain",
                condition=Q(status=InvitationStatus.PENDING) & ~Q(expected_domain=""),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="invitation_closed_at_iff_closed",
                condition=Q(status=InvitationStatus.PENDING, closed_at__isnull=True)
                | (~Q(status=InvitationStatus.PENDING) & Q(closed_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="invitation_customer_iff_accepted",
                condition=Q(status=InvitationStatus.ACCEPTED, customer__isnull=False)
                | (~Q(status=InvitationStatus.ACCEPTED) & Q(customer__isnull=True)),
            ),
            models.CheckConstraint(  # R6: leaving administration rights out is not offered for US Government
                name="invitation_us_government_has_admin_rights",
                condition=~Q(cloud=Cloud.US_GOVERNMENT) | Q(include_admin_rights=True),
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "created_at", "id"], name="invitation_by_time"),
            models.Index(fields=["expires_at"], name="invitation_due", condition=Q(status=InvitationStatus.PENDING)),
        ]

    def __str__(self) -> str:
        return f"{self.customer_label}: {self.status}"


class InvitationLink(models.Model):
    """One unique link of an invitation. Only the hash of its token is kept (R3).

    Sending again replaces the links before it; a reminder adds one, so that the first mail's link goes on working.
    """

    invitation = models.ForeignKey(RelationshipInvitation, on_delete=models.PROTECT, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"link of {self.invitation_id}"


class CustomerAgreement(models.Model):
    """That a customer signed the customer agreement with a partner, when, how and which version (R7)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="customer_agreements")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="agreements")
    version = models.CharField(max_length=20)
    language = models.CharField(max_length=8)
    country = models.CharField(max_length=2)
    method = models.CharField(max_length=10, choices=AgreementMethod.choices)
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    email = models.EmailField()
    phone = models.CharField(max_length=40, blank=True)
    agreed_on = models.DateField()
    recorded_by_id = models.UUIDField(null=True)
    recorded_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            # Attesting again needs other contact data (original: error 600061).
            models.UniqueConstraint(
                fields=["partner", "customer", "version", "method", "first_name", "last_name", "email", "phone"],
                name="agreement_once_per_contact",
            ),
        ]
        indexes = [models.Index(fields=["partner", "customer", "created_at"], name="agreement_of_customer")]

    def __str__(self) -> str:
        return f"{self.customer_id} with {self.partner_id}: {self.version}"


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
