"""Plain functions that build a valid default of each thing. The clock is NOON unless a test says otherwise."""

import datetime
import itertools
from typing import Any

from portal.accounts import queries
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership, Organization, Partner, PartnerLocation, User

NOON = datetime.datetime(2026, 11, 20, 12, 0, tzinfo=datetime.UTC)
PASSWORD = "correct horse battery staple"
_numbers = itertools.count(1)


def make_organization(kind: str = OrganizationKind.CUSTOMER, **fields: Any) -> Organization:
    """An organisation of any kind, without what a partner has beyond it."""
    number = next(_numbers)
    defaults = {
        "kind": kind,
        "name": f"Organization {number}",
        "domain": f"organization{number}.example",
        "country": "FR",
        "created_at": NOON,
    }
    return Organization.objects.create(**defaults | fields)


def make_partner(
    kind: str = OrganizationKind.DIRECT_BILL, *, agreement_signed: bool = True, currency: str = "EUR", **fields: Any
) -> Organization:
    """A partner organisation in the European market with a headquarters and, unless told, a signed agreement."""
    organization = make_organization(kind, **fields)
    signed = {"agreement_version": "2026-01", "agreement_signed_at": NOON, "agreement_signed_by": "Ada Signer"}
    partner = Partner.objects.create(
        organization=organization, market="europe", currency=currency, **(signed if agreement_signed else {})
    )
    PartnerLocation.objects.create(
        partner=partner,
        partner_id_number=str(4_000_000 + next(_numbers)),
        name="Headquarters",
        country=organization.country,
        is_headquarters=True,
    )
    return organization


def make_user(password: str | None = PASSWORD, **fields: Any) -> User:
    """A person without any membership."""
    number = next(_numbers)
    defaults = {"email": f"person{number}@example.com", "name": f"Person {number}", "created_at": NOON}
    return User.objects.create_user(password=password, **defaults | fields)


def make_member(
    organization: Organization | None = None, *roles: Role, user: User | None = None, **user_fields: Any
) -> Membership:
    """A person with the roles in the organisation; an admin agent of a new direct bill partner by default."""
    return Membership.objects.create(
        user=user or make_user(**user_fields),
        organization=organization or make_partner(),
        roles=[str(role) for role in roles] or [str(Role.ADMIN_AGENT)],
        created_at=NOON,
    )


def make_actor(organization: Organization | None = None, *roles: Role) -> Actor:
    """The Actor of a new member."""
    membership = make_member(organization, *roles)
    return queries.make_actor(membership, membership.user)
