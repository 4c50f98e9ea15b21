"""Credit another reseller for a first-party subscription (section 1.7)."""

import datetime
from uuid import UUID

from django.db import transaction

from azure.announcements import announce
from azure.enums import AzureEvent
from azure.rules import resellers as rules
from azure.workflow.changes import locked_for_change
from billing.workflow.resellers import keep_reseller
from customers.models import Subscription
from customers.rules.buying import Buyer, partner_on_record
from portal.accounts.actor import Actor
from portal.accounts.models import Partner


@transaction.atomic
def change_reseller(
    *, subscription_id: UUID, reseller_id: UUID | None, number: str = "", actor: Actor, now: datetime.datetime
) -> Subscription:
    """Credit one of the provider's resellers from today on, or none; charges of earlier days stay with the former one.

    Raises: as locked_for_change, rules.check_can_change_reseller, rules.check_reseller_differs and partner_on_record.
    """
    subscription = locked_for_change(subscription_id, actor)
    rules.check_can_change_reseller(subscription, actor)
    if reseller_id is None:
        number = ""
    else:
        partner = Partner.objects.select_related("organization").get(pk=subscription.billing_owner_id)
        buyer = Buyer(partner, subscription.customer, now.date())
        number = partner_on_record(buyer, reseller_id=reseller_id, number=number)
    rules.check_reseller_differs(subscription, reseller_id=reseller_id, number=number)
    former_id, before = subscription.reseller_id, subscription.partner_on_record
    keep_reseller(subscription=subscription, day=now.date())
    subscription.reseller_id, subscription.partner_on_record = reseller_id, number
    subscription.save(update_fields=["reseller", "partner_on_record"])
    announce(
        AzureEvent.RESELLER_CHANGED,
        subscription,
        actor=actor,
        now=now,
        before={"partner ID": before},
        after={"partner ID": number},
        also=[former_id] if former_id else [],
    )
    return subscription
