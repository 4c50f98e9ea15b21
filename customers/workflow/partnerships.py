"""Partnerships of indirect providers and resellers: request, withdraw, accept, decline, end (R10, A10)."""

import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from customers import rules
from customers.partnership_announcements import announce_partnership
from customers.workflow.invitations import lock_requests, revoke_requests
from portal.accounts.actor import Actor
from portal.accounts.enums import OPEN_PARTNERSHIPS, AccountEvent, PartnershipStatus
from portal.accounts.models import Partner, Partnership
from portal.accounts.permissions import Permission


@transaction.atomic
def request_partnership(*, partner_id: UUID, actor: Actor, now: datetime.datetime) -> Partnership:
    """Ask another partner for a partnership: a provider asks a reseller, or the other way round.

    Source: portal reference, section 4.8.
    Raises: PermissionDenied, Partner.DoesNotExist, rules.PartnershipOpenAlready, and what rules.check_can_partner
    raises.
    """
    actor.require(Permission.PARTNERSHIP_REQUEST)
    own, other = (_partner(one) for one in (actor.organization_id, partner_id))
    provider, reseller = rules.check_can_partner(own, other)
    try:
        with transaction.atomic():
            partnership = Partnership.objects.create(
                provider=provider,
                reseller=reseller,
                status=PartnershipStatus.REQUESTED,
                requested_by_provider=own.pk == provider.pk,
                requested_at=now,
            )
    except IntegrityError as error:
        there = Partnership.objects.filter(provider=provider, reseller=reseller, status__in=OPEN_PARTNERSHIPS).first()
        raise rules.open_already(there, own_id=own.pk) from error
    announce_partnership(AccountEvent.PARTNERSHIP_REQUESTED, partnership, actor=actor, now=now)
    return partnership


@transaction.atomic
def withdraw_partnership(*, partnership_id: UUID, actor: Actor, now: datetime.datetime) -> Partnership:
    """Take an unanswered request back. Raises: PermissionDenied, DoesNotExist, what rules.check_can_withdraw raises."""
    actor.require(Permission.PARTNERSHIP_REQUEST)
    partnership = Partnership.objects.visible_to(actor).locked(partnership_id)
    rules.check_can_withdraw(partnership, actor=actor)

    _close(partnership, PartnershipStatus.WITHDRAWN, now)
    announce_partnership(AccountEvent.PARTNERSHIP_WITHDRAWN, partnership, actor=actor, now=now)
    return partnership


@transaction.atomic
def accept_partnership(*, partnership_id: UUID, actor: Actor, now: datetime.datetime) -> Partnership:
    """Agree to work with the partner that asked: relationship requests can name both from now on.

    Raises: PermissionDenied, DoesNotExist, and what rules.check_can_answer and rules.check_can_partner raise.
    """
    actor.require(Permission.PARTNERSHIP_MANAGE)
    partnership = Partnership.objects.visible_to(actor).locked(partnership_id)
    rules.check_can_answer(partnership, actor=actor)
    rules.check_can_partner(partnership.provider, partnership.reseller)

    partnership.status = PartnershipStatus.ACTIVE
    partnership.accepted_at = now
    partnership.save(update_fields=["status", "accepted_at"])
    announce_partnership(AccountEvent.PARTNERSHIP_ACCEPTED, partnership, actor=actor, now=now)
    return partnership


@transaction.atomic
def decline_partnership(*, partnership_id: UUID, actor: Actor, now: datetime.datetime) -> Partnership:
    """Say no to the partner that asked. Raises: PermissionDenied, DoesNotExist, what rules.check_can_answer raises."""
    actor.require(Permission.PARTNERSHIP_MANAGE)
    partnership = Partnership.objects.visible_to(actor).locked(partnership_id)
    rules.check_can_answer(partnership, actor=actor)

    _close(partnership, PartnershipStatus.DECLINED, now)
    announce_partnership(AccountEvent.PARTNERSHIP_DECLINED, partnership, actor=actor, now=now)
    return partnership


@transaction.atomic
def end_partnership(*, partnership_id: UUID, actor: Actor, now: datetime.datetime) -> Partnership:
    """Part, when no customer is served together any more. Open requests that name both are revoked with it.

    Requests are locked before the partnership, as whoever answers one does: so either the customer accepts first and
    the partners cannot part yet, or they part first and the link is dead.
    Raises: PermissionDenied, DoesNotExist, rules.PartnershipNotOpen, rules.PartnershipInUse.
    """
    actor.require(Permission.PARTNERSHIP_MANAGE)
    asked = Partnership.objects.visible_to(actor).get(pk=partnership_id)
    lock_requests(partner_id=asked.provider_id, reseller_id=asked.reseller_id)
    partnership = Partnership.objects.locked(asked.pk)
    rules.check_can_end(partnership)

    _close(partnership, PartnershipStatus.ENDED, now)
    revoke_requests(partner_id=asked.provider_id, reseller_id=asked.reseller_id, actor=actor, now=now)
    announce_partnership(AccountEvent.PARTNERSHIP_ENDED, partnership, actor=actor, now=now)
    return partnership


def _partner(partner_id: UUID) -> Partner:
    return Partner.objects.select_related("organization").get(pk=partner_id)


def _close(partnership: Partnership, status: PartnershipStatus, now: datetime.datetime) -> None:
    partnership.status = status
    partnership.ended_at = now
    partnership.save(update_fields=["status", "ended_at"])
