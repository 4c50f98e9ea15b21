"""Publishers, what they offer, in which plans, where, to whom and for how much."""

import datetime
import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q

from customers.enums import BillingFrequency, Term
from customers.models import Customer
from marketplace.enums import FREQUENCIES_OF_TERM, OfferCategory, OfferStatus, Refund
from portal.accounts.actor import Actor
from portal.accounts.models import Organization, Partner
from portal.core.fields import NameKeyField

WIRE_ID = r"^[a-z0-9][a-z0-9_-]{0,49}$"  # publisherId, offerId, planId and dimension ids as they go over the wire
HTTPS_OR_LOOPBACK = r"^https?://[^\s#]+$"  # a "#" in an address of a publisher is forbidden (section 2)


class Publisher(models.Model):
    """What a publisher organization has beyond any other: how its API calls and those to it name it.

    Tenant (the organization) and application together are its identity at the fulfillment API (section 6).
    """

    organization = models.OneToOneField(Organization, on_delete=models.PROTECT, primary_key=True)
    code = models.CharField(max_length=50, unique=True)  # publisherId
    application_id = models.UUIDField(unique=True, default=uuid.uuid4)
    sends_subscribe = models.BooleanField(default=False)  # tell it of activations as well (section 4.2)
    calls_claimed_until = models.DateTimeField(null=True, blank=True)  # a worker is calling its webhooks until then

    class Meta:
        constraints = [models.CheckConstraint(name="publisher_code_fits_the_wire", condition=Q(code__regex=WIRE_ID))]

    def __str__(self) -> str:
        return self.code


class OfferQuerySet(models.QuerySet["Offer"]):
    def visible_to(self, actor: Actor) -> Self:
        """The publisher's own offers, or all published ones for everybody else."""
        return self.filter(Q(publisher_id=actor.organization_id) | Q(status=OfferStatus.PUBLISHED))

    def locked(self, offer_id: uuid.UUID) -> "Offer":
        """The offer, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=offer_id)


class Offer(models.Model):
    """A SaaS product of a publisher, with its technical configuration and its terms of cancellation."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    publisher = models.ForeignKey(Publisher, on_delete=models.PROTECT, related_name="offers")
    code = models.CharField(max_length=50)  # offerId
    name = models.CharField(max_length=200)
    name_key = NameKeyField(db_collation="C")
    summary = models.CharField(max_length=300, blank=True)
    description = models.TextField(max_length=5000, blank=True)
    category = models.CharField(max_length=20, choices=OfferCategory.choices)
    status = models.CharField(max_length=10, choices=OfferStatus.choices, default=OfferStatus.DRAFT)
    is_sold_by_partners = models.BooleanField(default=True)  # the publisher opted in to the partner programme
    is_exclusive = models.BooleanField(default=False)  # everybody sees it, only the chosen partners buy (section 7.1)
    is_once_per_customer = models.BooleanField(default=False)
    publisher_may_change = models.BooleanField(default=False)  # what is bought through partners, too (section 1.5)
    documentation_url = models.URLField(max_length=500, blank=True)
    support_email = models.EmailField(blank=True)
    support_phone = models.CharField(max_length=40, blank=True)
    engineering_email = models.EmailField(blank=True)
    partner_contact_email = models.EmailField(blank=True)
    landing_page_url = models.CharField(max_length=500, blank=True)
    webhook_url = models.CharField(max_length=500, blank=True)
    refund = models.CharField(max_length=10, choices=Refund.choices, default=Refund.FULL)
    monthly_window_hours = models.PositiveIntegerField(default=24)  # from the order, for terms of one month
    longer_window_hours = models.PositiveIntegerField(default=14 * 24)
    created_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["publisher", "code"], name="offer_code_once_per_publisher"),
            models.CheckConstraint(name="offer_code_fits_the_wire", condition=Q(code__regex=WIRE_ID)),
            models.CheckConstraint(
                name="offer_landing_page_usable",
                condition=Q(landing_page_url="") | Q(landing_page_url__regex=HTTPS_OR_LOOPBACK),
            ),
            models.CheckConstraint(
                name="offer_webhook_usable", condition=Q(webhook_url="") | Q(webhook_url__regex=HTTPS_OR_LOOPBACK)
            ),
            models.CheckConstraint(  # whoever buys needs somewhere to go, and the publisher must be told of changes
                name="offer_published_only_when_configured",
                condition=~Q(status=OfferStatus.PUBLISHED)
                | (~Q(landing_page_url="") & ~Q(webhook_url="") & Q(published_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["name_key", "id"], name="offer_by_name", condition=Q(status=OfferStatus.PUBLISHED)),
            GinIndex(OpClass(F("name_key"), name="gin_trgm_ops"), name="offer_by_part_of_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def window_hours(self, term: str) -> int:
        """Return how long after the order a purchase of this term may be canceled (section 7.7)."""
        return self.monthly_window_hours if term == Term.MONTH else self.longer_window_hours


class ExclusivePartner(models.Model):
    """A partner that may buy an exclusive offer."""

    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="exclusive_partners")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["offer", "partner"], name="exclusive_partner_once")]

    def __str__(self) -> str:
        return f"{self.partner_id} for {self.offer_id}"


