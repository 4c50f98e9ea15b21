"""The publisher's side of a subscription: its links, operations, calls and metered usage."""

import datetime
import uuid
from typing import Self

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q

from customers.models import Subscription
from marketplace.enums import (
    WAITS_FOR_PUBLISHER,
    CallStatus,
    EndReason,
    FulfillmentStatus,
    OperationAction,
    OperationSource,
    OperationStatus,
    Refund,
)
from marketplace.models.catalog import Dimension, Offer, Plan, Publisher
from marketplace.models.orders import MAX_FURTHER, further_partner_ids
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Partner
from portal.core.fields import NAME_KEY_LENGTH, name_key

ACTIVE_STATES = (FulfillmentStatus.SUBSCRIBED, FulfillmentStatus.SUSPENDED)
# What the list over all customers repeats of the customer's subscription (``SaaSSubscription.copy_for_list``).
LIST_COPIES = (
    "name_key",
    "product_key",
    "customer_name_key",
    "reseller",
    "ends_on",
    "auto_renew",
    "cancelable_until",
)


def _key() -> models.CharField:  # type: ignore[type-arg]
    """Return a column with a name as it is searched and sorted, whatever collation the database has."""
    return models.CharField(max_length=NAME_KEY_LENGTH, db_collation="C", default="", editable=False)


def _list_index(name: str, *columns: str) -> models.Index:
    """Return the index that hands out a partner's living subscriptions in the order of ``columns``."""
    living = ~Q(status=FulfillmentStatus.UNSUBSCRIBED)
    return models.Index(fields=["partner", *columns, "subscription"], name=name, condition=living)


class SaaSSubscriptionQuerySet(models.QuerySet["SaaSSubscription"]):
    def visible_to(self, actor: Actor) -> Self:
        """A partner's and a customer's own ones, a publisher's of its offers, all of them for the operator."""
        if actor.is_partner:
            return self.of_partner(actor.organization_id)
        if actor.organization_kind == OrganizationKind.OPERATOR:
            return self
        if actor.organization_kind == OrganizationKind.PUBLISHER:
            return self.filter(publisher_id=actor.organization_id)
        return self.filter(subscription__customer_id=actor.organization_id)

    def of_partner(self, partner_id: uuid.UUID) -> Self:
        """What a partner bought, or sold as the reseller of the provider that bought it."""
        return self.filter(Q(partner_id=partner_id) | Q(subscription__reseller_id=partner_id))

    def with_rows(self) -> Self:
        """Everything that workflow, announcements and the wire read of a subscription, in the same query."""
        return self.select_related(
            "subscription__customer__organization",
            "subscription__billing_owner__organization",
            "subscription__reseller__organization",
            "plan__offer",
            "publisher__organization",
        )

    def locked(self, subscription_id: uuid.UUID) -> "SaaSSubscription":
        """The subscription, both its rows locked until the open transaction ends: customers' row first."""
        Subscription.objects.select_for_update(of=("self",), no_key=True).get(pk=subscription_id)
        rows = self.with_rows().select_for_update(of=("self",), no_key=True)
        return rows.get(pk=subscription_id)


