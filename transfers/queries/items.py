"""What a customer has at the source, and the facts that the rules ask about it."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.db.models import Q
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from customers.enums import CURRENT_STATUSES
from customers.models import ResellerRelationship, Subscription
from customers.models.subscriptions import SubscriptionQuerySet
from portal.accounts.actor import Actor
from transfers.enums import TransferStatus
from transfers.models import Transfer
from transfers.rules import Context, ItemFacts
from transfers.rules.paths import keeps_previous_offer
from transfers.rules.prerequisites import has_azure_plan
from transfers.statements import ends_early_on

# The columns of ItemFacts, in its order.
FACTS = (
    "id",
    "product_family",
    "status",
    "is_trial",
    "pending_operation",
    "parent_id",
    "scope",
    "move_restriction",
    "billing_frequency",
    "ends_on",
    "friendly_name",
)


def source_items(transfer: Transfer) -> SubscriptionQuerySet:
    """What the customer has now with the source as billing owner, whether it can move or not."""
    own = Subscription.objects.filter(customer_id=transfer.customer_id, billing_owner_id=transfer.source_partner_id)
    return own.filter(status__in=CURRENT_STATUSES)


def facts_of(subscription: Subscription) -> ItemFacts:
    """Return what the rules ask about a subscription that is loaded already."""
    return ItemFacts(*(getattr(subscription, "pk" if name == "id" else name) for name in FACTS))


def context_for(transfer: Transfer, *, today: datetime.date) -> Context:
    """Return what holds for all the customer has at the source.

    Two queries whatever the number of items: the items with what belongs to them, and the target's Azure plan.
    """
    return context_of(transfer, source_items(transfer).order_by("friendly_name", "pk"), today=today)


def context_of(transfer: Transfer, subscriptions: Iterable[Subscription], *, today: datetime.date) -> Context:
    """Return what holds for subscriptions that are loaded already, in the order in which they come."""
    differ = transfer.source_partner.currency != transfer.target_partner.currency
    items: dict[uuid.UUID, ItemFacts] = {}
    children: defaultdict[uuid.UUID, list[ItemFacts]] = defaultdict(list)
    cycle_ends: dict[uuid.UUID, datetime.date] = {}
    for subscription in subscriptions:
        facts = items[subscription.pk] = facts_of(subscription)
        if facts.parent_id is not None:
            children[facts.parent_id].append(facts)
        if differ and (end := ends_early_on(subscription, today)):
            cycle_ends[subscription.pk] = end
    return Context(
        today=today,
        product_types=frozenset(transfer.product_types),
        target_has_azure_plan=has_azure_plan(transfer.target_partner, transfer.customer),
        keeps_previous_offer=keeps_previous_offer(transfer.source_partner, transfer.target_partner),
        currencies_differ=differ,
        items=items,
        children=dict(children),
        cycle_ends=cycle_ends,
    )


def sandbox_subscription(actor: Actor, subscription_id: uuid.UUID) -> Subscription:
    """Return a subscription of the actor's sandbox. Raises: Http404 for others, and outside the sandbox."""
    own = Subscription.objects.visible_to(actor).filter(pk=subscription_id)
    subscription = own.first() if actor.is_sandbox else None
    if subscription is None:
        raise Http404
    return subscription


def uses_of_relationship(relationship: ResellerRelationship) -> Iterator[tuple[str, str, str]]:
    """Yield code, sentence and page of each running transfer that needs a relationship (setting RELATIONSHIP_USES)."""
    partner = Q(source_partner_id=relationship.partner_id) | Q(target_partner_id=relationship.partner_id)
    running = Transfer.objects.filter(partner, customer_id=relationship.customer_id, status=TransferStatus.IN_PROGRESS)
    for transfer_id in running.order_by("pk").values_list("pk", flat=True):
        sentence = _("A transfer is in progress. Wait until it has ended.")
        yield "transfer-in-progress", sentence, reverse("transfers:detail", args=[transfer_id])
