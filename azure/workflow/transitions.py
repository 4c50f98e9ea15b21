"""From the previous Azure offer to the Azure plan at the same partner (A6, section 9.4)."""

import datetime
import uuid
from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from azure.announcements import announce, announce_transition
from azure.enums import AzureEvent, AzureOffer, TransitionStatus
from azure.models import PlanTransition, TransitionItem
from azure.queries.catalogue import article_of, check_article
from azure.rules import buying as buying_rules
from azure.rules import transitions as rules
from customers.enums import BillingFrequency, PendingOperation, ProductFamily, SubscriptionStatus, Term
from customers.models import Customer, Subscription
from customers.rules.buying import Buyer, azure_plan_of, check_may_buy
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal
from portal.core.queue import enqueue_after_commit


@transaction.atomic
def start_transition(
    *, customer_id: UUID, subscription_ids: Collection[UUID], actor: Actor, now: datetime.datetime
) -> PlanTransition:
    """Buy the Azure plan if there is none yet, and begin to put the chosen subscriptions below it.

    Source: portal reference, section 9.4: relationship and customer agreement are needed, rights stay as they are.
    Raises: PermissionDenied, Customer.DoesNotExist, rules.NothingToConvert, what rules.check_can_convert raises of any
    chosen one, AzureOfferRefused, and what check_may_buy raises.
    """
    actor.require(Permission.SUBSCRIPTION_BUY)
    customer = Customer.objects.locked(customer_id)
    partner = Partner.objects.select_related("organization").get(pk=actor.organization_id)
    buyer = Buyer(partner, customer, now.date())
    own = Subscription.objects.filter(pk__in=subscription_ids, customer=customer, billing_owner=partner)
    chosen = list(own.select_related("customer__organization").locked_all())
    rules.check_something(chosen)
    check_may_buy(buyer)
    for subscription in chosen:
        rules.check_can_convert(subscription, now=now)
    plan = _plan_for(chosen[0], buyer, actor=actor, now=now)
    transition = PlanTransition.objects.create(
        customer=customer, partner=partner, plan=plan, started_by_name=actor.name, started_at=now
    )
    TransitionItem.objects.bulk_create(TransitionItem(transition=transition, subscription=row) for row in chosen)
    own.update(pending_operation=PendingOperation.CONVERSION)
    announce_transition(AzureEvent.TRANSITION_STARTED, transition, count=len(chosen), actor=actor, now=now)
    enqueue_after_commit("azure.process_transition", str(transition.pk))
    return transition


def _plan_for(subscription: Subscription, buyer: Buyer, *, actor: Actor, now: datetime.datetime) -> Subscription:
    """Return the plan of the reseller that is credited for the subscription, bought now if there is none."""
    plan = azure_plan_of(buyer, reseller_id=subscription.reseller_id)
    if plan is not None and plan.reseller_id == subscription.reseller_id:
        return plan
    article = buying_rules.check_found(article_of(buyer, AzureOffer.AZURE_PLAN, buying_rules.USAGE))
    check_article(article, buyer, reseller_id=subscription.reseller_id)
    plan = Subscription.objects.create(
        customer=buyer.customer,
        billing_owner=buyer.partner,
        reseller_id=subscription.reseller_id,
        partner_on_record=subscription.partner_on_record,
        product_family=ProductFamily.AZURE_PLAN,
        product_name=article.title,
        friendly_name=article.title,
        status=SubscriptionStatus.ACTIVE,
        billing_frequency=BillingFrequency.USAGE,
        starts_on=now.date(),
        offer_id=f"{article.key}:{Term.NONE}",
        order_id=uuid.uuid4(),
        created_at=now,
    )
    announce(AzureEvent.PURCHASED, plan, actor=actor, now=now, after={"quantity": 1})
    return plan


@transaction.atomic
def convert_item(*, item_id: UUID, now: datetime.datetime) -> bool:
    """Put one subscription below the plan; say whether that was done now. A second call changes nothing.

    The subscription keeps its identifier, so the rights on it stay (section 9.4). Its usage until now was billed by the
    previous offer, from now on it is by the plan.
    """
    seen = TransitionItem.objects.select_related("transition").get(pk=item_id)
    subscription = (
        Subscription.objects.select_related("customer__organization").locked_all().get(pk=seen.subscription_id)
    )
    items = TransitionItem.objects.select_for_update(of=("self",), no_key=True)
    item = items.filter(pk=item_id, status=TransitionStatus.RUNNING).first()
    if item is None:
        return False
    subscription.pending_operation = ""
    try:
        rules.check_can_convert(subscription, now=now)
    except Refusal as refusal:
        item.status, item.reason = TransitionStatus.FAILED, refusal.code
        item.save(update_fields=["status", "reason"])
        subscription.save(update_fields=["pending_operation"])
        return True
    before = subscription.product_name
    subscription.product_family = ProductFamily.AZURE_SUBSCRIPTION
    subscription.product_name = "Azure subscription"
    subscription.parent_id = seen.transition.plan_id
    subscription.offer_id = f"{buying_rules.AZURE_SUBSCRIPTION}:{buying_rules.USAGE}:{Term.NONE}"
    subscription.save(update_fields=["pending_operation", "product_family", "product_name", "parent", "offer_id"])
    item.status = TransitionStatus.COMPLETED
    item.save(update_fields=["status"])
    announce(
        AzureEvent.CONVERTED,
        subscription,
        actor=None,
        now=now,
        before={"product": before},
        after={"product": subscription.product_name},
    )
    return True


@transaction.atomic
def finish_transition(*, transition_id: UUID, now: datetime.datetime) -> PlanTransition:
    """End a transition once nothing of it runs any more; does nothing before that, or twice."""
    transition = PlanTransition.objects.locked(transition_id)
    items = TransitionItem.objects.filter(transition=transition)
    if transition.status != TransitionStatus.RUNNING or items.filter(status=TransitionStatus.RUNNING).exists():
        return transition
    failed = items.filter(status=TransitionStatus.FAILED).exists()
    transition.status = TransitionStatus.FAILED if failed else TransitionStatus.COMPLETED
    transition.finished_at = now
    transition.save(update_fields=["status", "finished_at"])
    count = items.filter(status=TransitionStatus.COMPLETED).count()
    announce_transition(AzureEvent.TRANSITION_FINISHED, transition, count=count, actor=None, now=now)
    return transition
