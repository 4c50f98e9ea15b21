"""Groups are created, offered to other companies, filled, emptied and removed."""

import datetime
import uuid

from django.db import transaction

from portal.accounts.actor import Actor
from portal.accounts.models import Membership, Organization
from portal.accounts.permissions import Permission
from portal.directory import rules
from portal.directory.announcements import announce_group
from portal.directory.enums import DirectoryEvent
from portal.directory.models import Group, GroupMember

E = DirectoryEvent


@transaction.atomic
def create_group(*, name: str, description: str, is_offered: bool, actor: Actor, now: datetime.datetime) -> Group:
    """Create an empty group of the actor's organization. Raises: PermissionDenied, InvalidInput."""
    actor.require(Permission.USER_MANAGE)
    organization = Organization.objects.locked(actor.organization_id)
    others = Group.objects.visible_to(actor).values_list("name", flat=True)
    rules.check_name(name, others=list(others))
    group = Group.objects.create(
        organization=organization,
        name=name,
        description=description,
        is_offered=is_offered,
        created_by_name=actor.name,
        created_at=now,
    )
    announce_group(E.CREATED, group, actor=actor, now=now, after={"offered": is_offered})
    return group


@transaction.atomic
def offer_group(*, group_id: uuid.UUID, is_offered: bool, actor: Actor, now: datetime.datetime) -> Group:
    """Let other companies choose a group, or no longer; what it has stays. Raises: PermissionDenied, DoesNotExist."""
    group = _locked(group_id, actor)
    if group.is_offered != is_offered:
        group.is_offered = is_offered
        group.save(update_fields=["is_offered"])
        before, after = {"offered": not is_offered}, {"offered": is_offered}
        announce_group(E.OFFER_CHANGED, group, actor=actor, now=now, before=before, after=after)
    return group


@transaction.atomic
def add_member(*, group_id: uuid.UUID, membership_id: uuid.UUID, actor: Actor, now: datetime.datetime) -> GroupMember:
    """Put a person of the organization into a group; twice is once.

    Raises: PermissionDenied, Group.DoesNotExist, Membership.DoesNotExist, rules.MemberDeactivated.
    """
    group = _locked(group_id, actor)
    membership = Membership.objects.visible_to(actor).select_related("user").get(pk=membership_id)
    rules.check_can_join(group, membership)
    member, is_new = GroupMember.objects.get_or_create(
        group=group, membership=membership, defaults={"added_by_name": actor.name, "added_at": now}
    )
    if is_new:
        announce_group(E.MEMBER_ADDED, group, actor=actor, now=now, after={"member": membership.user.email})
    return member


@transaction.atomic
def remove_member(*, group_id: uuid.UUID, member_id: int, actor: Actor, now: datetime.datetime) -> None:
    """Take a person out of a group. Raises: PermissionDenied, Group.DoesNotExist, GroupMember.DoesNotExist."""
    group = _locked(group_id, actor)
    member = group.members.select_related("membership__user").get(pk=member_id)
    member.delete()
    announce_group(E.MEMBER_REMOVED, group, actor=actor, now=now, before={"member": member.membership.user.email})


@transaction.atomic
def remove_group(*, group_id: uuid.UUID, actor: Actor, now: datetime.datetime) -> Group:
    """Remove a group; its members keep no right they had by it. Raises: PermissionDenied, Group.DoesNotExist."""
    group = _locked(group_id, actor)
    group.removed_at = now
    group.save(update_fields=["removed_at"])
    announce_group(E.REMOVED, group, actor=actor, now=now, before={"members": group.members.count()})
    return group


def _locked(group_id: uuid.UUID, actor: Actor) -> Group:
    """Return a group of the actor's organization, its row locked. Raises: PermissionDenied, Group.DoesNotExist."""
    actor.require(Permission.USER_MANAGE)
    return Group.objects.visible_to(actor).locked(group_id)
