"""Customers, and what a partner notes about its own: whom to bill, tags, views of the list."""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from customers.enums import Qualification
from portal.accounts.models import Organization, Partner, User

MAX_TAG_LENGTH = 50


class CustomerQuerySet(models.QuerySet["Customer"]):
    def locked(self, customer_id: uuid.UUID) -> "Customer":
        """The customer, its row locked until the open transaction ends; relationships are locked after it."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=customer_id)


class Customer(models.Model):
    """What a customer organization has beyond any other, the same for all its partners."""

    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, primary_key=True)
    registration_number = models.CharField(max_length=60, blank=True)
    qualification = models.CharField(max_length=30, choices=Qualification.choices, default=Qualification.NONE)

    objects = CustomerQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.organization_id)


class Tag(models.Model):
    """A word a partner sorts its customers by. The customers' relationships hold the words themselves."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="tags")
    name = models.CharField(max_length=MAX_TAG_LENGTH)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint("partner", Lower("name"), name="tag_once_per_partner"),
            models.CheckConstraint(name="tag_not_empty", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name


class SavedView(models.Model):
    """A customer list as one person wants it again: its filters and order as the query of an address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="saved_views")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "organization", "name"], name="saved_view_name_once"),
            models.CheckConstraint(name="saved_view_named", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return self.name
