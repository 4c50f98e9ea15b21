"""First-party subscriptions as partners see them (sections 1.6 and 1.7)."""

from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404

from azure.rules.families import FIRST_PARTY
from billing.models import Charge
from customers.enums import CURRENT_STATUSES
from customers.models import Subscription
from portal.accounts.actor import Actor

ROWS = ("customer__organization", "billing_owner__organization", "reseller__organization", "parent")


def subscription_of(actor: Actor, subscription_id: UUID) -> Subscription:
    """Return a first-party subscription that the actor may see, with what its page shows. Raises: Http404."""
    rows = Subscription.objects.visible_to(actor).filter(product_family__in=FIRST_PARTY)
    found = rows.select_related(*ROWS).filter(pk=subscription_id).first()
    if found is None:
        raise Http404
    return found


def charges_of(subscription: Subscription) -> QuerySet[Charge]:
    """Return what was charged and given back, the newest first."""
    return Charge.objects.filter(subscription=subscription).order_by("-created_at", "-pk")


def below(subscription: Subscription) -> QuerySet[Subscription]:
    """Return the Azure subscriptions under a plan, and the reservations of a single Azure subscription."""
    rows = Subscription.objects.filter(parent=subscription, billing_owner_id=subscription.billing_owner_id)
    return rows.filter(status__in=CURRENT_STATUSES).order_by("friendly_name", "pk")