class SaaSSubscription(models.Model):
    """What the publisher knows of a ``customers.Subscription`` of the marketplace, by the same identifier (M6).

    Money and term stand in that row; here stands what only a publisher's product has. A SaaS subscription never moves
    to another partner (section 6.3), so the two rows stay together.
    """

    subscription = models.OneToOneField(Subscription, on_delete=models.PROTECT, primary_key=True, related_name="saas")
    publisher = models.ForeignKey(Publisher, on_delete=models.PROTECT, related_name="subscriptions")
    # The billing owner once more, which for SaaS never changes: the list over all customers is served by one index.
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+", db_index=False)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="subscriptions")
    status = models.CharField(max_length=30, choices=FulfillmentStatus.choices, default=FulfillmentStatus.PENDING)
    # Who bought and who uses it, as the publisher is told (fulfillment reference, section 3.2).
    beneficiary_email = models.EmailField(blank=True)
    beneficiary_object_id = models.UUIDField(null=True, blank=True)
    purchaser_email = models.EmailField()
    purchaser_object_id = models.UUIDField()
    list_price = models.DecimalField(max_digits=16, decimal_places=4)  # beside subscription.unit_price: the margin
    refund = models.CharField(max_length=10, choices=Refund.choices)
    publisher_may_change = models.BooleanField(default=False)  # Update and Delete of allowedCustomerOperations (1.5)
    # Bought, link opened, resolved by the publisher, activated: the steps of M6, told on the details page.
    purchased_at = models.DateTimeField()
    activate_by = models.DateTimeField()
    link_opened_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    activated_at = models.DateTimeField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_until = models.DateTimeField(null=True, blank=True)  # end of the grace period
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=24, choices=EndReason.choices, blank=True)
    # Term arithmetic: terms are counted from the first one's first day, so that the 31st comes back (section 1.3).
    counted_from = models.DateField(null=True, blank=True)
    counted_months = models.PositiveSmallIntegerField(default=0)  # from there to subscription.ends_on
    billed_until = models.DateField(null=True, blank=True)  # first day that no charge pays for yet
    reminded_days = models.PositiveSmallIntegerField(null=True, blank=True)  # of this term: 30, then 7 days before
    # PartnerIDs of further resellers, besides the one on record: credited, they see nothing (section 7.2).
    further_partner_ids = further_partner_ids()
    # Copies for the list over all customers, so that one index serves each of its orders and filters (decision 0020).
    name_key = _key()
    product_key = _key()
    customer_name_key = _key()  # a trigger carries a renamed customer over
    reseller = models.ForeignKey(
        Partner, on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    ends_on = models.DateField(null=True, blank=True)
    auto_renew = models.BooleanField(default=True)
    cancelable_until = models.DateTimeField(null=True, blank=True)

    objects = SaaSSubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="saas_activated_when_active",
                condition=Q(status=FulfillmentStatus.PENDING, activated_at__isnull=True)
                | Q(
                    status__in=ACTIVE_STATES,
                    activated_at__isnull=False,
                    billed_until__isnull=False,
                    counted_from__isnull=False,
                )
                | Q(status=FulfillmentStatus.UNSUBSCRIBED),
            ),
            models.CheckConstraint(
                name="saas_ended_at_iff_ended",
                condition=(Q(status=FulfillmentStatus.UNSUBSCRIBED, ended_at__isnull=False) & ~Q(end_reason=""))
                | (~Q(status=FulfillmentStatus.UNSUBSCRIBED) & Q(ended_at__isnull=True, end_reason="")),
            ),
            models.CheckConstraint(
                name="saas_suspended_until_iff_suspended",
                condition=Q(
                    status=FulfillmentStatus.SUSPENDED, suspended_at__isnull=False, suspended_until__isnull=False
                )
                | (~Q(status=FulfillmentStatus.SUSPENDED) & Q(suspended_at__isnull=True, suspended_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="saas_at_most_five_further_resellers", condition=Q(further_partner_ids__len__lte=MAX_FURTHER)
            ),
            models.CheckConstraint(
                name="saas_billed_only_after_activation",
                condition=Q(activated_at__isnull=False) | Q(billed_until__isnull=True),
            ),
        ]
        indexes = [
            models.Index(fields=["publisher", "purchased_at", "subscription"], name="saas_of_publisher"),
            models.Index(fields=["partner", "purchased_at", "subscription"], name="saas_of_partner"),
            models.Index(
                fields=["partner", "status", "purchased_at", "subscription"], name="saas_of_partner_by_status"
            ),
            models.Index(
                fields=["activate_by"], name="saas_to_activate", condition=Q(status=FulfillmentStatus.PENDING)
            ),
            models.Index(
                fields=["billed_until", "subscription"],
                name="saas_to_bill",
                condition=Q(status=FulfillmentStatus.SUBSCRIBED),
            ),
            models.Index(
                fields=["suspended_until"], name="saas_in_grace", condition=Q(status=FulfillmentStatus.SUSPENDED)
            ),
            _list_index("saas_living", "purchased_at"),
            models.Index(fields=["partner", "name_key", "subscription"], name="saas_by_name"),
            _list_index("saas_by_end", "ends_on"),
            _list_index("saas_by_auto_renew", "auto_renew", "purchased_at"),
            _list_index("saas_by_window", "cancelable_until"),
            models.Index(
                fields=["reseller", "purchased_at", "subscription"],
                name="saas_of_reseller",
                condition=Q(reseller__isnull=False),
            ),
            GinIndex(
                OpClass(F("name_key"), name="gin_trgm_ops"),
                OpClass(F("product_key"), name="gin_trgm_ops"),
                OpClass(F("customer_name_key"), name="gin_trgm_ops"),
                name="saas_by_part_of_name",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.status}"

    @property
    def offer(self) -> Offer:
        return self.plan.offer

    def copy_for_list(self) -> None:
        """Repeat what the list over all customers reads of the subscription; save LIST_COPIES afterwards."""
        row = self.subscription
        self.name_key = name_key(row.friendly_name)
        self.product_key = name_key(row.product_name)
        self.customer_name_key = row.customer.organization.name_key
        self.reseller_id = row.reseller_id
        self.ends_on, self.auto_renew = row.ends_on, row.auto_renew
        self.cancelable_until = row.cancelable_until


class PurchaseToken(models.Model):
    """The right to name one purchase to its publisher for 24 hours. Only the hash is kept (section 2)."""

    saas = models.ForeignKey(SaaSSubscription, on_delete=models.CASCADE, related_name="tokens")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="purchase_token_expires_later", condition=Q(expires_at__gt=F("created_at")))
        ]
        indexes = [models.Index(fields=["expires_at"], name="purchase_token_due")]

    def __str__(self) -> str:
        return f"token of {self.saas_id}"


class OperationQuerySet(models.QuerySet["Operation"]):
    def running(self) -> Self:
        return self.filter(status=OperationStatus.IN_PROGRESS)


