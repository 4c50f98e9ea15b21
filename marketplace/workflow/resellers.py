"""Further resellers of a subscription, named by their PartnerIDs (M3, section 7.2)."""

import datetime
from uuid import UUID

from django.db import transaction

from marketplace import rules
from marketplace.announcements import announce
from marketplace.enums import MarketplaceEvent
from marketplace.models import SaaSSubscription
from marketplace.workflow.changes import locked_for_change
from portal.accounts.actor import Actor


@transaction.atomic
def add_further_reseller(
    *, subscription_id: UUID, number: str, actor: Actor, now: datetime.datetime
) -> SaaSSubscription:
    """Credit a further reseller besides the one on record, from today on.

    Raises: PermissionDenied, SaaSSubscription.DoesNotExist, rules.SubscriptionEnded, NoFurtherResellers, InvalidInput.
    """
    saas = locked_for_change(subscription_id, actor, now)
    rules.check_living(saas)
    rules.check_may_name_further(saas)
    row, have = saas.subscription, saas.further_partner_ids
    rules.further_location(row.billing_owner, number, first=row.partner_on_record, others=have)
    _save(saas, [*have, number], actor, now)
    return saas


@transaction.atomic
def remove_further_reseller(
    *, subscription_id: UUID, number: str, actor: Actor, now: datetime.datetime
) -> SaaSSubscription:
    """Credit a further reseller no more; one that is not named changes nothing.

    Raises: PermissionDenied, SaaSSubscription.DoesNotExist, rules.SubscriptionEnded.
    """
    saas = locked_for_change(subscription_id, actor, now)
    rules.check_living(saas)
    if number in saas.further_partner_ids:
        _save(saas, [one for one in saas.further_partner_ids if one != number], actor, now)
    return saas


def _save(saas: SaaSSubscription, numbers: list[str], actor: Actor, now: datetime.datetime) -> None:
    before, saas.further_partner_ids = saas.further_partner_ids, numbers
    saas.save(update_fields=["further_partner_ids"])
    announce(
        MarketplaceEvent.RESELLER_CHANGED,
        saas,
        actor=actor,
        now=now,
        before={"further partner IDs": ", ".join(before)},
        after={"further partner IDs": ", ".join(numbers)},
    )
