"""The cart in which a purchase is put together, and the order it becomes."""

import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from customers.enums import BillingFrequency, Term
from customers.models import Customer, Subscription
from marketplace.enums import CartStatus
from marketplace.models.catalog import Plan
from portal.accounts.actor import Actor
from portal.accounts.models import Partner

MAX_FURTHER = 5  # resellers besides the one on record (portal reference, section 7.2)


def further_partner_ids() -> "ArrayField[list[str], list[str]]":
    """Return the column of the PartnerIDs of further resellers."""
    return ArrayField(models.CharField(max_length=12), default=list, db_default=[], blank=True)


class CartQuerySet(models.QuerySet["Cart"]):
    def visible_to(self, actor: Actor) -> Self:
        """The actor's own carts for customers of its partner: a cart is one person's work."""
        return self.filter(partner_id=actor.organization_id, user_id=actor.user_id)

    def locked(self, cart_id: uuid.UUID) -> "Cart":
        """The cart, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=cart_id)


class Cart(models.Model):
    """What one person wants to buy for one customer. It becomes one order, however often Buy is clicked."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    user_id = models.UUIDField()
    status = models.CharField(max_length=10, choices=CartStatus.choices, default=CartStatus.OPEN)
    created_at = models.DateTimeField()
    ordered_at = models.DateTimeField(null=True, blank=True)

    objects = CartQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "customer", "user_id"],
                name="cart_open_once_per_person",
                condition=Q(status=CartStatus.OPEN),
            ),
            models.CheckConstraint(
                name="cart_ordered_at_iff_ordered",
                condition=Q(status=CartStatus.OPEN, ordered_at__isnull=True)
                | Q(status=CartStatus.ORDERED, ordered_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} for {self.customer_id}"


class CartLine(models.Model):
    """One plan in a cart. Its price is looked up whenever it is shown, and checked again when it is bought."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="lines")
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    term = models.CharField(max_length=4, choices=Term.choices)
    billing_frequency = models.CharField(max_length=10, choices=BillingFrequency.choices)
    quantity = models.PositiveIntegerField()
    friendly_name = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cart", "plan", "term", "billing_frequency"], name="cart_line_once_per_plan_and_term"
            ),
            models.CheckConstraint(name="cart_line_quantity_positive", condition=Q(quantity__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.plan_id}"


class OrderQuerySet(models.QuerySet["Order"]):
    def visible_to(self, actor: Actor) -> Self:
        """What the actor's partner bought or is credited with, or what was bought for the actor's own organization."""
        if actor.is_partner:
            return self.filter(Q(partner_id=actor.organization_id) | Q(reseller_id=actor.organization_id))
        return self.filter(customer_id=actor.organization_id)


class Order(models.Model):
    """What a partner bought for a customer at once; its lines became subscriptions."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cart = models.OneToOneField(Cart, on_delete=models.PROTECT, related_name="order")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="orders")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders")
    reseller = models.ForeignKey(Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    partner_on_record = models.CharField(max_length=12, blank=True)
    further_partner_ids = further_partner_ids()
    currency = models.CharField(max_length=3)
    total = models.DecimalField(max_digits=18, decimal_places=4)  # full terms, before tax
    ordered_by_id = models.UUIDField()
    ordered_by_name = models.CharField(max_length=200)
    ordered_by_email = models.EmailField()
    created_at = models.DateTimeField()

    objects = OrderQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(name="order_total_not_negative", condition=Q(total__gte=0))]
        indexes = [models.Index(fields=["partner", "customer", "created_at", "id"], name="order_of_customer")]

    def __str__(self) -> str:
        return str(self.pk)


class OrderLine(models.Model):
    """One plan of an order as it was bought, whatever becomes of the subscription."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveSmallIntegerField()  # lineItemNumber, from 0
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    term = models.CharField(max_length=4, choices=Term.choices)
    billing_frequency = models.CharField(max_length=10, choices=BillingFrequency.choices)
    quantity = models.PositiveIntegerField()
    list_price = models.DecimalField(max_digits=16, decimal_places=4)
    unit_price = models.DecimalField(max_digits=16, decimal_places=4)  # less than the list's with a margin
    total = models.DecimalField(max_digits=18, decimal_places=4)  # the whole term
    subscription = models.OneToOneField(Subscription, on_delete=models.PROTECT, related_name="order_line")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "number"], name="order_line_number_once"),
            models.CheckConstraint(
                name="order_line_prices_in_order",
                condition=Q(unit_price__gte=0, list_price__gte=F("unit_price"), quantity__gte=1),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.number}"
