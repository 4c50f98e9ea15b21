"""What an app asks of a first-party subscription over the API, done by the functions that the pages call."""

import datetime
from uuid import UUID

from django.db import transaction

from azure.workflow import changes
from customers.enums import SubscriptionStatus
from customers.models import Subscription
from customers.subscription_changes import ChangeNotOffered, StatusNotReachable, SubscriptionChange
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
    if change.partner_on_record is not None or change.billing_cycle is not None or change.catalog_item is not None:
        raise ChangeNotOffered
    if change.status is not None:
        _change_status(subscription_id, change.status, actor=actor, now=now)
        if change.status == SubscriptionStatus.DELETED:
            return
    if change.friendly_name is not None:
        changes.rename(subscription_id=subscription_id, friendly_name=change.friendly_name, actor=actor, now=now)
    if change.quantity is not None:
        changes.change_quantity(subscription_id=subscription_id, quantity=change.quantity, actor=actor, now=now)
    if change.auto_renew is not None:
        changes.set_auto_renew(subscription_id=subscription_id, auto_renew=change.auto_renew, actor=actor, now=now)
    if change.next_term is not None:
        _set_next_term(subscription_id, change, actor=actor, now=now)


def _change_status(subscription_id: UUID, wanted: SubscriptionStatus, *, actor: Actor, now: datetime.datetime) -> None:
    step = STEPS.get(wanted)
    if step is None:
        row = Subscription.objects.get(pk=subscription_id)
        raise StatusNotReachable(row.status, str(wanted))
    step(subscription_id=subscription_id, actor=actor, now=now)


def _set_next_term(subscription_id: UUID, change: SubscriptionChange, *, actor: Actor, now: datetime.datetime) -> None:
    """Only the quantity of the next term can be set; the product, its term and how it is billed stay."""
    wanted = change.next_term
    if wanted is None or wanted.quantity is None or wanted.catalog_item or wanted.billing_cycle or wanted.term:
        raise ChangeNotOffered
    changes.set_renewal_quantity(subscription_id=subscription_id, quantity=wanted.quantity, actor=actor, now=now)
