"""Which sandbox a partner acts in: its own, written down at the first need."""

import datetime
from uuid import UUID

from django.db import transaction

from customers.rules import check_is_sandbox
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from sandbox.models import Sandbox, SandboxPartner


@transaction.atomic
def locked_sandbox(*, actor: Actor, now: datetime.datetime) -> Sandbox:
    """Return the sandbox of the actor's partner, locked. Raises: PermissionDenied, customers.rules.NotASandbox."""
    actor.require(Permission.SANDBOX_PLAY)
    check_is_sandbox(actor)
    return sandbox_for(partner_id=actor.organization_id, now=now)


@transaction.atomic
def sandbox_for(*, partner_id: UUID, now: datetime.datetime) -> Sandbox:
    """Return the sandbox of a sandbox partner, locked; who may, and that it is one, is for the callers to check."""
    Partner.objects.locked(partner_id)  # of two at once, one finds the other's
    own = Sandbox.objects.of_partner(partner_id).first()
    if own is None:
        own = Sandbox.objects.create(created_at=now)
        SandboxPartner.objects.create(partner_id=partner_id, sandbox=own, joined_at=now)
    return Sandbox.objects.locked(own.pk)
