"""Put two sandboxes that exist already into one, as the programme operator (P8)."""

import datetime
from uuid import UUID

from django.db import transaction

from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from sandbox import rules
from sandbox.announcements import announce_moved
from sandbox.models import Sandbox, SandboxFault, SandboxPartner
from sandbox.queries import others_in_sandbox as others_of
from sandbox.workflow.sandboxes import sandbox_for


@transaction.atomic
def pair_accounts(*, partner_id: UUID, pair_with: UUID, actor: Actor, now: datetime.datetime) -> Sandbox:
    """Move a sandbox partner, with all who share its sandbox, into the sandbox of another; return that one.

    What is switched on in either is on in both. Nothing of their rows changes: what they share from now on are the
    customers they transfer, the clock and the reset.
    Raises: PermissionDenied, Partner.DoesNotExist, SandboxPairUnfit, SandboxClocksApart.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    rows = Partner.objects.select_related("organization")
    partner, other = rows.get(pk=partner_id), rows.get(pk=pair_with)
    rules.check_can_pair(other, partner)
    rules.check_can_pair(partner, other)
    # All of them, so that who waits for one finds the new sandbox; in the order of ids, so that nobody waits for ever.
    members = {partner_id, pair_with}.union(one.pk for own in (partner_id, pair_with) for one in others_of(own))
    found = {one: sandbox_for(partner_id=one, now=now) for one in sorted(members)}
    joining, host = found[partner_id], found[pair_with]
    rules.check_can_join(joining, host, other.organization)

    hosts = [other.organization, *others_of(pair_with)]
    moved = [partner.organization, *others_of(partner_id)]
    SandboxPartner.objects.filter(sandbox=joining).update(sandbox=host, joined_at=now)
    on_already = host.faults.values("fault")
    SandboxFault.objects.filter(sandbox=joining).exclude(fault__in=on_already).update(sandbox=host)
    SandboxFault.objects.filter(sandbox=joining).delete()
    joining.delete()
    for account in moved:
        announce_moved(account, hosts=hosts, moved=moved, actor=actor, now=now)
    return host
