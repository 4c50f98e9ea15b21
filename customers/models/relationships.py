"""Who may sell to a customer, and the agreement the customer signed with it."""

import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from customers.enums import AgreementMethod, RelationshipKind, RelationshipStatus
from customers.models.customers import MAX_TAG_LENGTH, Customer
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.core.fields import NameKeyField

MAX_TAGS = 150  # of one customer (portal reference, section 1.4)


def _list_index(name: str, *columns: str) -> models.Index:
    """Return the index that hands out a partner's active customers in the order of ``columns``."""
    active = Q(status=RelationshipStatus.ACTIVE)
    return models.Index(fields=["partner", *columns, "id"], name=name, condition=active)


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

    def locked_all(self) -> Self:
        """These relationships, locked in one order everywhere so that nobody waits in a circle."""
        return self.select_for_update(of=("self",), no_key=True).order_by("pk")


class ResellerRelationship(models.Model):
    """Lets a partner buy for a customer (R4, R10). Two rows for the indirect model: the provider's and the reseller's.

    Name, domain and country of the customer, and whether it signed the agreement, are repeated here so that a
    partner's customer list, its order, its search and its filters are served by one table and one index even with a
    million customers (R12). A trigger carries changes of the organization over (migration 0005, decision 0020). The
    "C" collation lets the same index serve order and prefix search in any database.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(  # the indexes of the list begin with it
        Partner, on_delete=models.PROTECT, related_name="customer_relationships", db_index=False
    )
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="partner_relationships")
    kind = models.CharField(max_length=10, choices=RelationshipKind.choices)
    counterpart = models.ForeignKey(  # the reseller of a provider's row, the provider of a reseller's row
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    status = models.CharField(max_length=10, choices=RelationshipStatus.choices, default=RelationshipStatus.ACTIVE)
    has_admin_rights = models.BooleanField(default=False)  # R6: a separate grant, which the customer can take back
    has_agreement = models.BooleanField(default=False)  # of this partner, or of the provider of a reseller's row (R7)
    tags = ArrayField(models.CharField(max_length=MAX_TAG_LENGTH), default=list, blank=True)
    customer_name = models.CharField(max_length=200)
    customer_name_key = NameKeyField(source="customer_name", db_collation="C")
    customer_domain = models.CharField(max_length=253, db_collation="C")  # in lower case
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
            models.CheckConstraint(
                name="relationship_domain_lower_case", condition=Q(customer_domain=Lower("customer_domain"))
            ),
            models.CheckConstraint(name="relationship_at_most_150_tags", condition=Q(tags__len__lte=MAX_TAGS)),
        ]
        indexes = [
            _list_index("relationship_by_name", "customer_name_key"),
            _list_index("relationship_by_domain", "customer_domain"),
            _list_index("relationship_by_time", "created_at"),
            # One per filter of the list: a value that few of a million rows have must not cost a million rows.
            _list_index("relationship_by_counterpart", "counterpart", "customer_name_key"),
            _list_index("relationship_by_country", "customer_country", "customer_name_key"),
            _list_index("relationship_by_kind", "kind", "customer_name_key"),
            _list_index("relationship_by_rights", "has_admin_rights", "customer_name_key"),
            _list_index("relationship_by_agreement", "has_agreement", "customer_name_key"),
            GinIndex(
                OpClass(F("customer_name_key"), name="gin_trgm_ops"),
                OpClass(F("customer_domain"), name="gin_trgm_ops"),
                name="relationship_by_part_of_name",
            ),
            GinIndex(fields=["tags"], name="relationship_by_tag"),
        ]

    def __str__(self) -> str:
        return f"{self.partner_id} – {self.customer_name}"


class CustomerProfile(models.Model):
    """What a partner keeps about its customer: whom to bill, and what the customer may buy by itself.

    One per relationship, never shared: a customer's other partners neither see nor change it (R10).
    """

    relationship = models.OneToOneField(
        ResellerRelationship, on_delete=models.PROTECT, primary_key=True, related_name="profile"
    )
    bill_to_name = models.CharField(max_length=200, blank=True)
    bill_to_address = models.TextField(max_length=500, blank=True)
    bill_to_first_name = models.CharField(max_length=100, blank=True)
    bill_to_last_name = models.CharField(max_length=100, blank=True)
    bill_to_email = models.EmailField(blank=True)
    may_buy_reservations = models.BooleanField(default=False)
    may_buy_savings_plans = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"profile of {self.relationship_id}"


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
