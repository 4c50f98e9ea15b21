"""The operator sets from which day other rules hold for Azure offers (A3)."""

import datetime

from django.db import transaction

from azure.announcements import announce_date
from azure.enums import Milestone
from azure.models import OfferDate
from azure.queries.dates import milestones
from azure.rules import dates as rules
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission


@transaction.atomic
def set_date(
    *, milestone: Milestone, starts_on: datetime.date | None, actor: Actor, now: datetime.datetime
) -> OfferDate | None:
    """Set the day of a milestone, or none; what is so already changes nothing.

    Raises: PermissionDenied, InvalidInput.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    list(OfferDate.objects.select_for_update(of=("self",)).order_by("pk"))
    days = milestones()
    before = days[milestone]
    if before == starts_on:
        return None
    rules.check_order({**days, milestone: starts_on})
    row, _is_new = OfferDate.objects.update_or_create(
        milestone=milestone, defaults={"starts_on": starts_on, "set_by_name": actor.name, "set_at": now}
    )
    announce_date(row, before=before, actor=actor, now=now)
    return row
