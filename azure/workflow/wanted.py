"""What an app asks of a first-party subscription over the API, done by the functions that the pages call."""

import datetime
from uuid import UUID

from django.db import transaction

from azure import prices
from azure.models import ProductTerm
from azure.rules.next_terms import NextTermPlan, planned
from azure.workflow import changes, next_terms, resellers
from customers.enums import SubscriptionStatus, Term
from customers.models import Subscription
from customers.queries.wire import credited
from customers.subscription_changes import (
    ChangeNotOffered,
    NextTerm,
    StatusNotReachable,
    SubscriptionChange,
)
from customers.wire import billing_cycle, cycle_of
from portal.accounts.actor import Actor

STEPS = {
    SubscriptionStatus.SUSPENDED: changes.suspend,
    SubscriptionStatus.ACTIVE: changes.reactivate,
    SubscriptionStatus.DELETED: changes.cancel,
}


@transaction.atomic
def apply(*, subscription_id: UUID, change: SubscriptionChange, actor: Actor, now: datetime.datetime) -> None:
    """Do all that is asked, or nothing.

    Source: API reference, sections 4.3 and 4.4. Raises: ChangeNotOffered, StatusNotReachable, and what the functions of
    the pages refuse.
    """
    if change.status is not None:
        _change_status(subscription_id, change.status, actor=actor, now=now)
        if change.status == SubscriptionStatus.DELETED:
            return
    if change.friendly_name is not None:
        changes.rename(subscription_id=subscription_id, friendly_name=change.friendly_name, actor=actor, now=now)
    if change.partner_on_record is not None:
        reseller_id, number = credited(change.partner_on_record, actor)
        resellers.change_reseller(
            subscription_id=subscription_id, reseller_id=reseller_id, number=number, actor=actor, now=now
        )
    if change.quantity is not None:
        changes.change_quantity(subscription_id=subscription_id, quantity=change.quantity, actor=actor, now=now)
    if change.auto_renew is not None:
        changes.set_auto_renew(subscription_id=subscription_id, auto_renew=change.auto_renew, actor=actor, now=now)
    _change_terms(subscription_id, change, actor=actor, now=now)


def _change_terms(subscription_id: UUID, change: SubscriptionChange, *, actor: Actor, now: datetime.datetime) -> None:
    """Change how the running term is billed, how long it is, and what comes after it."""
    row = Subscription.objects.get(pk=subscription_id)
    if change.billing_cycle is not None:
        next_terms.change_billing_frequency(
            subscription_id=row.pk,
            billing_frequency=_frequency(row, change.billing_cycle, row.term, now.date()),
            actor=actor,
            now=now,
        )
    if change.catalog_item is not None:
        _change_term(row, change.catalog_item, actor=actor, now=now)
    elif row.auto_renew or change.next_term is None:  # what was just suspended, or does not renew, lost its plan
        row.refresh_from_db()
        _set_next_term(row, change.next_term, actor=actor, now=now)


def _change_status(subscription_id: UUID, wanted: SubscriptionStatus, *, actor: Actor, now: datetime.datetime) -> None:
    step = STEPS.get(wanted)
    if step is None:
        row = Subscription.objects.get(pk=subscription_id)
        raise StatusNotReachable(row.status, str(wanted))
    step(subscription_id=subscription_id, actor=actor, now=now)


def _change_term(row: Subscription, catalog_item: str, *, actor: Actor, now: datetime.datetime) -> None:
    """Take a longer term of the same product, billed as now where that is sold, else in its first way."""
    product, _colon, term = catalog_item.rpartition(":")
    if product.lower() != row.offer_id.rpartition(":")[0].lower() or term not in Term:
        raise ChangeNotOffered
    sold = [way.billing_frequency for way in prices.ways_for(row, now.date()) if way.term == term]
    frequency = row.billing_frequency if row.billing_frequency in sold or not sold else sold[0]
    next_terms.change_term(subscription_id=row.pk, term=term, billing_frequency=frequency, actor=actor, now=now)


def _set_next_term(row: Subscription, wanted: NextTerm | None, *, actor: Actor, now: datetime.datetime) -> None:
    """Plan what the instructions name; without instructions the plan is dropped (section 4.3).

    Raises: ChangeNotOffered for another product or an end of its own, and as plan_next_term.
    """
    runs = ProductTerm.objects.filter(pk=row.pk).first()
    if wanted is None:
        if runs is not None and runs.has_plans:
            next_terms.drop_next_term(subscription_id=row.pk, actor=actor, now=now)
        return
    product = ":".join(wanted.catalog_item.split(":")[:2])
    if wanted.ends_at is not None or (product and not row.offer_id.lower().startswith(f"{product.lower()}:")):
        raise ChangeNotOffered
    term = wanted.term or row.term
    plan = NextTermPlan(
        quantity=row.quantity if wanted.quantity is None else wanted.quantity,
        term=term,
        billing_frequency=_frequency(row, wanted.billing_cycle or billing_cycle(row), term, now.date()),
    )
    if plan != planned(row, runs):
        next_terms.plan_next_term(subscription_id=row.pk, plan=plan, actor=actor, now=now)


def _frequency(row: Subscription, cycle: str, term: str, today: datetime.date) -> str:
    """Return the billing frequency that a ``billingCycle`` means for a term of a product. Raises: ChangeNotOffered."""
    own = [(row.term, row.billing_frequency)]
    sold = [(way.term, way.billing_frequency) for way in prices.ways_for(row, today)]
    for of_term, frequency in own + sold:
        if of_term == term and cycle_of(frequency, of_term) == cycle:
            return frequency
    raise ChangeNotOffered
