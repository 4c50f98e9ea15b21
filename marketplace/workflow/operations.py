"""Operations: what publishers are told of, and what they decide (M7). Called inside the transaction of a change."""

import datetime
from dataclasses import replace
from uuid import UUID

import orjson
from django.conf import settings
from django.db import transaction

from billing import workflow as billing
from billing.enums import ChargeKind
from customers.enums import PendingOperation, SubscriptionStatus
from marketplace import rules, wire
from marketplace.announcements import announce
from marketplace.enums import (
    DECIDED_BY_PUBLISHER,
    FulfillmentStatus,
    MarketplaceEvent,
    OperationAction,
    OperationSource,
    OperationStatus,
)
from marketplace.models import LIST_COPIES, Operation, Plan, SaaSSubscription, WebhookCall
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.queue import enqueue_after_commit

SHOWN_AS = {
    OperationAction.CHANGE_QUANTITY: PendingOperation.QUANTITY,
    OperationAction.CHANGE_PLAN: PendingOperation.PLAN,
}


def running_operation(saas: SaaSSubscription) -> Operation | None:
    """Return what runs on a subscription; it is stable while the subscription is locked."""
    running = Operation.objects.running().filter(saas=saas).select_related("plan").first()
    if running is not None:
        running.saas = saas
    return running


def start_operation(
    saas: SaaSSubscription,
    action: OperationAction,
    *,
    source: OperationSource = OperationSource.MARKETPLACE,
    waits: bool = False,
    plan: Plan | None = None,
    quantity: int | None = None,
    actor: Actor | None,
    now: datetime.datetime,
) -> Operation:
    """Write an operation; ``waits``: until the publisher was told and had its say, else it is done already.

    What the publisher started itself is carried out first and told by the caller afterwards (section 1.2).
    """
    operation = Operation.objects.create(
        saas=saas,
        action=action,
        source=source,
        status=OperationStatus.IN_PROGRESS if waits else OperationStatus.SUCCEEDED,
        plan=plan or saas.plan,
        quantity=quantity or saas.subscription.quantity,
        asked_by_id=actor.user_id if actor else None,
        asked_by_name=actor.name if actor else "",
        created_at=now,
        finished_at=None if waits else now,
        fails_at=now + datetime.timedelta(hours=settings.PUBLISHER_RETRY_HOURS) if waits else None,
    )
    if waits:
        show_as_running(saas, SHOWN_AS.get(action, ""))
    if source == OperationSource.MARKETPLACE:
        tell_publisher(operation, now=now)
    return operation


def tell_publisher(operation: Operation, *, now: datetime.datetime) -> None:
    """Write the call that tells the publisher, its body as things are now; a task makes it after the commit.

    A withdrawn offer may have no webhook any more: then nobody is told, and nobody refuses.
    """
    if not operation.saas.offer.webhook_url:
        if operation.status == OperationStatus.IN_PROGRESS:
            operation.accepts_itself_at = now
            operation.save(update_fields=["accepts_itself_at"])
        return
    WebhookCall.objects.create(
        operation=operation,
        publisher_id=operation.saas.publisher_id,
        body=orjson.dumps(wire.call(operation)),
        created_at=now,
        next_attempt_at=now,
    )
    enqueue_after_commit("marketplace.call_publisher", str(operation.saas.publisher_id))


def show_as_running(saas: SaaSSubscription, operation: str) -> None:
    """Note at the customer's subscription what runs on it."""
    saas.subscription.pending_operation = operation
    saas.subscription.save(update_fields=["pending_operation"])


def finish_operation(
    operation: Operation,
    status: OperationStatus,
    *,
    now: datetime.datetime,
    error_code: str = "",
    error_message: str = "",
) -> None:
    """Note the outcome of a running operation, and that nothing runs any more."""
    operation.status = status
    operation.finished_at = now
    operation.accepts_itself_at = None
    operation.error_code, operation.error_message = error_code, error_message
    operation.save(update_fields=["status", "finished_at", "accepts_itself_at", "error_code", "error_message"])
    show_as_running(operation.saas, "")


@transaction.atomic
def decide_operation(
    *, subscription_id: UUID, operation_id: UUID, succeeded: bool, actor: Actor, now: datetime.datetime
) -> Operation:
    """Let the publisher agree to a change or refuse it, before it has agreed by saying nothing (section 4.3).

    Saying again what is the outcome already changes nothing.
    Raises: PermissionDenied, SaaSSubscription.DoesNotExist, Operation.DoesNotExist, rules.OperationFinished.
    """
    actor.require(Permission.PUBLISHER_OFFER_MANAGE)
    SaaSSubscription.objects.visible_to(actor).get(pk=subscription_id)
    saas = SaaSSubscription.objects.locked(subscription_id)
    operation = Operation.objects.select_related("plan").get(pk=operation_id, saas=saas)
    operation.saas = saas
    wanted = OperationStatus.SUCCEEDED if succeeded else OperationStatus.FAILED
    if operation.source == OperationSource.PUBLISHER and operation.status == wanted:
        return operation
    rules.check_operation_running(operation)
    if succeeded:
        apply_operation(operation, actor=actor, now=now)
    else:
        refuse_operation(operation, code="PublisherRefused", actor=actor, now=now)
    return operation


