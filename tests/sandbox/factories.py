"""Sandbox partners and those who play in them."""

from dataclasses import dataclass

from customers.models import Customer, RelationshipInvitation
from customers.workflow.standing_requests import standing_request
from marketplace.models import SaaSSubscription
from portal.accounts.actor import Actor
from portal.accounts.enums import Role
from portal.accounts.models import Organization
from portal.webhooks.workflow.registrations import register
from sandbox.models import Sandbox, SandboxPartner
from tests.customers.factories import make_customer, make_relationship
from tests.factories import NOON, make_actor, make_member, make_partner
from tests.marketplace.factories import make_active
from tests.transfers.factories import World
from transfers.models import Transfer


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


@dataclass
class Stage:
    """A sandbox of two partners in full swing."""

    source: Organization
    target: Organization
    customer: Customer
    saas: SaaSSubscription
    transfer: Transfer
    invitation: RelationshipInvitation


def make_stage(*, is_sandbox: bool = True) -> Stage:
    """Two partners of one customer: an active subscription, a transfer and a request that wait, and a webhook."""
    source, target = make_pair() if is_sandbox else (make_partner(), make_partner())
    customer = make_customer(is_sandbox=is_sandbox)
    make_member(customer.organization, Role.CUSTOMER_ADMIN)
    at_source = make_relationship(source, customer, has_agreement=True)
    at_target = make_relationship(target, customer, has_agreement=True)
    world = World(customer, source, target, at_source, at_target, None)
    world.licenses()
    saas = make_active(at_source)
    register(url="https://hooks.example/", event_types=["x"], known=["x"], actor=player(source), now=NOON)
    ask = {"provider_id": None, "reseller_id": None, "include_admin_rights": True}
    invitation, _token = standing_request(**ask, actor=player(target), now=NOON)
    return Stage(source, target, customer, saas, world.send(), invitation)
