"""Marketplace subscriptions as partners, customers, publishers and the operator see them (M2, M7, section 7.6)."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet, Sum
from django.http import Http404

from billing.models import Charge
from customers.enums import BillingFrequency
from marketplace import rules
from marketplace.enums import FREQUENCIES_OF_TERM, Refund, Turn
from marketplace.models import Operation, Plan, SaaSSubscription
from marketplace.queries.catalog import PlanChoice
from marketplace.rules import Buyer, Price
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal, refusal_of


@dataclass(frozen=True)
class Step:
    """A step of the timeline: bought, link opened, set up at the publisher, activated, ended (W23)."""

    code: str
    at: datetime.datetime | None


@dataclass(frozen=True)
class Detail:
    """All that the details page of a subscription shows."""

    saas: SaaSSubscription
    running: Operation | None
    turn: Turn
    steps: list[Step]
    refund: Decimal  # what canceling now would give back
    refusals: dict[str, Refusal | None]  # action -> why not; None: possible

    def may(self, action: str) -> bool:
        return self.refusals[action] is None


def subscription_of(actor: Actor, subscription_id: UUID) -> SaaSSubscription:
    """Return a subscription the actor may see, with all its rows. Raises: Http404."""
    saas = SaaSSubscription.objects.visible_to(actor).with_rows().filter(pk=subscription_id).first()
    if saas is None:
        raise Http404
    return saas


def subscription_detail(actor: Actor, subscription_id: UUID, *, now: datetime.datetime) -> Detail:
    """Return a subscription with its timeline, whose turn it is, and each action with the reason against it (X5).

    Raises: Http404.
    """
    saas = subscription_of(actor, subscription_id)
    running = Operation.objects.running().filter(saas=saas).select_related("plan").first()
    if running is not None:
        running.saas = saas
    return Detail(
        saas=saas,
        running=running,
        turn=rules.turn_of(saas, running),
        steps=_steps(saas),
        refund=refund_now(saas, now=now),
        refusals=_refusals(actor, saas, running, now=now),
    )


def _steps(saas: SaaSSubscription) -> list[Step]:
    steps = [
        Step("purchased", saas.purchased_at),
        Step("link-opened", saas.link_opened_at),
        Step("resolved", saas.resolved_at),
        Step("activated", saas.activated_at),
    ]
    return [*steps, Step("ended", saas.ended_at)] if saas.ended_at else steps


def _refusals(
    actor: Actor, saas: SaaSSubscription, running: Operation | None, *, now: datetime.datetime
) -> dict[str, Refusal | None]:
    """Ask for each action of section 7.6 what its workflow function would ask, without doing it."""

    def role() -> None:
        rules.check_may_change(actor, today=now.date())

    def living() -> None:
        role()
        rules.check_living(saas)

    def changing() -> None:
        role()
        rules.check_subscribed(saas)
        rules.check_no_change_runs(running)

    def cancel() -> None:
        role()
        rules.check_can_cancel(saas, now=now)
        rules.check_no_change_runs(running)

    def further() -> None:
        living()
        rules.check_may_name_further(saas)

    checks: dict[str, Callable[[], None]] = {
        "rename": role,
        "quantity": changing,
        "plan": changing,
        "billing_frequency": changing,
        "auto_renew": living,
        "partner_on_record": living,
        "further_resellers": further,
        "cancel": cancel,
        "link": lambda: _check_link(actor, saas),
        "ask": lambda: rules.check_living(saas),
    }
    return {name: refusal_of(check) for name, check in checks.items()}


def _check_link(actor: Actor, saas: SaaSSubscription) -> None:
    actor.require(Permission.SUBSCRIPTION_VIEW)
    rules.check_living(saas)


def refund_now(saas: SaaSSubscription, *, now: datetime.datetime) -> Decimal:
    """Return what canceling at this moment would give back, as cancel_subscription does it."""
    subscription = saas.subscription
    if saas.activated_at is None or not rules.is_in_window(saas, now=now) or saas.refund == Refund.NONE:
        return Decimal(0)
    if saas.refund == Refund.FULL:
        charged = Charge.objects.filter(subscription=subscription).exclude(kind="metered")
        return charged.aggregate(total=Sum("amount"))["total"] or Decimal(0)
    rate = rules.running_rate(saas, now.date())
    return rate.rest(now.date(), subscription.currency) if rate else Decimal(0)


def other_plans(saas: SaaSSubscription, *, today: datetime.date) -> list[PlanChoice]:
    """Return the other plans of the offer, each with its price on the same term or the reason against it."""
    subscription = saas.subscription
    buyer = Buyer(subscription.billing_owner, subscription.customer, today)
    plans = Plan.objects.filter(offer_id=saas.plan.offer_id).exclude(pk=saas.plan_id)
    choices = []
    for plan in plans.select_related("offer__publisher__organization").order_by("position", "name", "pk"):
        if plan.is_private and not rules.is_in_audience(plan, buyer):
            continue
        prices: list[Price] = []
        refusal = None
        try:
            rules.check_new_plan(saas, plan)
            rules.check_plan_itself(plan, buyer)
            term, frequency = subscription.term, subscription.billing_frequency
            prices = [rules.price_for(plan, buyer, term=term, billing_frequency=frequency)]
        except Refusal as found:
            refusal = found
        choices.append(PlanChoice(plan, prices, refusal))
    return choices


def other_frequencies(saas: SaaSSubscription, *, today: datetime.date) -> dict[BillingFrequency, Price | Refusal]:
    """Return the other billing frequencies of the term, each with its price or the reason against it."""
    found: dict[BillingFrequency, Price | Refusal] = {}
    for frequency in FREQUENCIES_OF_TERM.get(rules.term_of(saas), ()):
        if frequency == saas.subscription.billing_frequency:
            continue
        try:
            rules.check_new_frequency(saas, frequency)
            found[frequency] = rules.price_today(saas, saas.plan, today=today, billing_frequency=frequency)
        except Refusal as refusal:
            found[frequency] = refusal
    return found


def charges_of(saas: SaaSSubscription) -> QuerySet[Charge]:
    """Return the charges of a subscription, newest first. For partners: customers are billed by their partner."""
    rows = Charge.objects.filter(subscription_id=saas.pk).select_related("invoice_line__invoice")
    return rows.order_by("-created_at", "-pk")
