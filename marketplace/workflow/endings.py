"""How a subscription is suspended, reinstated and ended (M8, sections 7.4 and 7.7)."""

import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import transaction

from billing import workflow as billing
from customers.enums import SubscriptionStatus
from marketplace import rules
from marketplace.announcements import announce
from marketplace.enums import (
    EndReason,
    FulfillmentStatus,
    MarketplaceEvent,
    OperationAction,
    OperationSource,
    OperationStatus,
    Refund,
)
from marketplace.models import LIST_COPIES, Operation, SaaSSubscription
from marketplace.workflow.changes import locked_for_change
from marketplace.workflow.operations import finish_operation, running_operation, start_operation, tell_publisher
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission

# What becomes of the customer's subscription when the publisher's side has ended (section 8).
STATUS_AFTER = {EndReason.TERM_ENDED: SubscriptionStatus.EXPIRED}


@transaction.atomic
def cancel_subscription(*, subscription_id: UUID, actor: Actor, now: datetime.datetime) -> SaaSSubscription:
    """End a subscription at once, inside the offer's window or before activation, with the refund it gives (M8).

    Raises: PermissionDenied, SaaSSubscription.DoesNotExist, rules.SubscriptionEnded, ChangeRunning, WindowOver.
    """
    saas = locked_for_change(subscription_id, actor, now)
    rules.check_can_cancel(saas, now=now)
    rules.check_no_change_runs(running_operation(saas))
    refunded = _refund(saas, now)
    end_subscription(saas, EndReason.CANCELED, refunded=refunded, actor=actor, now=now)
    return saas


@transaction.atomic
def cancel_by_publisher(*, subscription_id: UUID, actor: Actor, now: datetime.datetime) -> Operation:
    """End a subscription on the publisher's own call (fulfillment reference, section 3.10).

    What was paid inside the window is given back as if the partner had canceled; after it nothing is.
    Raises: PermissionDenied, SaaSSubscription.DoesNotExist, rules.SubscriptionEnded, PublisherMayNot, ChangeRunning.
    """
    actor.require(Permission.PUBLISHER_OFFER_MANAGE)
    SaaSSubscription.objects.visible_to(actor).get(pk=subscription_id)
    saas = SaaSSubscription.objects.locked(subscription_id)
    rules.check_living(saas)
    running = running_operation(saas)
    if running is not None and running.action == OperationAction.REINSTATE:
        finish_operation(running, OperationStatus.FAILED, now=now, error_code="PublisherCanceled")
    else:
        rules.check_publisher_may_change(saas)
        rules.check_no_change_runs(running)
    refunded = _refund(saas, now)
    return end_subscription(
        saas,
        EndReason.CANCELED_BY_PUBLISHER,
        source=OperationSource.PUBLISHER,
        refunded=refunded,
        actor=actor,
        now=now,
    )


def _refund(saas: SaaSSubscription, now: datetime.datetime) -> Decimal:
    """Give back what the offer's rules give, and return how much."""
    today = now.date()
    if saas.activated_at is None or not rules.is_in_window(saas, now=now) or saas.refund == Refund.NONE:
        return Decimal(0)
    if saas.refund == Refund.FULL:
        return billing.refund_everything(subscription=saas.subscription, day=today, now=now)
    rate = rules.running_rate(saas, today)
    if rate is None:
        return Decimal(0)
    return billing.refund_rest(subscription=saas.subscription, rate=rate, day=today, now=now)


