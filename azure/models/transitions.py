"""Transitions of a customer's previous-offer subscriptions to the Azure plan, by the partner that sells them (9.4)."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Q

from azure.enums import TransitionStatus
from customers.models import Customer, Subscription
from portal.accounts.actor import Actor
from portal.accounts.models import Partner


class PlanTransitionQuerySet(models.QuerySet["PlanTransition"]):
    def visible_to(self, actor: Actor) -> Self:
        """The transitions of the actor's partner."""
        return self.filter(partner_id=actor.organization_id)

    def locked(self, transition_id: uuid.UUID) -> "PlanTransition":
        """The transition, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=transition_id)


class PlanTransition(models.Model):
    """One start: which customer, below which plan, by whom, and how far it has come."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    plan = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=12, choices=TransitionStatus.choices, default=TransitionStatus.RUNNING)
    started_by_name = models.CharField(max_length=200)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = PlanTransitionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="transition_finished_at_iff_finished",
                condition=Q(status=TransitionStatus.RUNNING, finished_at__isnull=True)
                | (~Q(status=TransitionStatus.RUNNING) & Q(finished_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "customer", "-started_at"], name="transition_of_customer"),
            models.Index(
                fields=["started_at"], name="transition_running", condition=Q(status=TransitionStatus.RUNNING)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.status}"


class TransitionItem(models.Model):
    """One subscription of a transition. It keeps its identifier, and everybody keeps the rights on it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    transition = models.ForeignKey(PlanTransition, on_delete=models.PROTECT, related_name="items")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=12, choices=TransitionStatus.choices, default=TransitionStatus.RUNNING)
    reason = models.CharField(max_length=60, blank=True)  # code of the refusal that stopped it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["transition", "subscription"], name="transition_item_once"),
            models.UniqueConstraint(
                fields=["subscription"],
                name="transition_of_subscription_once",
                condition=Q(status=TransitionStatus.RUNNING),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.status}"
