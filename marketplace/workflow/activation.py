"""The link to the publisher, and the activation that starts billing (M5, M6)."""

import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from billing import workflow as billing
from billing.enums import ChargeKind
from customers.enums import SubscriptionStatus
from customers.terms import TERM_MONTHS, Period, end_of_term
from marketplace import rules
from marketplace.announcements import announce
from marketplace.enums import FulfillmentStatus, MarketplaceEvent, OperationAction, OperationSource
from marketplace.models import LIST_COPIES, PurchaseToken, SaaSSubscription
from marketplace.rules import landing_link
from marketplace.workflow.operations import start_operation
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.links import hash_token, make_token

TRIAL = "trial"  # reference of the charge of nothing for a free trial


@transaction.atomic
def issue_purchase_token(*, subscription_id: UUID, actor: Actor, now: datetime.datetime) -> str:
    """Return the link to the publisher's site, with a new token that names the purchase for 24 hours (section 2).

    For setting up a purchase and for managing an active one alike; links issued before go on working.
    Raises: PermissionDenied, SaaSSubscription.DoesNotExist, rules.SubscriptionEnded.
    """
    actor.require(Permission.SUBSCRIPTION_VIEW)
    SaaSSubscription.objects.visible_to(actor).get(pk=subscription_id)
    saas = SaaSSubscription.objects.locked(subscription_id)
    rules.check_living(saas)

    token = make_token()
    PurchaseToken.objects.filter(saas=saas, expires_at__lte=now).delete()
    PurchaseToken.objects.create(
        saas=saas,
        token_hash=hash_token(token),
        created_at=now,
        expires_at=now + datetime.timedelta(hours=settings.PURCHASE_TOKEN_HOURS),
    )
    if saas.link_opened_at is None:
        saas.link_opened_at = now
        saas.save(update_fields=["link_opened_at"])
    announce(MarketplaceEvent.LINK_ISSUED, saas, actor=actor, now=now)
    return landing_link(saas.offer, token)


@transaction.atomic
def resolve_purchase_token(*, token: str, actor: Actor, now: datetime.datetime) -> SaaSSubscription:
    """Return the purchase that a token names, to its own publisher; in every state, as often as it likes (3.3).

    Raises: PermissionDenied, rules.TokenUnusable, rules.PurchaseOfAnotherPublisher.
    """
    actor.require(Permission.PUBLISHER_OFFER_MANAGE)
    found = PurchaseToken.objects.filter(token_hash=hash_token(token)).select_related("saas").first()
    purchase = rules.check_token(found, publisher_id=actor.organization_id, now=now)
    saas = SaaSSubscription.objects.locked(purchase.saas_id)
    if saas.resolved_at is None:
        saas.resolved_at = now
        saas.save(update_fields=["resolved_at"])
    return saas


@transaction.atomic
def activate_subscription(*, subscription_id: UUID, actor: Actor, now: datetime.datetime) -> SaaSSubscription:
    """Start a purchase that its publisher has set up: the term and the charges begin today (M6, section 3.4).

    A second activation changes nothing. Raises: PermissionDenied, SaaSSubscription.DoesNotExist,
    rules.SubscriptionEnded, rules.SubscriptionSuspended.
    """
    actor.require(Permission.PUBLISHER_OFFER_MANAGE)
    SaaSSubscription.objects.visible_to(actor).get(pk=subscription_id)
    return _activate(SaaSSubscription.objects.locked(subscription_id), actor, now)


@transaction.atomic
def activate_in_sandbox(*, subscription_id: UUID, actor: Actor, now: datetime.datetime) -> SaaSSubscription:
    """Let a partner's sandbox play the publisher, whose site knows nothing of it (portal reference, section 7.3).

    Raises: PermissionDenied, SaaSSubscription.DoesNotExist, rules.NotASandbox, SubscriptionEnded,
    SubscriptionSuspended.
    """
    actor.require(Permission.SUBSCRIPTION_BUY)
    SaaSSubscription.objects.visible_to(actor).get(pk=subscription_id)
    saas = SaaSSubscription.objects.locked(subscription_id)
    rules.check_in_sandbox(saas)
    return _activate(saas, actor, now)


def activate_with_order(saas: SaaSSubscription, *, now: datetime.datetime) -> None:
    """Start a purchase, just written and held by the open transaction, of a plan that activates itself."""
    if saas.plan.activates_itself:
        _activate(saas, None, now)


def _activate(saas: SaaSSubscription, actor: Actor | None, now: datetime.datetime) -> SaaSSubscription:
    """Activate a locked purchase, once."""
    if saas.status == FulfillmentStatus.SUBSCRIBED:
        return saas
    rules.check_can_activate(saas)

    _start_term(saas, now)
    saas.status = FulfillmentStatus.SUBSCRIBED
    saas.activated_at = now
    saas.copy_for_list()
    saas.save(update_fields=["status", "activated_at", "counted_from", "counted_months", "billed_until", *LIST_COPIES])
    if saas.publisher.sends_subscribe:
        start_operation(saas, OperationAction.SUBSCRIBE, source=OperationSource.MARKETPLACE, actor=actor, now=now)
    announce(MarketplaceEvent.ACTIVATED, saas, actor=actor, now=now)
    return saas


def _start_term(saas: SaaSSubscription, now: datetime.datetime) -> None:
    """Begin the free trial of the plan, or its first paid term, and write the first charge."""
    subscription, today = saas.subscription, now.date()
    subscription.status = SubscriptionStatus.ACTIVE
    subscription.starts_on = today
    saas.counted_from = today
    if subscription.is_trial:
        subscription.ends_on = today + datetime.timedelta(days=saas.plan.trial_days)
        saas.counted_months = 0
    else:
        subscription.ends_on = end_of_term(today, subscription.term)
        saas.counted_months = TERM_MONTHS[rules.term_of(saas)]
    subscription.save(update_fields=["status", "starts_on", "ends_on"])
    rate = rules.running_rate(saas, today)
    if rate is None:
        trial = Period(today, rules.end_of(saas))
        billing.charge_free_days(subscription=subscription, period=trial, reference=TRIAL, now=now)
        saas.billed_until = trial.ends_on
        return
    billing.charge_cycle(subscription=subscription, kind=ChargeKind.NEW, rate=rate, now=now)
    saas.billed_until = rate.period.ends_on
