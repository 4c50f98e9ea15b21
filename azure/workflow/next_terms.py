"""Terms that change: a longer one at once, another billing frequency, and what the next one begins with (1.7, 8)."""

import datetime
import uuid
from uuid import UUID

from django.db import transaction

from azure import prices
from azure.announcements import announce
from azure.enums import AzureEvent
from azure.models import ProductTerm
from azure.prices import Way
from azure.rules import next_terms as rules
from azure.rules.money import rate_on
from azure.rules.next_terms import NextTermPlan
from azure.workflow.changes import locked_for_change
from azure.workflow.terms import drop_plans, term_of
from billing import workflow as billing
from customers.models import Subscription
from customers.terms import end_of_term
from portal.accounts.actor import Actor


@transaction.atomic
def plan_next_term(*, subscription_id: UUID, plan: NextTermPlan, actor: Actor, now: datetime.datetime) -> Subscription:
    """Say with what the next term begins; what is as now takes the plan back.

    Raises: as locked_for_change, rules.check_can_plan and rules.check_plan.
    """
    subscription = locked_for_change(subscription_id, actor)
    rules.check_can_plan(subscription)
    rules.check_plan(subscription, plan, ways=prices.ways_for(subscription, now.date()))
    term, current = term_of(subscription, now=now), NextTermPlan.as_now(subscription)
    before = rules.planned(subscription, term)
    term.renewal_quantity = plan.quantity if plan.quantity != current.quantity else None
    term.renewal_term, term.renewal_frequency = plan.way if plan.way != current.way else ("", "")
    term.save(update_fields=["renewal_quantity", "renewal_term", "renewal_frequency"])
    _announce_plan(subscription, before=before, after=plan, actor=actor, now=now)
    return subscription


@transaction.atomic
def drop_next_term(*, subscription_id: UUID, actor: Actor, now: datetime.datetime) -> Subscription:
    """Let the next term begin as the running one is. Raises: as locked_for_change, rules.NothingPlanned."""
    subscription = locked_for_change(subscription_id, actor)
    term = ProductTerm.objects.filter(subscription=subscription).first()
    rules.check_planned(has_plans=term is not None and term.has_plans)
    before = rules.planned(subscription, term)
    drop_plans(subscription)
    _announce_plan(subscription, before=before, after=NextTermPlan.as_now(subscription), actor=actor, now=now)
    return subscription


def _announce_plan(
    subscription: Subscription, *, before: NextTermPlan, after: NextTermPlan, actor: Actor, now: datetime.datetime
) -> None:
    """Log what of the plan changed; a plan that stays as it was is no event."""
    names = {"quantity": "quantity", "term": "term", "billing frequency": "billing_frequency"}
    changed = [name for name, field in names.items() if getattr(before, field) != getattr(after, field)]
    if changed:
        announce(
            AzureEvent.NEXT_TERM_SET,
            subscription,
            actor=actor,
            now=now,
            before={name: getattr(before, names[name]) for name in changed},
            after={name: getattr(after, names[name]) for name in changed},
        )


@transaction.atomic
def change_term(
    *, subscription_id: UUID, term: str, billing_frequency: str, actor: Actor, now: datetime.datetime
) -> Subscription:
    """Begin a longer term today, at the list price of today; what is left of the running cycle is given back.

    Raises: as locked_for_change and rules.check_longer.
    """
    subscription = locked_for_change(subscription_id, actor)
    ways = prices.ways_for(subscription, now.date())
    way = rules.check_longer(subscription, term=term, billing_frequency=billing_frequency, ways=ways)
    runs, today = term_of(subscription, now=now), now.date()
    before = {"term": subscription.term, "billing frequency": subscription.billing_frequency}
    _switch(subscription, way, runs, begins=today, now=now)
    announce(
        AzureEvent.TERM_CHANGED,
        subscription,
        actor=actor,
        now=now,
        before=before,
        after={"term": way.term, "billing frequency": way.billing_frequency},
    )
    return subscription


@transaction.atomic
def change_billing_frequency(
    *, subscription_id: UUID, billing_frequency: str, actor: Actor, now: datetime.datetime
) -> Subscription:
    """Bill the running term another way from today on, at the list price of today; its end stays.

    Raises: as locked_for_change and rules.check_frequency.
    """
    subscription = locked_for_change(subscription_id, actor)
    way = rules.check_frequency(subscription, billing_frequency, ways=prices.ways_for(subscription, now.date()))
    before = {"billing frequency": subscription.billing_frequency}
    _switch(subscription, way, term_of(subscription, now=now), begins=None, now=now)
    announce(
        AzureEvent.FREQUENCY_CHANGED,
        subscription,
        actor=actor,
        now=now,
        before=before,
        after={"billing frequency": way.billing_frequency},
    )
    return subscription


def _switch(
    subscription: Subscription, way: Way, runs: ProductTerm, *, begins: datetime.date | None, now: datetime.datetime
) -> None:
    """Pay another way from today on, with a new term where one begins; the rest of the old cycle is given back."""
    today = now.date()
    old = rate_on(subscription, today)
    subscription.billing_frequency, subscription.unit_price = way.billing_frequency, way.unit_price
    if begins is not None:
        subscription.term, subscription.starts_on, subscription.ends_on = (
            way.term,
            begins,
            end_of_term(begins, way.term),
        )
        subscription.offer_id = prices.offer_id_for(subscription, way.term)
        runs.counted_from, runs.counted_months = begins, rules.months_of(way.term)
        runs.reminded_days = None
        drop_plans(subscription)
    subscription.save(update_fields=["billing_frequency", "unit_price", "term", "starts_on", "ends_on", "offer_id"])
    new = rate_on(subscription, today)
    if old is not None and new is not None:
        reference = str(uuid.uuid4())
        billing.charge_conversion(subscription=subscription, old=old, new=new, day=today, reference=reference, now=now)
        runs.billed_until = new.period.ends_on
    runs.save(update_fields=["counted_from", "counted_months", "billed_until", "reminded_days"])