class Operation(models.Model):
    """A change of a subscription as the publisher sees it: told of, and perhaps to be decided by it (M7)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    saas = models.ForeignKey(SaaSSubscription, on_delete=models.PROTECT, related_name="operations")
    activity_id = models.UUIDField(default=uuid.uuid4)
    action = models.CharField(max_length=20, choices=OperationAction.choices)
    source = models.CharField(max_length=10, choices=OperationSource.choices)
    status = models.CharField(max_length=12, choices=OperationStatus.choices)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")  # the new one of a change of plan
    quantity = models.PositiveIntegerField()  # the new one of a change of quantity
    asked_by_id = models.UUIDField(null=True, blank=True)
    asked_by_name = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    accepts_itself_at = models.DateTimeField(null=True, blank=True)  # ten seconds after the publisher was told
    fails_at = models.DateTimeField(null=True, blank=True)  # the publisher could not be told until then
    error_code = models.CharField(max_length=60, blank=True)
    error_message = models.CharField(max_length=300, blank=True)

    objects = OperationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["saas"], name="operation_one_at_a_time", condition=Q(status=OperationStatus.IN_PROGRESS)
            ),
            models.CheckConstraint(
                name="operation_finished_at_iff_finished",
                condition=Q(status=OperationStatus.IN_PROGRESS, finished_at__isnull=True)
                | (~Q(status=OperationStatus.IN_PROGRESS) & Q(finished_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="operation_runs_only_if_decided",
                condition=~Q(status=OperationStatus.IN_PROGRESS)
                | Q(action__in=sorted(WAITS_FOR_PUBLISHER), fails_at__isnull=False),
            ),
            models.CheckConstraint(name="operation_quantity_positive", condition=Q(quantity__gte=1)),
        ]
        indexes = [
            models.Index(fields=["saas", "created_at", "id"], name="operation_of_subscription"),
            models.Index(
                fields=["accepts_itself_at"],
                name="operation_to_accept",
                condition=Q(status=OperationStatus.IN_PROGRESS, accepts_itself_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.status}"


class WebhookCall(models.Model):
    """What a publisher is told of one operation, and how often that was tried. Exactly ``body`` is sent (section 4)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    operation = models.OneToOneField(Operation, on_delete=models.PROTECT, related_name="call")
    publisher = models.ForeignKey(Publisher, on_delete=models.PROTECT, related_name="calls")
    body = models.BinaryField()
    status = models.CharField(max_length=10, choices=CallStatus.choices, default=CallStatus.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="webhook_call_waits_or_is_finished",
                condition=Q(status=CallStatus.WAITING, next_attempt_at__isnull=False, finished_at__isnull=True)
                | (~Q(status=CallStatus.WAITING) & Q(next_attempt_at__isnull=True, finished_at__isnull=False)),
            )
        ]
        indexes = [
            models.Index(fields=["publisher", "created_at", "id"], name="webhook_call_of_publisher"),
            models.Index(
                fields=["publisher", "next_attempt_at"],
                name="webhook_call_due",
                condition=Q(status=CallStatus.WAITING),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.operation_id} {self.status}"


class WebhookAttempt(models.Model):
    """One try to reach a publisher: when, for how long, and what came back."""

    call = models.ForeignKey(WebhookCall, on_delete=models.CASCADE, related_name="tries")
    url = models.CharField(max_length=500)
    started_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    http_status = models.PositiveSmallIntegerField(null=True, blank=True)
    error = models.CharField(max_length=40, blank=True)  # a code of portal.core.outgoing, empty with an answer
    answer = models.CharField(max_length=500, blank=True)  # how the answer began

    class Meta:
        indexes = [models.Index(fields=["call", "started_at"], name="webhook_attempt_of_call")]

    def __str__(self) -> str:
        return f"{self.call_id} {self.http_status or self.error}"


class UsageQuerySet(models.QuerySet["UsageRecord"]):
    def between(self, start: datetime.datetime, end: datetime.datetime) -> Self:
        return self.filter(hour__gte=start, hour__lt=end)


class UsageRecord(models.Model):
    """One accepted usage event: at most one per subscription, dimension and clock hour (section 5.1)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    saas = models.ForeignKey(SaaSSubscription, on_delete=models.PROTECT, related_name="usage")
    dimension = models.ForeignKey(Dimension, on_delete=models.PROTECT, related_name="usage")
    hour = models.DateTimeField()
    effective_at = models.DateTimeField()
    quantity = models.DecimalField(max_digits=18, decimal_places=6)
    unit_price = models.DecimalField(max_digits=16, decimal_places=4)  # at the time of the event
    received_at = models.DateTimeField()

    objects = UsageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["saas", "dimension", "hour"], name="usage_once_an_hour"),
            models.CheckConstraint(name="usage_positive", condition=Q(quantity__gt=0)),
        ]
        indexes = [models.Index(fields=["hour"], name="usage_by_hour")]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.dimension_id}"
