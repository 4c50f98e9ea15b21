"""Nomination and approval to become an indirect provider (A10, decision 0046)."""

import datetime
import uuid

from django.db import transaction

from operators import rules
from operators.announcements import announce
from operators.enums import NominationStatus, OperatorEvent
from operators.models import ProviderNomination
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Organization, Partner
from portal.accounts.permissions import Permission
from portal.accounts.workflow.kinds import become_provider

E, S = OperatorEvent, NominationStatus


@transaction.atomic
def nominate(*, statement: str, expected_resellers: int, actor: Actor, now: datetime.datetime) -> ProviderNomination:
    """Ask to become an indirect provider, as a direct bill partner's global admin.

    Raises: PermissionDenied, NominationOpen, NominationRequirements.
    """
    actor.require(Permission.PARTNERSHIP_MANAGE)
    Organization.objects.locked(actor.organization_id)
    partner = Partner.objects.select_related("organization").locked(actor.organization_id)
    rules.check_can_nominate(partner)
    nomination = ProviderNomination.objects.create(
        partner=partner,
        statement=statement,
        expected_resellers=expected_resellers,
        requested_by_id=actor.user_id,
        requested_at=now,
    )
    announce(E.NOMINATED, nomination, actor=actor, now=now)
    return nomination


@transaction.atomic
def withdraw(*, nomination_id: uuid.UUID, actor: Actor, now: datetime.datetime) -> ProviderNomination:
    """Take the request back. Raises: PermissionDenied, ProviderNomination.DoesNotExist, NominationAnswered."""
    actor.require(Permission.PARTNERSHIP_MANAGE)
    own = ProviderNomination.objects.filter(partner_id=actor.organization_id)
    nomination = own.locked(nomination_id)
    rules.check_can_answer(nomination)
    _answer(nomination, S.WITHDRAWN, actor=actor, now=now)
    announce(E.WITHDRAWN, nomination, actor=actor, now=now)
    return nomination


@transaction.atomic
def approve(*, nomination_id: uuid.UUID, actor: Actor, now: datetime.datetime) -> ProviderNomination:
    """Make the partner an indirect provider, if it still meets what is required. The operator does.

    Raises: PermissionDenied, NominationAnswered, NominationRequirements.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    asked = ProviderNomination.objects.get(pk=nomination_id)
    Organization.objects.locked(asked.partner_id)
    partner = Partner.objects.select_related("organization").locked(asked.partner_id)
    nomination = ProviderNomination.objects.locked(nomination_id)
    rules.check_can_answer(nomination)
    rules.check_requirements(partner)
    _answer(nomination, S.APPROVED, actor=actor, now=now)
    become_provider(organization_id=nomination.partner_id, actor=actor, now=now)
    announce(
        E.APPROVED,
        nomination,
        actor=actor,
        now=now,
        before={"kind": OrganizationKind.DIRECT_BILL.value},
        after={"kind": OrganizationKind.INDIRECT_PROVIDER.value},
    )
    return nomination


@transaction.atomic
def refuse(*, nomination_id: uuid.UUID, reason: str, actor: Actor, now: datetime.datetime) -> ProviderNomination:
    """Say no, with a reason that the partner reads. The operator does. Raises: PermissionDenied, NominationAnswered."""
    actor.require(Permission.PROGRAMME_OPERATE)
    nomination = ProviderNomination.objects.locked(nomination_id)
    rules.check_can_answer(nomination)
    nomination.reason = reason
    _answer(nomination, S.REFUSED, actor=actor, now=now)
    announce(E.REFUSED, nomination, actor=actor, now=now)
    return nomination


def _answer(nomination: ProviderNomination, status: NominationStatus, *, actor: Actor, now: datetime.datetime) -> None:
    nomination.status = status
    nomination.answered_at, nomination.answered_by_name = now, actor.name
    nomination.save(update_fields=["status", "answered_at", "answered_by_name", "reason"])
