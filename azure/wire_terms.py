"""Terms of first-party subscriptions over the API: what comes next, what can go back (API reference, 4.2 and 4.4)."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from azure import prices
from azure.models import LicenseAddition, ProductTerm
from azure.rules.next_terms import planned
from customers.enums import SubscriptionStatus
from customers.wire import cycle_of
from portal.api.resources import time_text


def properties(subscription_ids: list[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return what is written of first-party subscriptions beyond their rows."""
    found: dict[UUID, dict[str, Any]] = {}
    for term in ProductTerm.objects.filter(pk__in=subscription_ids).select_related("subscription"):
        found[term.pk] = _next_term(term) if term.has_plans else {}
    open_ones = LicenseAddition.objects.filter(
        subscription__in=subscription_ids,
        subscription__status=SubscriptionStatus.ACTIVE,
        reducible_until__gt=timezone.now(),
        left__gt=0,
    )
    for addition in open_ones.order_by("reducible_until", "pk"):
        of_one = found.setdefault(addition.subscription_id, {})
        refundable = of_one.setdefault("refundableQuantity", {"totalQuantity": 0, "details": []})
        refundable["totalQuantity"] += addition.left
        refundable["details"].append(
            {"quantity": addition.left, "allowedUntilDateTime": time_text(addition.reducible_until)}
        )
    return found


def _next_term(term: ProductTerm) -> dict[str, Any]:
    row = term.subscription
    plan = planned(row, term)
    product, sku, availability = [*prices.offer_id_for(row, plan.term).split(":"), "", "", ""][:3]
    return {
        "renewalTermDuration": plan.term,
        "scheduledNextTermInstructions": {
            "product": {
                "productId": product,
                "skuId": sku,
                "availabilityId": availability,
                "billingCycle": cycle_of(plan.billing_frequency, plan.term),
                "termDuration": plan.term,
            },
            "quantity": plan.quantity,
        },
    }
