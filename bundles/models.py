"""Bundles that a partner puts together, their versions, and what was sold of them (A13, decision 0048)."""

import datetime
import uuid
from decimal import Decimal
from typing import Self

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q

from bundles.enums import BundleState, BundleStatus
from customers.enums import BillingFrequency, ProductFamily, Term
from customers.models import Customer, Subscription
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.core.fields import NameKeyField

NO_END = Q(valid_until__isnull=True)


class BundleQuerySet(models.QuerySet["Bundle"]):
    def visible_to(self, actor: Actor) -> Self:
        """The bundles of the actor's partner."""
        return self.filter(partner_id=actor.organization_id)

    def locked(self, bundle_id: uuid.UUID) -> "Bundle":
        """The bundle, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=bundle_id)


class Bundle(models.Model):
    """What a partner sells under one price, for whom, and whether it still does; the rest stands in its versions."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="bundles")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reseller = models.ForeignKey(Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    status = models.CharField(max_length=10, choices=BundleStatus.choices, default=BundleStatus.ACTIVE)
    created_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = BundleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="bundle_withdrawn_at_iff_withdrawn",
                condition=Q(status=BundleStatus.WITHDRAWN, withdrawn_at__isnull=False)
                | Q(status=BundleStatus.ACTIVE, withdrawn_at__isnull=True),
            ),
            models.CheckConstraint(
                name="bundle_for_a_customer_or_a_reseller",
                condition=Q(customer__isnull=True) | Q(reseller__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.pk}"


class BundleVersionQuerySet(models.QuerySet["BundleVersion"]):
    def visible_to(self, actor: Actor) -> Self:
        """The versions of the bundles of the actor's partner."""
        return self.filter(bundle__partner_id=actor.organization_id)

    def current(self) -> Self:
        """Of each bundle the version that is sold now."""
        return self.filter(is_current=True)

    def in_state(self, state: str, *, on: datetime.date) -> Self:
        """Those whose bundle stands like this on a day."""
        active = Q(bundle__status=BundleStatus.ACTIVE)
        over = Q(valid_until__lte=on)
        return self.filter(
            {
                BundleState.ON_SALE: active & Q(valid_from__lte=on) & ~over,
                BundleState.TO_COME: active & Q(valid_from__gt=on),
                BundleState.OVER: active & over,
                BundleState.WITHDRAWN: Q(bundle__status=BundleStatus.WITHDRAWN),
            }[BundleState(state)]
        )


class BundleVersion(models.Model):
    """What a bundle holds and costs from one change to the next. Never changed: whoever bought it keeps its terms."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    bundle = models.ForeignKey(Bundle, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    is_current = models.BooleanField(default=True)
    name = models.CharField(max_length=200)
    name_key = NameKeyField(db_collation="C")
    description = models.TextField(max_length=2_000, blank=True)
    price = models.DecimalField(max_digits=16, decimal_places=4)  # one bundle, one billing cycle
    currency = models.CharField(max_length=3)
    billing_frequency = models.CharField(max_length=10, choices=BillingFrequency.choices)  # of its products
    term_text = models.CharField(max_length=200, blank=True)
    terms = models.TextField(max_length=20_000, blank=True)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)  # first day on which it is not sold any more
    made_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    objects = BundleVersionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bundle", "number"], name="bundle_version_number_once"),
            models.UniqueConstraint(
                fields=["bundle"], name="bundle_version_current_once", condition=Q(is_current=True)
            ),
            models.CheckConstraint(name="bundle_price_positive", condition=Q(price__gt=0)),
            models.CheckConstraint(name="bundle_currency_iso", condition=Q(currency__regex=r"^[A-Z]{3}$")),
            models.CheckConstraint(name="bundle_dates_in_order", condition=NO_END | Q(valid_until__gt=F("valid_from"))),
        ]
        indexes = [
            models.Index(fields=["name_key", "id"], name="bundle_by_name", condition=Q(is_current=True)),
            models.Index(fields=["created_at", "id"], name="bundle_by_time", condition=Q(is_current=True)),
            GinIndex(OpClass(F("name_key"), name="gin_trgm_ops"), name="bundle_by_part_of_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, version {self.number}"

    def state_on(self, day: datetime.date) -> BundleState:
        """Return how the bundle stands on a day; needs its bundle."""
        if self.bundle.status == BundleStatus.WITHDRAWN:
            return BundleState.WITHDRAWN
        if self.valid_from > day:
            return BundleState.TO_COME
        return BundleState.OVER if self.valid_until and self.valid_until <= day else BundleState.ON_SALE


class BundleLine(models.Model):
    """One product of a version: what the catalogs call it, how it is bought, and how many licenses of it."""

    id = models.BigAutoField(primary_key=True)
    version = models.ForeignKey(BundleVersion, on_delete=models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveSmallIntegerField()
    catalog_item = models.CharField(max_length=100)  # product:SKU:availability
    product_family = models.CharField(max_length=20, choices=ProductFamily.choices)
    title = models.CharField(max_length=300)
    term = models.CharField(max_length=4, choices=Term.choices)
    billing_frequency = models.CharField(max_length=10, choices=BillingFrequency.choices)
    quantity = models.PositiveIntegerField()  # licenses in one bundle

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "position"], name="bundle_line_position_once"),
            models.UniqueConstraint(fields=["version", "catalog_item"], name="bundle_line_product_once"),
            models.CheckConstraint(name="bundle_line_quantity_positive", condition=Q(quantity__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.title}"


class BundleSaleQuerySet(models.QuerySet["BundleSale"]):
    def visible_to(self, actor: Actor) -> Self:
        """What the actor's partner sold."""
        return self.filter(partner_id=actor.organization_id)


class BundleSale(models.Model):
    """That a customer bought a version of a bundle, so many times, at its price. ``id`` is made with the form."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(BundleVersion, on_delete=models.PROTECT, related_name="sales")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="bundle_sales")
    reseller = models.ForeignKey(Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    partner_on_record = models.CharField(max_length=12, blank=True)
    quantity = models.PositiveIntegerField()  # bundles
    cost = models.DecimalField(max_digits=18, decimal_places=4)  # of the partner, one bundle, one cycle, on that day
    sold_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    objects = BundleSaleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="bundle_sale_quantity_positive", condition=Q(quantity__gte=1)),
            models.CheckConstraint(name="bundle_sale_cost_positive", condition=Q(cost__gt=0)),
        ]
        indexes = [models.Index(fields=["version", "created_at", "id"], name="bundle_sale_of_version")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.version_id}"

    @property
    def ratio(self) -> Decimal:
        """What the customer pays for a unit of what the partner paid when the bundle was sold; needs its version."""
        return self.version.price / self.cost


class BundlePart(models.Model):
    """One subscription of a sold bundle, and what a license of it counts for within the price of the bundle."""

    subscription = models.OneToOneField(
        Subscription, on_delete=models.PROTECT, primary_key=True, related_name="bundle_part"
    )
    sale = models.ForeignKey(BundleSale, on_delete=models.PROTECT, related_name="parts")
    line = models.ForeignKey(BundleLine, on_delete=models.PROTECT, related_name="+")
    unit_price = models.DecimalField(max_digits=24, decimal_places=12)  # of the customer, one license, one cycle
    left_on = models.DateField(null=True, blank=True)  # first day from which it is billed by itself

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sale", "line"], name="bundle_part_once"),
            models.CheckConstraint(name="bundle_part_price_not_negative", condition=Q(unit_price__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} of {self.sale_id}"
