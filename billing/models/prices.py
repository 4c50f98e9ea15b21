"""What the programme sells and at what price: one price list per product family, country, currency and month (A9)."""

import datetime
import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from billing.enums import Segment
from customers.enums import BillingFrequency, ProductFamily, Term


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
