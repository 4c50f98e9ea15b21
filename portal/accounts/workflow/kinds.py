"""A partner becomes another kind of partner (A10). What must be true before is for the callers above to check."""

import datetime
from uuid import UUID

from django.db import transaction

from portal.accounts.actor import Actor
from portal.accounts.announcements import announce_organization
from portal.accounts.enums import AccountEvent, OrganizationKind
from portal.accounts.models import Organization
from portal.accounts.permissions import Permission


@transaction.atomic
def become_provider(*, organization_id: UUID, actor: Actor, now: datetime.datetime) -> Organization:
    """Make a direct bill partner an indirect provider, as the programme operator.

    Its customers stay its own, and every role it has exists there too. Raises: PermissionDenied.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    organization = Organization.objects.locked(organization_id)
    before = {"kind": organization.kind}
    organization.kind = OrganizationKind.INDIRECT_PROVIDER
    organization.save(update_fields=["kind"])
    announce_organization(
        AccountEvent.BECAME_PROVIDER,
        organization,
        actor=actor,
        now=now,
        before=before,
        after={"kind": OrganizationKind.INDIRECT_PROVIDER.value},
    )
    return organization