class Plan(models.Model):
    """A version of an offer: licenses or a flat rate, limits of quantity, a free trial, countries, an audience."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="plans")
    code = models.CharField(max_length=50)  # planId
    name = models.CharField(max_length=200)
    description = models.TextField(max_length=2000, blank=True)
    position = models.PositiveSmallIntegerField(default=0)  # among the plans of its offer
    is_per_seat = models.BooleanField(default=True)  # else a flat rate, which may have metered dimensions
    min_quantity = models.PositiveIntegerField(default=1)
    max_quantity = models.PositiveIntegerField(default=1_000_000)  # the ceiling of licenses (section 3.9)
    trial_days = models.PositiveSmallIntegerField(default=0)  # 30 or 60, without a choice (section 7.8)
    is_private = models.BooleanField(default=False)
    activates_itself = models.BooleanField(default=False)  # with the order, without the publisher (section 4.2)
    is_stopped = models.BooleanField(default=False)  # no new purchases; what runs goes on
    needs_azure_plan = models.BooleanField(default=False)  # metered plans: API error codes 900128 and 900129
    countries = ArrayField(models.CharField(max_length=2), default=list, blank=True)  # where sold; empty: everywhere

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["offer", "code"], name="plan_code_once_per_offer"),
            models.CheckConstraint(name="plan_code_fits_the_wire", condition=Q(code__regex=WIRE_ID)),
            models.CheckConstraint(
                name="plan_quantities_in_order",
                condition=Q(min_quantity__gte=1, max_quantity__gte=F("min_quantity"), max_quantity__lte=1_000_000),
            ),
            models.CheckConstraint(
                name="plan_flat_rate_is_one", condition=Q(is_per_seat=True) | Q(min_quantity=1, max_quantity=1)
            ),
            models.CheckConstraint(name="plan_trial_days_known", condition=Q(trial_days__in=[0, 30, 60])),
        ]

    def __str__(self) -> str:
        return self.name


class PlanAudience(models.Model):
    """A tenant that a private plan is for: a customer, or a partner for all its customers."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="audience")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "organization"], name="plan_audience_once")]

    def __str__(self) -> str:
        return f"{self.organization_id} for {self.plan_id}"


def _terms_with_their_frequencies() -> Q:
    allowed = Q()
    for term, frequencies in FREQUENCIES_OF_TERM.items():
        allowed |= Q(term=term, billing_frequency__in=[str(frequency) for frequency in frequencies])
    return allowed


class PlanPriceQuerySet(models.QuerySet["PlanPrice"]):
    def on(self, day: datetime.date) -> "PlanPriceQuerySet":
        """The prices that hold on a day: of each plan, term, frequency and currency the newest that has begun."""
        begun = self.filter(valid_from__lte=day).order_by(
            "plan_id", "term", "billing_frequency", "currency", "-valid_from"
        )
        newest = begun.distinct("plan_id", "term", "billing_frequency", "currency")
        return self.model.objects.filter(pk__in=newest.values("pk"))


class PlanPrice(models.Model):
    """What one license of a plan costs a partner for one billing cycle, from a day on until the next row's day."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="prices")
    term = models.CharField(max_length=4, choices=Term.choices)
    billing_frequency = models.CharField(max_length=10, choices=BillingFrequency.choices)
    currency = models.CharField(max_length=3)
    unit_price = models.DecimalField(max_digits=16, decimal_places=4)
    valid_from = models.DateField()
    is_offered = models.BooleanField(default=True)  # False: not sold from that day on; renewals keep this price

    objects = PlanPriceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "term", "billing_frequency", "currency", "valid_from"], name="plan_price_once_a_day"
            ),
            models.CheckConstraint(name="plan_price_not_negative", condition=Q(unit_price__gte=0)),
            models.CheckConstraint(name="plan_price_currency_iso", condition=Q(currency__regex=r"^[A-Z]{3}$")),
            models.CheckConstraint(name="plan_price_frequency_of_term", condition=_terms_with_their_frequencies()),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.term} {self.billing_frequency}: {self.unit_price} {self.currency}"


class MarginQuerySet(models.QuerySet["Margin"]):
    def on(self, day: datetime.date) -> Self:
        return self.filter(starts_on__lte=day).filter(Q(ends_on__isnull=True) | Q(ends_on__gt=day))


class Margin(models.Model):
    """A private offer: a partner pays less for a plan between two days, for all its customers or for one (7.1)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="margins")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    percent = models.DecimalField(max_digits=5, decimal_places=2)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)  # first day on which it no longer holds

    objects = MarginQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="margin_percent_in_range", condition=Q(percent__gt=0, percent__lte=100)),
            models.CheckConstraint(
                name="margin_days_in_order", condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on"))
            ),
            models.UniqueConstraint(
                fields=["plan", "partner", "customer", "starts_on"], name="margin_once_a_day", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.percent} % on {self.plan_id}"


class Dimension(models.Model):
    """Something that a publisher meters of a flat-rate plan, beyond what the plan includes (section 5)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="dimensions")
    code = models.CharField(max_length=50)
    name = models.CharField(max_length=200)
    unit = models.CharField(max_length=60)
    included_monthly = models.PositiveIntegerField(default=0)  # counted by the publisher, told to customers here

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "code"], name="dimension_code_once_per_plan"),
            models.CheckConstraint(name="dimension_code_fits_the_wire", condition=Q(code__regex=WIRE_ID)),
        ]

    def __str__(self) -> str:
        return self.name


class DimensionPrice(models.Model):
    """What one unit of a metered dimension costs, in one currency."""

    dimension = models.ForeignKey(Dimension, on_delete=models.CASCADE, related_name="prices")
    currency = models.CharField(max_length=3)
    unit_price = models.DecimalField(max_digits=16, decimal_places=4)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dimension", "currency"], name="dimension_price_once"),
            models.CheckConstraint(name="dimension_price_not_negative", condition=Q(unit_price__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.unit_price} {self.currency}"
