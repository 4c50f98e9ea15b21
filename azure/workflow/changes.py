"""What partners change of first-party subscriptions: state, quantity, renewal, name (A7; sections 1.7 and 8)."""

import datetime
import uuid
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from azure.announcements import announce
from azure.enums import AzureEvent, Refund
from azure.models import LicenseAddition, ProductTerm
from azure.rules import lifecycle as rules
from azure.rules.families import FIRST_PARTY
from azure.rules.money import rate_on
from azure.rules.refunds import check_cap, given_back
from azure.workflow.terms import drop_plans, open_window
from billing import workflow as billing
from billing.enums import ChargeKind
from customers.enums import SubscriptionStatus
from customers.models import Customer, Subscription
from customers.terms import Period
from portal.accounts.actor import Actor

NAME_LENGTH = 200


def locked_for_change(subscription_id: UUID, actor: Actor) -> Subscription:
    """Return a subscription of the actor's partner, its customer and itself locked, when the actor may change it.

    Raises: Subscription.DoesNotExist, and what rules.check_may_change raises.
    """
    own = Subscription.objects.visible_to(actor).filter(product_family__in=FIRST_PARTY)
    seen = own.get(pk=subscription_id)
    rules.check_may_change(seen, actor)
    Customer.objects.locked(seen.customer_id)
    return own.select_related("customer__organization").locked_all().get(pk=subscription_id)


@transaction.atomic
def rename(*, subscription_id: UUID, friendly_name: str, actor: Actor, now: datetime.datetime) -> Subscription:
    """Give a subscription another friendly name. Raises: as locked_for_change."""
    subscription = locked_for_change(subscription_id, actor)
    before, name = subscription.friendly_name, " ".join(friendly_name.split())[:NAME_LENGTH]
    if name and name != before:
        subscription.friendly_name = name
        subscription.save(update_fields=["friendly_name"])
        announce(AzureEvent.RENAMED, subscription, actor=actor, now=now, before={"name": before}, after={"name": name})
    return subscription


@transaction.atomic
def suspend(*, subscription_id: UUID, actor: Actor, now: datetime.datetime) -> Subscription:
    """Suspend a subscription: nobody can use it, licenses are still billed, and it does not renew (section 8).

    Raises: as locked_for_change and rules.check_can_suspend.
    """
    subscription = locked_for_change(subscription_id, actor)
    rules.check_can_suspend(subscription)
    subscription.status, subscription.auto_renew = SubscriptionStatus.SUSPENDED, False
    subscription.save(update_fields=["status", "auto_renew"])
    drop_plans(subscription)
    announce(AzureEvent.SUSPENDED, subscription, actor=actor, now=now)
    return subscription


@transaction.atomic
def reactivate(*, subscription_id: UUID, actor: Actor, now: datetime.datetime) -> Subscription:
    """Let a suspended subscription run again; auto-renew stays off until somebody switches it on.

    Raises: as locked_for_change and rules.check_can_reactivate.
    """
    subscription = locked_for_change(subscription_id, actor)
    rules.check_can_reactivate(subscription)
    subscription.status = SubscriptionStatus.ACTIVE
    subscription.save(update_fields=["status"])
    announce(AzureEvent.REACTIVATED, subscription, actor=actor, now=now)
    return subscription


@transaction.atomic
def set_auto_renew(*, subscription_id: UUID, auto_renew: bool, actor: Actor, now: datetime.datetime) -> Subscription:
    """Let the subscription go on at the end of its term, or end with it.

    Raises: as locked_for_change and rules.check_can_switch_auto_renew.
    """
    subscription = locked_for_change(subscription_id, actor)
    rules.check_can_switch_auto_renew(subscription, auto_renew=auto_renew)
    subscription.auto_renew = auto_renew
    subscription.save(update_fields=["auto_renew"])
    if not auto_renew:
        drop_plans(subscription)
    announce(
        AzureEvent.AUTO_RENEW_CHANGED,
        subscription,
        actor=actor,
        now=now,
        before={"auto-renew": not auto_renew},
        after={"auto-renew": auto_renew},
    )
    return subscription


