"""What partners and publishers change of a subscription (M3, M4, M7)."""

import datetime
import uuid
from uuid import UUID

from django.db import transaction

from billing import workflow as billing
from customers.terms import TERM_MONTHS, end_of_term
from marketplace import rules
from marketplace.announcements import announce, announce_wish
from marketplace.enums import MarketplaceEvent, OperationAction, OperationSource, Wish
from marketplace.models import LIST_COPIES, Operation, Plan, SaaSSubscription
from marketplace.rules import Buyer
from marketplace.workflow.operations import (
    apply_plan,
    apply_quantity,
    running_operation,
    start_operation,
    tell_publisher,
)
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from portal.audit.models import AuditEvent

NEW_TERM = ("list_price", "counted_from", "counted_months", "billed_until", "reminded_days")


def locked_for_change(subscription_id: UUID, actor: Actor, now: datetime.datetime) -> SaaSSubscription:
    """Return a subscription of the actor's partner, locked, when the actor may change it.

    Raises: SaaSSubscription.DoesNotExist, and what rules.check_may_change raises.
    """
    rules.check_may_change(actor, today=now.date())
    SaaSSubscription.objects.visible_to(actor).get(pk=subscription_id)
    return SaaSSubscription.objects.locked(subscription_id)


def _save_copies(saas: SaaSSubscription) -> None:
    saas.copy_for_list()
    saas.save(update_fields=LIST_COPIES)


@transaction.atomic
def change_quantity(*, subscription_id: UUID, quantity: int, actor: Actor, now: datetime.datetime) -> Operation:
    """Ask the publisher for another quantity; it is changed when the publisher agrees, or says nothing (M3, M7).

    Raises: PermissionDenied, SaaSSubscription.DoesNotExist, rules.NotActivated, SubscriptionSuspended,
    SubscriptionEnded, ChangeRunning, NothingChanges, InvalidInput.
    """
    saas = locked_for_change(subscription_id, actor, now)
    rules.check_subscribed(saas)
    rules.check_no_change_runs(running_operation(saas))
    rules.check_new_quantity(saas, quantity)
    operation = start_operation(
        saas, OperationAction.CHANGE_QUANTITY, waits=True, quantity=quantity, actor=actor, now=now
    )
    announce(
        MarketplaceEvent.QUANTITY_REQUESTED,
        saas,
        actor=actor,
        now=now,
        before={"quantity": saas.subscription.quantity},
        after={"quantity": quantity},
    )
    return operation


@transaction.atomic
def change_plan(*, subscription_id: UUID, plan_id: UUID, actor: Actor, now: datetime.datetime) -> Operation:
    """Ask the publisher for another plan of the same offer (M7).

    Raises: as change_quantity, Plan.DoesNotExist, and what rules.check_plan and price_for raise.
    """
    saas = locked_for_change(subscription_id, actor, now)
    rules.check_subscribed(saas)
    rules.check_no_change_runs(running_operation(saas))
    plan = _purchasable_plan(saas, plan_id, now)
    operation = start_operation(saas, OperationAction.CHANGE_PLAN, waits=True, plan=plan, actor=actor, now=now)
    announce(
        MarketplaceEvent.PLAN_REQUESTED,
        saas,
        actor=actor,
        now=now,
        before={"plan": saas.plan.name},
        after={"plan": plan.name},
    )
    return operation


def _purchasable_plan(saas: SaaSSubscription, plan_id: UUID, now: datetime.datetime) -> Plan:
    """Return a plan that the subscription may move to today."""
    plan = Plan.objects.select_related("offer__publisher__organization").get(pk=plan_id)
    rules.check_new_plan(saas, plan)
    subscription = saas.subscription
    buyer = Buyer(subscription.billing_owner, subscription.customer, now.date())
    rules.check_plan_itself(plan, buyer)
    rules.price_for(plan, buyer, term=subscription.term, billing_frequency=subscription.billing_frequency)
    return plan


@transaction.atomic
def change_billing_frequency(
    *, subscription_id: UUID, billing_frequency: str, actor: Actor, now: datetime.datetime
) -> SaaSSubscription:
    """Bill another way: what is left of the running cycle is given back, and a new term begins today (section 1.7).

    The price is the list's of today, and the publisher has no part in it.
    Raises: as change_quantity, rules.FrequencyNotOffered, PriceMissing.
    """
    saas = locked_for_change(subscription_id, actor, now)
    rules.check_subscribed(saas)
    rules.check_no_change_runs(running_operation(saas))
    rules.check_new_frequency(saas, billing_frequency)
    today, subscription = now.date(), saas.subscription
    price = rules.price_today(saas, saas.plan, today=today, billing_frequency=billing_frequency)
    before = subscription.billing_frequency
    old = rules.paid_rate(saas, today)

    subscription.billing_frequency = billing_frequency
    subscription.unit_price = price.unit_price
    subscription.starts_on = today
    subscription.ends_on = end_of_term(today, subscription.term)
    subscription.save(update_fields=["billing_frequency", "unit_price", "starts_on", "ends_on"])
    new = rules.paid_rate(saas, today)
    billing.charge_conversion(
        subscription=subscription, old=old, new=new, day=today, reference=str(uuid.uuid4()), now=now
    )
    saas.list_price = price.list_price
    saas.counted_from, saas.counted_months = today, TERM_MONTHS[rules.term_of(saas)]
    saas.billed_until, saas.reminded_days = new.period.ends_on, None
    saas.copy_for_list()
    saas.save(update_fields=[*NEW_TERM, *LIST_COPIES])
    announce(
        MarketplaceEvent.FREQUENCY_CHANGED,
        saas,
        actor=actor,
        now=now,
        before={"billing frequency": before},
        after={"billing frequency": billing_frequency},
    )
    return saas


