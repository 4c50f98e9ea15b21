"""How people of an organisation change: roles, deactivation, reactivation."""

import datetime
from collections.abc import Collection
from uuid import UUID

from django.db import transaction

from portal.accounts import queries, rules
from portal.accounts.actor import Actor
from portal.accounts.announcements import announce_second_factor_reset, announce_user
from portal.accounts.enums import AccountEvent
from portal.accounts.models import Membership, Organization
from portal.accounts.permissions import Permission
from portal.accounts.sign_in.sessions import FACTOR_RESET
from portal.accounts.workflow import second_factors, sessions


@transaction.atomic
def change_roles(*, membership_id: UUID, roles: Collection[str], actor: Actor, now: datetime.datetime) -> Membership:
    """Give a person of the actor's organisation these roles, and no others; the same roles again change nothing.

    Raises: PermissionDenied, and what rules.check_can_change_roles raises.
    """
    actor.require(Permission.USER_MANAGE)
    membership, other_admins = _locked(membership_id, actor)
    wanted = rules.check_can_change_roles(membership, roles, actor=actor, other_admins=other_admins)
    before = sorted(membership.roles)
    after = sorted(str(role) for role in wanted)
    if before == after:
        return membership

    membership.roles = after
    membership.save(update_fields=["roles"])
    announce_user(
        AccountEvent.USER_ROLES_CHANGED,
        membership,
        actor=actor,
        now=now,
        before={"roles": before},
        after={"roles": after},
    )
    return membership


@transaction.atomic
def deactivate_user(*, membership_id: UUID, actor: Actor, now: datetime.datetime) -> Membership:
    """Shut a person out of the actor's organisation, from its next request on. Its roles are kept for a return.

    Raises: PermissionDenied, and what rules.check_can_deactivate raises.
    """
    actor.require(Permission.USER_MANAGE)
    membership, other_admins = _locked(membership_id, actor)
    rules.check_can_deactivate(membership, actor=actor, other_admins=other_admins)

    membership.is_active = False
    membership.deactivated_at = now
    membership.save(update_fields=["is_active", "deactivated_at"])
    announce_user(AccountEvent.USER_DEACTIVATED, membership, actor=actor, now=now)
    return membership


@transaction.atomic
def reactivate_user(*, membership_id: UUID, actor: Actor, now: datetime.datetime) -> Membership:
    """Let a deactivated person in again, with the roles it had.

    Raises: PermissionDenied, and what rules.check_can_reactivate raises.
    """
    actor.require(Permission.USER_MANAGE)
    membership, _other_admins = _locked(membership_id, actor)
    rules.check_can_reactivate(membership, actor=actor)

    membership.is_active = True
    membership.deactivated_at = None
    membership.save(update_fields=["is_active", "deactivated_at"])
    announce_user(AccountEvent.USER_REACTIVATED, membership, actor=actor, now=now)
    return membership


@transaction.atomic
def reset_second_factor(*, membership_id: UUID, actor: Actor, now: datetime.datetime) -> Membership:
    """Let a person who lost its second factor set up another one; all its sessions end (quality row 18).

    Whoever manages users does it for colleagues, the programme operator for people of any organisation.
    Raises: PermissionDenied, and what rules.check_can_reset_second_factor raises.
    """
    actor.require(Permission.USER_MANAGE)
    membership = _locked_with_sign_in(membership_id, actor)
    rules.check_can_reset_second_factor(membership, actor=actor)

    kinds = second_factors.forget_factors(user_id=membership.user_id)
    ended = sessions.drop_other_sessions(user_id=membership.user_id, session_key="", reason=FACTOR_RESET)
    announce_second_factor_reset(membership, kinds=kinds, sessions_ended=ended, actor=actor, now=now)
    return membership


def _locked_with_sign_in(membership_id: UUID, actor: Actor) -> Membership:
    members = Membership.objects.all()
    if not actor.may(Permission.PROGRAMME_OPERATE):
        members = members.visible_to(actor)
    members.locked(membership_id)
    return queries.with_sign_in(members).select_related("user", "organization").get(pk=membership_id)


def _locked(membership_id: UUID, actor: Actor) -> tuple[Membership, int]:
    """The membership with its row locked, and how many others rule the organisation.

    The organisation is locked first: two admins who take each other's role wait here, and the second is refused.
    """
    Organization.objects.locked(actor.organization_id)
    membership = Membership.objects.visible_to(actor).select_related("user").locked(membership_id)
    return membership, queries.other_admin_count(membership, rules.ADMIN_ROLES[actor.organization_kind])