def end_subscription(
    saas: SaaSSubscription,
    reason: EndReason,
    *,
    source: OperationSource = OperationSource.MARKETPLACE,
    refunded: Decimal | None = None,
    actor: Actor | None,
    now: datetime.datetime,
) -> Operation:
    """End a locked subscription for ever, and tell the publisher (fulfillment reference, section 1.2)."""
    saas.status = FulfillmentStatus.UNSUBSCRIBED
    saas.ended_at, saas.end_reason = now, reason
    saas.suspended_at = saas.suspended_until = None
    subscription = saas.subscription
    subscription.status = STATUS_AFTER.get(reason, SubscriptionStatus.DELETED)
    was_renewing, subscription.auto_renew = subscription.auto_renew, False
    subscription.save(update_fields=["status", "auto_renew"])
    saas.copy_for_list()
    saas.save(update_fields=["status", "ended_at", "end_reason", "suspended_at", "suspended_until", *LIST_COPIES])
    operation = start_operation(saas, OperationAction.UNSUBSCRIBE, source=source, actor=actor, now=now)
    if source == OperationSource.PUBLISHER:
        tell_publisher(operation, now=now)
    announce(
        _ENDINGS.get(reason, MarketplaceEvent.CANCELED),
        saas,
        actor=actor,
        now=now,
        before={"auto-renew": was_renewing},
        after={"auto-renew": False},
        details={"reason": reason},
        partner_details={"refund": f"{refunded} {subscription.currency}"} if refunded is not None else None,
    )
    return operation


_ENDINGS = {
    EndReason.TERM_ENDED: MarketplaceEvent.ENDED,
    EndReason.NOT_PAID: MarketplaceEvent.ENDED,
    EndReason.NOT_ACTIVATED: MarketplaceEvent.LAPSED,
}


@transaction.atomic
def suspend_subscription(*, subscription_id: UUID, actor: Actor, now: datetime.datetime) -> SaaSSubscription:
    """Suspend a subscription whose payment the operator marks as missing; after a grace period it ends.

    Raises: PermissionDenied, SaaSSubscription.DoesNotExist, rules.NotActivated, SubscriptionSuspended,
    SubscriptionEnded, ChangeRunning.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    saas = SaaSSubscription.objects.locked(subscription_id)
    rules.check_subscribed(saas)
    rules.check_no_change_runs(running_operation(saas))
    saas.status = FulfillmentStatus.SUSPENDED
    saas.suspended_at = now
    saas.suspended_until = now + datetime.timedelta(days=settings.SUSPENSION_DAYS)
    saas.save(update_fields=["status", "suspended_at", "suspended_until"])
    saas.subscription.status = SubscriptionStatus.SUSPENDED
    saas.subscription.save(update_fields=["status"])
    start_operation(saas, OperationAction.SUSPEND, actor=actor, now=now)
    announce(MarketplaceEvent.SUSPENDED, saas, actor=actor, now=now)
    return saas


@transaction.atomic
def reinstate_subscription(*, subscription_id: UUID, actor: Actor, now: datetime.datetime) -> Operation:
    """Start a suspended subscription again after its payment; it is active once the publisher was told (4.1).

    Raises: PermissionDenied, SaaSSubscription.DoesNotExist, rules.NotSuspended, SubscriptionEnded, ChangeRunning.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    saas = SaaSSubscription.objects.locked(subscription_id)
    rules.check_suspended(saas)
    rules.check_no_change_runs(running_operation(saas))
    operation = start_operation(saas, OperationAction.REINSTATE, waits=True, actor=actor, now=now)
    announce(MarketplaceEvent.REINSTATEMENT_STARTED, saas, actor=actor, now=now)
    return operation


@transaction.atomic
def lapse_purchase(*, subscription_id: UUID, now: datetime.datetime) -> bool:
    """End a purchase that its publisher has not activated in time, unbilled; say whether that was so."""
    saas = SaaSSubscription.objects.locked(subscription_id)
    if saas.status != FulfillmentStatus.PENDING or saas.activate_by > now:
        return False
    end_subscription(saas, EndReason.NOT_ACTIVATED, actor=None, now=now)
    return True


@transaction.atomic
def end_unpaid_subscription(*, subscription_id: UUID, now: datetime.datetime) -> bool:
    """End a subscription that was suspended for the whole grace period; say whether that was so."""
    saas = SaaSSubscription.objects.locked(subscription_id)
    if saas.status != FulfillmentStatus.SUSPENDED or saas.suspended_until is None or saas.suspended_until > now:
        return False
    running = running_operation(saas)
    if running is not None:
        return False  # its payment has arrived: the reinstatement decides
    end_subscription(saas, EndReason.NOT_PAID, actor=None, now=now)
    return True