@transaction.atomic
def change_quantity(*, subscription_id: UUID, quantity: int, actor: Actor, now: datetime.datetime) -> Subscription:
    """Add licenses, or take back those still in their window; the days left of the cycle are charged or given back.

    Raises: as locked_for_change, rules.check_counts and rules.check_new_quantity.
    """
    subscription = locked_for_change(subscription_id, actor)
    rules.check_counts(subscription)
    reducible = rules.reducible_now(subscription_id, now=now)
    rules.check_new_quantity(subscription, quantity, reducible=reducible)
    before, today = subscription.quantity, now.date()
    rate = rate_on(subscription, today)
    if rate is not None:
        reference = str(uuid.uuid4())
        billing.charge_quantity_change(
            subscription=subscription, rate=rate, new_quantity=quantity, day=today, reference=reference, now=now
        )
    subscription.quantity = quantity
    subscription.save(update_fields=["quantity"])
    if quantity > before:
        open_window(subscription, quantity - before, now=now)
    else:
        _take_back(subscription, before - quantity, now=now)
    drop_plans(subscription)
    announce(
        AzureEvent.QUANTITY_CHANGED,
        subscription,
        actor=actor,
        now=now,
        before={"quantity": before},
        after={"quantity": quantity},
    )
    return subscription


def _take_back(subscription: Subscription, count: int, *, now: datetime.datetime) -> None:
    """Use up the windows of the licenses that came last."""
    open_ones = LicenseAddition.objects.filter(subscription=subscription, reducible_until__gt=now, left__gt=0)
    for addition in open_ones.order_by("-added_at", "-pk"):
        taken = min(count, addition.left)
        addition.left -= taken
        addition.save(update_fields=["left"])
        count -= taken
        if not count:
            return


@transaction.atomic
def cancel(*, subscription_id: UUID, actor: Actor, now: datetime.datetime) -> Subscription:
    """End a subscription at once, with what its family gives back; usage until now stays due (A7, section 7.7).

    Raises: as locked_for_change, rules.check_can_cancel and check_cap.
    """
    subscription = locked_for_change(subscription_id, actor)
    rules.check_can_cancel(subscription, now=now)
    check_cap(subscription, now=now)
    refunded = _refund(subscription, now)
    end(subscription, SubscriptionStatus.DELETED, now=now)
    announce(
        AzureEvent.CANCELED,
        subscription,
        actor=actor,
        now=now,
        partner_details={"refund": f"{refunded} {subscription.currency}"} if subscription.currency else None,
    )
    return subscription


def _refund(subscription: Subscription, now: datetime.datetime) -> Decimal:
    """Give back what the terms of the family give, less a fee, and return how much."""
    given, today = given_back(subscription, now=now), now.date()
    if rules.lifecycle_of(subscription).refund == Refund.FULL:
        return billing.refund_everything(subscription=subscription, day=today, now=now)
    rate = rate_on(subscription, today)
    if rate is None or not given.rest:
        return Decimal(0)
    billing.refund_rest(subscription=subscription, rate=rate, day=today, now=now)
    if given.fee:
        billing.write_charge(
            subscription=subscription,
            kind=ChargeKind.CANCEL,
            period=Period(today, rate.period.ends_on),
            quantity=1,
            unit_price=given.fee,
            amount=given.fee,
            reference="fee",
            now=now,
        )
    return given.total


def end(subscription: Subscription, status: SubscriptionStatus, *, now: datetime.datetime) -> None:
    """End a locked subscription: it renews no more, and nothing is charged for it from now on."""
    subscription.status, subscription.auto_renew = status, False
    subscription.save(update_fields=["status", "auto_renew"])
    drop_plans(subscription)
    ProductTerm.objects.filter(subscription=subscription).update(ended_at=now)
