"""Access to Azure subscriptions is given and taken (A4, A5; decision 0044)."""

import datetime
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from azure.announcements import announce_access
from azure.enums import AccessRole, AzureEvent, PrincipalKind
from azure.models import RoleAssignment
from azure.queries.access import access_to
from azure.queries.principals import Principal, principal_of
from azure.rules import access as rules
from azure.rules.access import Access
from customers.models import Subscription
from portal.accounts.actor import Actor
from portal.core.errors import InvalidInput


@dataclass(frozen=True)
class Grant:
    """What is to be given: which role to whom, on the whole subscription or on one service of it.

    ``chosen`` is the key of a group or person that the portal knows (queries.principals); else only a name was typed.
    """

    organization_id: UUID
    principal_kind: PrincipalKind
    principal_name: str
    role: AccessRole
    service: str = ""
    has_read_warning: bool = False
    chosen: str = ""


@transaction.atomic
def give_access(*, entitlement_id: UUID, grant: Grant, actor: Actor, now: datetime.datetime) -> RoleAssignment:
    """Give a role on an Azure subscription, or on one service in it, to a user or group.

    Raises: PermissionDenied, Subscription.DoesNotExist, InvalidInput, rules.NotAnOwner, rules.NoRelationshipYet,
    rules.AccessGivenAlready.
    """
    access = _locked(entitlement_id)
    rules.check_may_manage(access, actor=actor)
    rules.check_principal(access, grant.organization_id, actor=actor)
    chosen = _chosen(access, grant, actor)
    rules.check_warning_read(
        access, organization_id=grant.organization_id, role=grant.role, has_read=grant.has_read_warning
    )
    row = RoleAssignment(
        entitlement_id=entitlement_id,
        customer_id=access.subscription.customer_id,
        organization_id=grant.organization_id,
        principal_kind=grant.principal_kind,
        principal_name=grant.principal_name,
        user_id=chosen.user_id if chosen else None,
        group_id=chosen.group_id if chosen else None,
        role=grant.role,
        service=grant.service,
        given_by_name=actor.name,
        given_at=now,
    )
    rules.check_not_given(access, row)
    row.save(force_insert=True)
    announce_access(AzureEvent.ACCESS_GIVEN, row, subscription=access.subscription, actor=actor, now=now)
    return row


def _chosen(access: Access, grant: Grant, actor: Actor) -> Principal | None:
    """Return what was chosen, if anything was. Raises: InvalidInput."""
    if not grant.chosen:
        return None
    chosen = principal_of(access, actor=actor, key=grant.chosen)
    if chosen is None or (chosen.organization.pk, chosen.name) != (grant.organization_id, grant.principal_name):
        raise InvalidInput(_("This group or person cannot be chosen any more. Choose again."), field="principal")
    return chosen


@transaction.atomic
def take_access(*, entitlement_id: UUID, assignment_id: UUID, actor: Actor, now: datetime.datetime) -> RoleAssignment:
    """Take a role away; it stays in the history.

    Raises: PermissionDenied, Subscription.DoesNotExist, RoleAssignment.DoesNotExist, rules.NotAnOwner, rules.LastOwner.
    """
    access = _locked(entitlement_id)
    rules.check_may_manage(access, actor=actor)
    row = next((one for one in access.assignments if one.pk == assignment_id), None)
    if row is None:
        raise RoleAssignment.DoesNotExist
    rules.check_not_last_owner(access, row)
    row.removed_by_name, row.removed_at = actor.name, now
    if row._state.adding:  # came with the subscription and had no row yet
        row.save(force_insert=True)
    else:
        row.save(update_fields=["removed_by_name", "removed_at"])
    announce_access(AzureEvent.ACCESS_TAKEN, row, subscription=access.subscription, actor=actor, now=now)
    return row


def _locked(entitlement_id: UUID) -> Access:
    """Return who has access, the row that the subscription began with locked: one change at a time."""
    Subscription.objects.select_for_update(of=("self",), no_key=True).get(pk=entitlement_id)
    return access_to(entitlement_id)
