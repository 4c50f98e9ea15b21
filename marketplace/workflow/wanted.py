"""What an app asks of a marketplace subscription over the API, done by the functions that the pages call."""

import datetime
from uuid import UUID

from django.db import transaction

from customers.enums import SubscriptionStatus
from customers.queries.wire import credited
from customers.subscription_changes import ChangeNotOffered, StatusNotReachable, SubscriptionChange, frequency_of
from marketplace import rules
from marketplace.models import SaaSSubscription
from marketplace.queries.transitions import plan_of_item
from marketplace.workflow import changes
from marketplace.workflow.endings import cancel_subscription
from portal.accounts.actor import Actor


@transaction.atomic
def apply(*, subscription_id: UUID, change: SubscriptionChange, actor: Actor, now: datetime.datetime) -> None:
    """Do all that is asked, or nothing. What waits for the publisher comes last, for it keeps others waiting.

    Source: API reference, section 4.3. Raises: ChangeNotOffered, StatusNotReachable, PartnerNumberUnknown, and what the
    functions of the pages refuse.
    """
    if change.is_empty:
        return
    saas = changes.locked_for_change(subscription_id, actor, now)
    if change.status is not None:
        _change_status(saas, change.status, actor=actor, now=now)
        if change.status == SubscriptionStatus.DELETED:
            return
    if change.next_term is not None:
        raise ChangeNotOffered
    if change.friendly_name is not None:
        changes.rename_subscription(
            subscription_id=subscription_id, friendly_name=change.friendly_name, actor=actor, now=now
        )
    if change.partner_on_record is not None:
        reseller_id, number = credited(change.partner_on_record, actor)
        changes.change_partner_on_record(
            subscription_id=subscription_id, reseller_id=reseller_id, number=number, actor=actor, now=now
        )
    if change.auto_renew is not None:
        changes.set_auto_renew(subscription_id=subscription_id, auto_renew=change.auto_renew, actor=actor, now=now)
    _change_product(saas, change, actor=actor, now=now)


def _change_status(saas: SaaSSubscription, wanted: SubscriptionStatus, *, actor: Actor, now: datetime.datetime) -> None:
    """A partner cancels; only the operator suspends and reinstates (portal reference, section 7.4)."""
    if wanted != SubscriptionStatus.DELETED:
        rules.check_living(saas)
        raise StatusNotReachable(saas.subscription.status, str(wanted))
    cancel_subscription(subscription_id=saas.pk, actor=actor, now=now)


def _change_product(
    saas: SaaSSubscription, change: SubscriptionChange, *, actor: Actor, now: datetime.datetime
) -> None:
    """Change billing frequency, plan and quantity, each of which needs an active subscription."""
    if change.billing_cycle is not None:
        frequency = frequency_of(change.billing_cycle, saas.subscription.term)
        changes.change_billing_frequency(
            subscription_id=saas.pk, billing_frequency=frequency or change.billing_cycle, actor=actor, now=now
        )
    if change.catalog_item is not None:
        changes.change_plan(
            subscription_id=saas.pk, plan_id=plan_of_item(saas, change.catalog_item).pk, actor=actor, now=now
        )
    if change.quantity is not None:
        changes.change_quantity(subscription_id=saas.pk, quantity=change.quantity, actor=actor, now=now)
