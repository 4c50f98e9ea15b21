"""What can be converted to the Azure plan, and how far transitions have come (section 9.4)."""

import datetime
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from azure.enums import TransitionStatus
from azure.models import PlanTransition
from azure.rules import transitions as rules
from customers.enums import CURRENT_STATUSES, ProductFamily
from customers.models import Subscription
from portal.accounts.actor import Actor
from portal.core.errors import Refusal, refusal_of

CONVERTIBLE = (ProductFamily.AZURE_LEGACY, ProductFamily.SHARED_SERVICES)


@dataclass(frozen=True)
class Candidate:
    """A subscription of the previous offer, or of shared services, and what keeps it from being converted."""

    subscription: Subscription
    refusal: Refusal | None


def candidates(actor: Actor, customer_id: UUID, *, now: datetime.datetime) -> list[Candidate]:
    """Return what of a customer is not below an Azure plan yet."""
    rows = Subscription.objects.filter(
        customer_id=customer_id,
        billing_owner_id=actor.organization_id,
        product_family__in=CONVERTIBLE,
        status__in=CURRENT_STATUSES,
    )
    return [Candidate(row, _refusal(row, now=now)) for row in rows.order_by("friendly_name", "pk")]


def _refusal(row: Subscription, *, now: datetime.datetime) -> Refusal | None:
    return refusal_of(rules.check_can_convert, row, now=now)


def transitions_of(actor: Actor, customer_id: UUID) -> QuerySet[PlanTransition]:
    """Return the transitions of a customer with the numbers of their items, the newest first."""
    rows = PlanTransition.objects.visible_to(actor).filter(customer_id=customer_id).select_related("plan")
    counted = rows.annotate(
        total=Count("items"),
        completed=Count("items", filter=Q(items__status=TransitionStatus.COMPLETED)),
        failed=Count("items", filter=Q(items__status=TransitionStatus.FAILED)),
    )
    return counted.prefetch_related("items__subscription").order_by("-started_at", "-pk")
