"""Give a production partner a sandbox account, as the programme operator (P8; API reference, section 10)."""

import datetime
from uuid import UUID

from django.db import transaction

from portal.accounts.actor import Actor
from portal.accounts.models import Membership, Organization, Partner, PartnerLocation
from portal.accounts.permissions import Permission
from portal.accounts.queries import unused_partner_id
from portal.accounts.workflow.organization import ask_for_partner_agreement
from sandbox import queries, rules
from sandbox.announcements import announce_account, announce_joined
from sandbox.models import SandboxPartner
from sandbox.workflow.sandboxes import sandbox_for

COPIED = ("kind", "country", "cloud", "language", "contact_email", "contact_phone", "address")


@transaction.atomic
def create_account(*, partner_id: UUID, pair_with: UUID | None, actor: Actor, now: datetime.datetime) -> Organization:
    """Create the sandbox account of a partner: like the original, with its admins, in the sandbox of ``pair_with``.

    The new partner signs its partner agreement itself; it is asked at once. Without ``pair_with`` it is alone.

    Raises: PermissionDenied, Organization.DoesNotExist, SandboxOfSandbox, SandboxAccountExists, SandboxDomainTaken,
        SandboxPairUnfit.
    """
    actor.require(Permission.PROGRAMME_OPERATE)
    Organization.objects.locked(partner_id)  # of two at once, one finds the other's
    original = Partner.objects.select_related("organization").get(pk=partner_id)
    rules.check_can_have_account(original.organization, queries.holder_of_account_domain(original.organization))
    other = Partner.objects.select_related("organization").get(pk=pair_with) if pair_with else None
    rules.check_can_pair(original, other)

    account = _partner_like(original, now=now)
    people = _add_admins(original.organization, account, now=now)
    _put_into_sandbox(account, other, now=now)
    announce_account(original.organization, account, people=people, actor=actor, now=now)
    announce_joined(account, others=queries.others_in_sandbox(account.pk), actor=actor, now=now)
    ask_for_partner_agreement(organization_id=account.pk, now=now)
    return account


def _partner_like(original: Partner, *, now: datetime.datetime) -> Organization:
    """Write the organization, its partner row and its headquarters."""
    own = original.organization
    account = Organization.objects.create(
        name=f"{own.name[:188]} (sandbox)",
        domain=rules.account_domain(own),
        is_sandbox=True,
        created_at=now,
        **{name: getattr(own, name) for name in COPIED},
    )
    partner = Partner.objects.create(organization=account, market=original.market, currency=original.currency)
    place = original.locations.filter(is_headquarters=True).first()
    PartnerLocation.objects.create(
        partner=partner,
        partner_id_number=unused_partner_id(),
        name=place.name if place else account.name,
        country=place.country if place else account.country,
        is_headquarters=True,
    )
    return account


def _add_admins(original: Organization, account: Organization, *, now: datetime.datetime) -> list[str]:
    """Let the partner's global admins and admin agents in, with the roles they have; return their names."""
    members = queries.admins_of(original.pk)
    Membership.objects.bulk_create(
        Membership(user_id=member.user_id, organization=account, roles=member.roles, created_at=now)
        for member in members
    )
    return [str(member.user) for member in members]


def _put_into_sandbox(account: Organization, other: Partner | None, *, now: datetime.datetime) -> None:
    if other is None:
        sandbox_for(partner_id=account.pk, now=now)
        return
    sandbox = sandbox_for(partner_id=other.pk, now=now)
    SandboxPartner.objects.create(partner_id=account.pk, sandbox=sandbox, joined_at=now)
