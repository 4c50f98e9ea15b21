"""What the programme sells and at what price: one price list per product family, country, currency and month (A9)."""

import datetime
import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from billing.enums import Segment, SheetStatus
from customers.enums import BillingFrequency, ProductFamily, RowResult, Term


class PriceListQuerySet(models.QuerySet["PriceList"]):
    def of_month(self, month: datetime.date) -> Self:
        """The lists in force in a month: a list holds until a later one of its kind takes its place."""
        in_force = self.filter(month__lte=month).order_by("family", "country", "currency", "-month")
        return in_force.distinct("family", "country", "currency")


class PriceList(models.Model):
    """The prices of one product family for customers of a country, in one currency, from a month on."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    family = models.CharField(max_length=20, choices=ProductFamily.choices)
    country = models.CharField(max_length=2)  # the "market" of the original's sheets: where the customer is
    currency = models.CharField(max_length=3)
    month = models.DateField()  # its first day
    created_at = models.DateTimeField()

    objects = PriceListQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["country", "currency", "family", "month"], name="price_list_once_a_month"),
            models.CheckConstraint(name="price_list_month_begins", condition=Q(month__day=1)),
            models.CheckConstraint(name="price_list_currency_iso", condition=Q(currency__regex=r"^[A-Z]{3}$")),
            models.CheckConstraint(name="price_list_country_iso", condition=Q(country__regex=r"^[A-Z]{2}$")),
        ]

    def __str__(self) -> str:
        return f"{self.family} {self.country} {self.currency} {self.month:%Y-%m}"


class PriceListEntry(models.Model):
    """One row of a price list: a SKU (or a meter) with term and billing plan, and what one unit costs.

    ``unit_price`` is what the partner pays, ``retail_price`` the estimated retail price (ERP). Prices of meters go far
    below a cent, so both keep twelve decimals; amounts that are charged are whole cents.
    """

    id = models.BigAutoField(primary_key=True)
    price_list = models.ForeignKey(PriceList, on_delete=models.CASCADE, related_name="entries", db_index=False)
    product_id = models.CharField(max_length=40)
    sku_id = models.CharField(max_length=40)
    product_title = models.CharField(max_length=300)
    sku_title = models.CharField(max_length=300)
    sku_description = models.TextField(blank=True)
    publisher = models.CharField(max_length=200, blank=True)
    segment = models.CharField(max_length=12, choices=Segment.choices, default=Segment.COMMERCIAL)
    term = models.CharField(max_length=4, choices=Term.choices, default=Term.NONE)
    billing_frequency = models.CharField(max_length=10, choices=BillingFrequency.choices)
    meter_id = models.CharField(max_length=40, blank=True)  # what usage records name
    unit_of_measure = models.CharField(max_length=100, blank=True)
    tier_from = models.DecimalField(max_digits=24, decimal_places=12, default=0)  # units from which the price holds
    unit_price = models.DecimalField(max_digits=24, decimal_places=12)
    retail_price = models.DecimalField(max_digits=24, decimal_places=12)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)  # first day on which it no longer holds
    tags = ArrayField(models.CharField(max_length=100), default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "price_list",
                    "product_id",
                    "sku_id",
                    "segment",
                    "term",
                    "billing_frequency",
                    "meter_id",
                    "tier_from",
                    "starts_on",
                ],
                name="price_once",
            ),
            models.CheckConstraint(
                name="price_not_negative", condition=Q(unit_price__gte=0) & Q(retail_price__gte=0) & Q(tier_from__gte=0)
            ),
            models.CheckConstraint(
                name="price_dates_in_order", condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on"))
            ),
        ]
        indexes = [
            models.Index(fields=["price_list", "product_title", "sku_title", "id"], name="price_by_title"),
            models.Index(fields=["product_id", "sku_id"], name="price_of_sku"),
            models.Index(fields=["meter_id"], name="price_of_meter", condition=~Q(meter_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.product_id}:{self.sku_id} {self.unit_price}"


class PriceSheetQuerySet(models.QuerySet["PriceSheet"]):
    def locked(self, sheet_id: uuid.UUID) -> "PriceSheet":
        """The sheet, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=sheet_id)


class PriceSheet(models.Model):
    """A file of prices that the operator brings in: checked row by row, then put into the lists on a yes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    family = models.CharField(max_length=20, choices=ProductFamily.choices)
    month = models.DateField()
    status = models.CharField(max_length=10, choices=SheetStatus.choices, default=SheetStatus.CHECKED)
    file_name = models.CharField(max_length=255)
    ignored_columns = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    row_count = models.PositiveIntegerField(default=0)
    new_count = models.PositiveIntegerField(default=0)
    changed_count = models.PositiveIntegerField(default=0)
    same_count = models.PositiveIntegerField(default=0)
    wrong_count = models.PositiveIntegerField(default=0)
    started_by_id = models.UUIDField()
    started_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = PriceSheetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="price_sheet_finished_at_iff_closed",
                condition=Q(status=SheetStatus.CHECKED, finished_at__isnull=True)
                | (~Q(status=SheetStatus.CHECKED) & Q(finished_at__isnull=False)),
            ),
            models.CheckConstraint(name="price_sheet_month_begins", condition=Q(month__day=1)),
        ]
        indexes = [models.Index(fields=["created_at", "id"], name="price_sheet_by_time")]

    def __str__(self) -> str:
        return f"{self.file_name}: {self.status}"


class PriceSheetRow(models.Model):
    """One row of the file, in our words, and what becomes of it; ``reason`` is a code: readers have languages."""

    id = models.BigAutoField(primary_key=True)
    sheet = models.ForeignKey(PriceSheet, on_delete=models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField()  # as a spreadsheet counts
    values = models.JSONField()
    result = models.CharField(max_length=10, choices=RowResult.choices)
    reason = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sheet", "number"], name="price_sheet_row_once"),
            models.CheckConstraint(
                name="price_sheet_row_wrong_has_reason", condition=~Q(result=RowResult.WRONG) | ~Q(reason="")
            ),
        ]
        indexes = [models.Index(fields=["sheet", "result", "number"], name="price_sheet_row_by_result")]

    def __str__(self) -> str:
        return f"row {self.number} of {self.sheet_id}"
