"""Sandbox partners and those who play in them."""

from portal.accounts.actor import Actor
from portal.accounts.enums import Role
from portal.accounts.models import Organization
from sandbox.models import Sandbox, SandboxPartner
from tests.factories import NOON, make_actor, make_partner


def make_sandbox_partner(**fields) -> Organization:
    """A direct bill partner that is a sandbox, alone."""
    return make_partner(is_sandbox=True, **fields)


def make_pair() -> tuple[Organization, Organization]:
    """Two partners of one sandbox."""
    pair = make_sandbox_partner(), make_sandbox_partner()
    sandbox = Sandbox.objects.create(created_at=NOON)
    for partner in pair:
        SandboxPartner.objects.create(partner=partner.partner, sandbox=sandbox, joined_at=NOON)
    return pair


def player(partner: Organization, *roles: Role) -> Actor:
    """An admin agent of the partner."""
    return make_actor(partner, *roles)