def apply_operation(operation: Operation, *, actor: Actor | None, now: datetime.datetime) -> None:
    """Carry out a running operation that the publisher agreed to. The subscription is locked.

    A plan that has lost its price meanwhile is refused as if the publisher had refused it.
    """
    saas, action = operation.saas, operation.action
    if action == OperationAction.CHANGE_PLAN:
        try:
            rules.price_today(saas, operation.plan, today=now.date())
        except rules.PriceMissing as refusal:
            refuse_operation(operation, code="PriceMissing", message=str(refusal), actor=None, now=now)
            return
    finish_operation(operation, OperationStatus.SUCCEEDED, now=now)
    if action == OperationAction.CHANGE_QUANTITY:
        apply_quantity(saas, operation.quantity, reference=str(operation.pk), actor=actor, now=now)
    elif action == OperationAction.CHANGE_PLAN:
        apply_plan(saas, operation.plan, reference=str(operation.pk), actor=actor, now=now)
    else:
        apply_reinstatement(saas, actor=actor, now=now)


def refuse_operation(
    operation: Operation, *, code: str, message: str = "", actor: Actor | None, now: datetime.datetime
) -> None:
    """Leave everything as it was, because the publisher refused or could not be reached."""
    finish_operation(operation, OperationStatus.FAILED, now=now, error_code=code, error_message=message)
    if operation.action in DECIDED_BY_PUBLISHER:
        announce(
            MarketplaceEvent.CHANGE_REFUSED,
            operation.saas,
            actor=actor,
            now=now,
            details={"change": operation.action, "reason": code},
        )


def apply_quantity(
    saas: SaaSSubscription, quantity: int, *, reference: str, actor: Actor | None, now: datetime.datetime
) -> None:
    """Change the quantity, and charge or give back the days of the running cycle that are left."""
    subscription, before = saas.subscription, saas.subscription.quantity
    rate = rules.running_rate(saas, now.date())
    if rate is not None:
        billing.charge_quantity_change(
            subscription=subscription,
            rate=rate,
            new_quantity=quantity,
            day=now.date(),
            reference=reference,
            now=now,
        )
    subscription.quantity = quantity
    subscription.save(update_fields=["quantity"])
    announce(
        MarketplaceEvent.QUANTITY_CHANGED,
        saas,
        actor=actor,
        now=now,
        before={"quantity": before},
        after={"quantity": quantity},
    )


def apply_plan(
    saas: SaaSSubscription, plan: Plan, *, reference: str, actor: Actor | None, now: datetime.datetime
) -> None:
    """Change to another plan of the offer from today on, at the price of the day; term and cycle go on."""
    subscription, old_plan = saas.subscription, saas.plan
    price = rules.price_today(saas, plan, today=now.date())
    rate = rules.running_rate(saas, now.date())
    if rate is not None:
        billing.charge_conversion(
            subscription=subscription,
            old=rate,
            new=replace(rate, unit_price=price.unit_price),
            day=now.date(),
            reference=reference,
            now=now,
        )
    subscription.unit_price = price.unit_price
    subscription.product_name = rules.product_name(plan)
    subscription.offer_id = rules.catalog_id(plan, subscription.term)
    subscription.save(update_fields=["unit_price", "product_name", "offer_id"])
    saas.plan, saas.list_price = plan, price.list_price
    saas.copy_for_list()
    saas.save(update_fields=["plan", "list_price", *LIST_COPIES])
    announce(
        MarketplaceEvent.PLAN_CHANGED,
        saas,
        actor=actor,
        now=now,
        before={"plan": old_plan.name},
        after={"plan": plan.name},
    )


def apply_reinstatement(saas: SaaSSubscription, *, actor: Actor | None, now: datetime.datetime) -> None:
    """Let a suspended subscription run again; days before today that were not charged stay free of charge."""
    today, subscription = now.date(), saas.subscription
    saas.status = FulfillmentStatus.SUBSCRIBED
    saas.suspended_at = saas.suspended_until = None
    fields = ["status", "suspended_at", "suspended_until"]
    subscription.status = SubscriptionStatus.ACTIVE
    subscription.save(update_fields=["status"])
    rate = rules.running_rate(saas, today)
    if rate is not None and saas.billed_until is not None and saas.billed_until < rate.period.ends_on:
        unpaid_from = max(saas.billed_until, today)
        billing.charge_cycle(subscription=subscription, kind=ChargeKind.CYCLE, rate=rate, day=unpaid_from, now=now)
        saas.billed_until = rate.period.ends_on
        fields.append("billed_until")
    saas.save(update_fields=fields)
    announce(MarketplaceEvent.REINSTATED, saas, actor=actor, now=now)