@transaction.atomic
def set_auto_renew(
    *, subscription_id: UUID, auto_renew: bool, actor: Actor, now: datetime.datetime
) -> SaaSSubscription:
    """Let the subscription go on at the end of its term, or end with it; saying what is so already changes nothing.

    Raises: PermissionDenied, SaaSSubscription.DoesNotExist, rules.SubscriptionEnded.
    """
    saas = locked_for_change(subscription_id, actor, now)
    rules.check_living(saas)
    if saas.subscription.auto_renew == auto_renew:
        return saas
    saas.subscription.auto_renew = auto_renew
    saas.subscription.save(update_fields=["auto_renew"])
    _save_copies(saas)
    announce(
        MarketplaceEvent.AUTO_RENEW_CHANGED,
        saas,
        actor=actor,
        now=now,
        before={"auto-renew": not auto_renew},
        after={"auto-renew": auto_renew},
    )
    return saas


@transaction.atomic
def rename_subscription(
    *, subscription_id: UUID, friendly_name: str, actor: Actor, now: datetime.datetime
) -> SaaSSubscription:
    """Give a subscription another friendly name.

    Raises: PermissionDenied, SaaSSubscription.DoesNotExist, InvalidInput.
    """
    saas = locked_for_change(subscription_id, actor, now)
    name = rules.clean_name(friendly_name)
    before = saas.subscription.friendly_name
    if name != before:
        saas.subscription.friendly_name = name
        saas.subscription.save(update_fields=["friendly_name"])
        _save_copies(saas)
        announce(MarketplaceEvent.RENAMED, saas, actor=actor, now=now, before={"name": before}, after={"name": name})
    return saas


@transaction.atomic
def change_partner_on_record(
    *, subscription_id: UUID, reseller_id: UUID | None, number: str, actor: Actor, now: datetime.datetime
) -> SaaSSubscription:
    """Credit another reseller, or another location, from today on (M3).

    Raises: PermissionDenied, SaaSSubscription.DoesNotExist, rules.SubscriptionEnded, NothingChanges, ResellerNotYours,
    InvalidInput.
    """
    saas = locked_for_change(subscription_id, actor, now)
    rules.check_living(saas)
    subscription = saas.subscription
    partner = Partner.objects.select_related("organization").get(pk=subscription.billing_owner_id)
    buyer = Buyer(partner, subscription.customer, now.date())
    number = rules.partner_on_record(buyer, reseller_id=reseller_id, number=number)
    rules.check_reseller_differs(saas, reseller_id=reseller_id, number=number)
    before = subscription.partner_on_record
    billing.keep_reseller(subscription=subscription, day=now.date())
    subscription.reseller_id, subscription.partner_on_record = reseller_id, number
    subscription.save(update_fields=["reseller", "partner_on_record"])
    saas.further_partner_ids = [one for one in saas.further_partner_ids if one != number]
    saas.copy_for_list()
    saas.save(update_fields=["further_partner_ids", *LIST_COPIES])
    announce(
        MarketplaceEvent.RESELLER_CHANGED,
        SaaSSubscription.objects.with_rows().get(pk=subscription_id),
        actor=actor,
        now=now,
        before={"partner ID": before},
        after={"partner ID": number},
    )
    return saas


@transaction.atomic
def ask_admin_agent(
    *, subscription_id: UUID, wish: Wish, note: str, actor: Actor, now: datetime.datetime
) -> AuditEvent:
    """Put before the admin agents what somebody may not change itself (M4, section 3.3).

    Raises: PermissionDenied, SaaSSubscription.DoesNotExist, rules.SubscriptionEnded.
    """
    actor.require(Permission.SUBSCRIPTION_VIEW)
    saas = SaaSSubscription.objects.visible_to(actor).with_rows().get(pk=subscription_id)
    rules.check_living(saas)
    return announce_wish(saas, wish=wish, note=note.strip()[:500], actor=actor, now=now)


@transaction.atomic
def change_by_publisher(
    *,
    subscription_id: UUID,
    quantity: int | None = None,
    plan_id: UUID | None = None,
    actor: Actor,
    now: datetime.datetime,
) -> Operation:
    """Change quantity or plan on the publisher's own call, at once (fulfillment reference, sections 3.8 and 3.9).

    Raises: PermissionDenied, SaaSSubscription.DoesNotExist, rules.PublisherMayNot, and as change_quantity or
    change_plan.
    """
    actor.require(Permission.PUBLISHER_OFFER_MANAGE)
    SaaSSubscription.objects.visible_to(actor).get(pk=subscription_id)
    saas = SaaSSubscription.objects.locked(subscription_id)
    rules.check_subscribed(saas)
    rules.check_publisher_may_change(saas)
    rules.check_no_change_runs(running_operation(saas))
    if plan_id is not None:
        plan = _purchasable_plan(saas, plan_id, now)
        operation = start_operation(
            saas, OperationAction.CHANGE_PLAN, source=OperationSource.PUBLISHER, plan=plan, actor=actor, now=now
        )
        apply_plan(saas, plan, reference=str(operation.pk), actor=actor, now=now)
        tell_publisher(operation, now=now)
        return operation
    wanted = quantity or 0
    rules.check_new_quantity(saas, wanted)
    operation = start_operation(
        saas,
        OperationAction.CHANGE_QUANTITY,
        source=OperationSource.PUBLISHER,
        quantity=wanted,
        actor=actor,
        now=now,
    )
    apply_quantity(saas, wanted, reference=str(operation.pk), actor=actor, now=now)
    tell_publisher(operation, now=now)
    return operation
