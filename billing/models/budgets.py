"""What a partner charges its own customers (A13), and what it lets them spend before it is told."""

import datetime
import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from billing.enums import PriceRuleKind
from customers.enums import ProductFamily
from customers.models import Customer
from portal.accounts.actor import Actor
from portal.accounts.models import Partner

NO_END = Q(valid_until__isnull=True)


class OwnPriceQuerySet(models.QuerySet["OwnPrice"]):
    def visible_to(self, actor: Actor) -> Self:
        """The prices that the actor's partner has set."""
        return self.filter(partner_id=actor.organization_id)

    def on(self, day: datetime.date) -> Self:
        """Those that hold on a day."""
        return self.filter(NO_END | Q(valid_until__gt=day), valid_from__lte=day)

    def locked(self, price_id: uuid.UUID) -> "OwnPrice":
        """The price, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=price_id)


class OwnPrice(models.Model):
    """How a partner prices what it sells: for one customer or all, for a SKU, a product, a family or everything.

    The closer one wins: a customer's before that of all, then SKU, product, family, everything; then the newer one.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="own_prices", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    family = models.CharField(max_length=20, choices=ProductFamily.choices, blank=True)
    product_id = models.CharField(max_length=40, blank=True)
    sku_id = models.CharField(max_length=40, blank=True)
    kind = models.CharField(max_length=10, choices=PriceRuleKind.choices)
    percent = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    amount = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)  # one unit, one cycle
    currency = models.CharField(max_length=3, blank=True)  # of the amount
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)  # first day on which it no longer holds
    note = models.CharField(max_length=300, blank=True)
    set_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    objects = OwnPriceQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "customer", "family", "product_id", "sku_id", "valid_from"],
                name="own_price_once_a_day",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="own_price_dates_in_order", condition=NO_END | Q(valid_until__gte=F("valid_from"))
            ),
            models.CheckConstraint(
                name="own_price_percent_or_amount",
                condition=Q(kind=PriceRuleKind.FIXED, percent__isnull=True, amount__gte=0) & ~Q(currency="")
                | ~Q(kind=PriceRuleKind.FIXED) & Q(percent__isnull=False, amount__isnull=True, currency=""),
            ),
            models.CheckConstraint(name="own_price_sku_of_a_product", condition=Q(sku_id="") | ~Q(product_id="")),
            models.CheckConstraint(
                name="own_price_fixed_of_a_product", condition=~Q(kind=PriceRuleKind.FIXED) | ~Q(product_id="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.percent if self.amount is None else self.amount}"


class OwnTermsQuerySet(models.QuerySet["OwnTerms"]):
    def visible_to(self, actor: Actor) -> Self:
        """The terms of the actor's partner."""
        return self.filter(partner_id=actor.organization_id)


class OwnTerms(models.Model):
    """The partner's own terms, for one customer or all, as of a day; a newer text takes the place of an older one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="own_terms", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    text = models.TextField(max_length=20_000)
    valid_from = models.DateField()
    set_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    objects = OwnTermsQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["partner", "customer", "valid_from"], name="own_terms_by_day")]

    def __str__(self) -> str:
        return f"terms from {self.valid_from}"


class BudgetQuerySet(models.QuerySet["Budget"]):
    def visible_to(self, actor: Actor) -> Self:
        """The budgets that the actor's partner has set."""
        return self.filter(partner_id=actor.organization_id)


class Budget(models.Model):
    """What the usage of a customer may cost a partner in a month before people are told (section 1.6)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="budgets", db_index=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="budgets", db_index=False)
    amount = models.DecimalField(max_digits=16, decimal_places=4)
    currency = models.CharField(max_length=3)
    thresholds = ArrayField(models.PositiveSmallIntegerField())  # percent, ascending
    set_by_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    objects = BudgetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "customer"], name="budget_once_per_customer"),
            models.CheckConstraint(name="budget_positive", condition=Q(amount__gt=0)),
            models.CheckConstraint(name="budget_has_thresholds", condition=Q(thresholds__len__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


class BudgetAlert(models.Model):
    """That people were told once that a month's usage passed a threshold of a budget."""

    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="alerts", db_index=False)
    month = models.DateField()
    threshold = models.PositiveSmallIntegerField()
    spent = models.DecimalField(max_digits=24, decimal_places=4)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["budget", "month", "threshold"], name="budget_alert_once_a_month"),
            models.CheckConstraint(name="budget_alert_month_begins", condition=Q(month__day=1)),
        ]

    def __str__(self) -> str:
        return f"{self.threshold} % in {self.month:%Y-%m}"
