"""Which partner holds which competency: recorded by the operator, by date (A3)."""

import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from billing.enums import PriceEvent
from billing.models import PartnerCompetency
from billing.prices_announcements import announce
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput


@transaction.atomic
def record_competency(
    *,
    partner_id: UUID,
    competency: str,
    held_as: str,
    valid_from: datetime.date,
    valid_until: datetime.date | None,
    actor: Actor,
    now: datetime.datetime,
) -> PartnerCompetency:
    """Note that a partner holds a competency from a day on. What is charged already keeps what it earned.

    Raises: PermissionDenied, Partner.DoesNotExist, InvalidInput.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    partner = Partner.objects.select_for_update(of=("self",), no_key=True).get(pk=partner_id)  # one after the other
    if valid_until is not None and valid_until <= valid_from:
        raise InvalidInput(_("It must be held at least one day."), field="valid_until")
    same = PartnerCompetency.objects.filter(partner=partner, competency=competency)
    overlapping = same.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=valid_from))
    if valid_until is not None:
        overlapping = overlapping.filter(valid_from__lt=valid_until)
    if overlapping.exclude(valid_until=F("valid_from")).exists():
        raise InvalidInput(_("The partner holds this competency on some of these days already."), field="valid_from")
    row = PartnerCompetency.objects.create(
        partner=partner,
        competency=competency,
        held_as=held_as,
        valid_from=valid_from,
        valid_until=valid_until,
        recorded_by_name=actor.name,
        created_at=now,
    )
    _announce(PriceEvent.COMPETENCY_RECORDED, row, actor=actor, now=now)
    return row


@transaction.atomic
def end_competency(
    *, competency_id: UUID, valid_until: datetime.date, actor: Actor, now: datetime.datetime
) -> PartnerCompetency:
    """Note from which day on a competency is not held any more; its first day says that it never was.

    Raises: PermissionDenied, PartnerCompetency.DoesNotExist, InvalidInput.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    row = PartnerCompetency.objects.locked(competency_id)
    if valid_until < row.valid_from:
        raise InvalidInput(_("The competency begins later."), field="valid_until")
    if row.valid_until is not None and row.valid_until < valid_until:
        raise InvalidInput(_("The competency ended earlier. Record it anew from that day."), field="valid_until")
    row.valid_until = valid_until
    row.save(update_fields=["valid_until"])
    _announce(PriceEvent.COMPETENCY_ENDED, row, actor=actor, now=now)
    return row


def _announce(event_type: PriceEvent, row: PartnerCompetency, *, actor: Actor, now: datetime.datetime) -> None:
    name = row.partner.organization.name
    announce(
        event_type,
        organization_ids=[actor.organization_id, row.partner_id],
        subject=("partner-competency", row.pk, f"{row.competency} – {name}"),
        actor=actor,
        now=now,
        details={
            "competency": row.competency,
            "held as": row.held_as,
            "valid from": row.valid_from.isoformat(),
            "valid until": row.valid_until.isoformat() if row.valid_until else "",
        },
    )
