"""What Azure subscriptions used each day, what it is estimated to cost, and which charge it stands on (A7)."""

import datetime
import uuid
from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import Q

from billing.enums import UsageImportStatus, UsageKind
from billing.models.charges import Charge
from customers.models import Customer, Subscription
from portal.accounts.actor import Actor
from portal.accounts.models import Partner


class UsageImportQuerySet(models.QuerySet["UsageImport"]):
    def free(self) -> Self:
        """Those that wait for their import and that no worker is at, their rows locked."""
        return self.filter(status=UsageImportStatus.WAITING).select_for_update(
            of=("self",), no_key=True, skip_locked=True
        )

    def lost(self, *, since: datetime.datetime) -> Self:
        """Free ones that nobody has touched for a while: their task was lost."""
        return self.free().filter(touched_at__lt=since)


FINE = Decimal("0.000000000001")  # of prices and costs: twelve decimals


class UsageImport(models.Model):
    """One file of usage records, and what became of its rows: all of them in one transaction, or none.

    While it waits, its file stands in ``parts`` and ``row_count`` is the number of its lines; ``tries`` counts the
    workers that began. ``failure`` is a code, with the line of the file where there is one.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    file_name = models.CharField(max_length=255)
    status = models.CharField(
        max_length=10,
        choices=UsageImportStatus.choices,
        default=UsageImportStatus.DONE,
        db_default=UsageImportStatus.DONE,
    )
    failure = models.CharField(max_length=40, blank=True, default="", db_default="")
    failure_line = models.PositiveIntegerField(default=0, db_default=0)
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    row_count = models.PositiveIntegerField(default=0)
    new_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0)
    same_count = models.PositiveIntegerField(default=0)
    wrong_count = models.PositiveIntegerField(default=0)
    started_by_id = models.UUIDField()
    started_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    touched_at = models.DateTimeField(null=True, blank=True)  # when a worker last began, or the file came
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = UsageImportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="usage_import_waits_unfinished",
                condition=~Q(status=UsageImportStatus.WAITING) | Q(finished_at__isnull=True, touched_at__isnull=False),
            ),
            models.CheckConstraint(
                name="usage_import_failed_has_reason",
                condition=Q(status=UsageImportStatus.FAILED, finished_at__isnull=False) & ~Q(failure="")
                | ~Q(status=UsageImportStatus.FAILED) & Q(failure=""),
            ),
        ]
        indexes = [
            models.Index(fields=["created_at", "id"], name="usage_import_by_time"),
            models.Index(
                fields=["touched_at"], name="usage_import_waiting", condition=Q(status=UsageImportStatus.WAITING)
            ),
        ]

    def __str__(self) -> str:
        return self.file_name


class UsageImportPart(models.Model):
    """A piece of an uploaded file, as it came; kept until the file is imported."""

    id = models.BigAutoField(primary_key=True)
    usage_import = models.ForeignKey(UsageImport, on_delete=models.CASCADE, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["usage_import", "number"], name="usage_import_part_once")]

    def __str__(self) -> str:
        return f"part {self.number} of {self.usage_import_id}"


class UsageImportRow(models.Model):
    """A row that was not imported, and why: ``reason`` is a code, readers have languages."""

    id = models.BigAutoField(primary_key=True)
    usage_import = models.ForeignKey(UsageImport, on_delete=models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField()  # as a spreadsheet counts
    values = models.JSONField()
    reason = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["usage_import", "number"], name="usage_import_row_once")]

    def __str__(self) -> str:
        return f"row {self.number} of {self.usage_import_id}"


class UsageRecordQuerySet(models.QuerySet["UsageRecord"]):
    def visible_to(self, actor: Actor) -> Self:
        """What the actor's partner is billed for: of each day, whoever owned the subscription on it."""
        return self.filter(billing_owner_id=actor.organization_id)


class UsageRecord(models.Model):
    """What one meter of one resource counted on one day.

    ``key`` is what the record is called in every file, so that a second import finds it. The cost is what it is
    estimated to be until the month is charged; ``earned_percent`` of it is the partner earned credit. Where a meter has
    tiers, ``unit_price`` is the first one's, and the cost is by the tiers that the record falls into. Amounts are
    rounded when the month is charged, not before.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(unique=True)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="usage_records", db_index=False
    )
    billing_owner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    kind = models.CharField(max_length=12, choices=UsageKind.choices)
    meter_id = models.CharField(max_length=40)
    meter_name = models.CharField(max_length=200)
    category = models.CharField(max_length=100)
    region = models.CharField(max_length=100, blank=True)
    unit = models.CharField(max_length=100, blank=True)
    resource = models.CharField(max_length=500, blank=True)
    quantity = models.DecimalField(max_digits=24, decimal_places=12)
    unit_price = models.DecimalField(max_digits=24, decimal_places=12)  # in the currency of the price list
    pricing_currency = models.CharField(max_length=3)
    exchange_rate = models.DecimalField(max_digits=18, decimal_places=8)  # 1 where nothing is converted
    has_own_price = models.BooleanField(default=False)  # named by the file: no tier of the rate card holds
    cost = models.DecimalField(max_digits=24, decimal_places=12)  # in ``currency``
    currency = models.CharField(max_length=3)  # the billing owner's
    earned_percent = models.DecimalField(max_digits=5, decimal_places=2, default=0)
    charge = models.ForeignKey(Charge, on_delete=models.PROTECT, null=True, related_name="usage", db_index=False)

    objects = UsageRecordQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="usage_quantity_not_negative", condition=Q(quantity__gte=0)),
            models.CheckConstraint(
                name="usage_converted_by_a_rate",
                condition=~Q(pricing_currency=models.F("currency")) | Q(exchange_rate=1),
            ),
        ]
        indexes = [
            models.Index(fields=["billing_owner", "day"], name="usage_of_owner"),
            models.Index(fields=["subscription", "day"], name="usage_of_subscription"),
        ]

    def __str__(self) -> str:
        return f"{self.meter_name} {self.day}: {self.quantity}"

    @property
    def paid_unit_price(self) -> Decimal:
        """What a unit cost on average, in the currency of the price list: in further tiers not ``unit_price``."""
        if not self.quantity or round(self.quantity * self.unit_price * self.exchange_rate, 12) == self.cost:
            return self.unit_price
        return (self.cost / self.exchange_rate / self.quantity).quantize(FINE)

    @property
    def effective_unit_price(self) -> Decimal:
        """The same after the partner earned credit."""
        return (self.paid_unit_price * (100 - self.earned_percent) / 100).quantize(FINE)
