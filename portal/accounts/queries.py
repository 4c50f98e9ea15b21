"""Who is who: what pages and sign-in read about people and organisations."""

from uuid import UUID

from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership, User


def memberships_of(user: User) -> list[Membership]:
    """Return the person's active memberships with their organisations, by name (one query)."""
    memberships = Membership.objects.filter(user=user, is_active=True).select_related("organization")
    return list(memberships.order_by("organization__name_key", "pk"))


def make_actor(membership: Membership, user: User) -> Actor:
    """Return the person acting for the organisation of one membership."""
    organization = membership.organization
    return Actor(
        user_id=user.pk,
        name=str(user),
        email=user.email,
        organization_id=organization.pk,
        organization_name=organization.name,
        organization_kind=OrganizationKind(organization.kind),
        roles=frozenset(Role(role) for role in membership.roles),
        is_sandbox=organization.is_sandbox,
    )


def choose_membership(memberships: list[Membership], organization_id: UUID | str | None) -> Membership | None:
    """Return the membership in the chosen organisation, else the first, else ``None``."""
    for membership in memberships:
        if str(membership.organization_id) == str(organization_id):
            return membership
    return memberships[0] if memberships else None


def people_with_role(organization_id: UUID, *roles: Role) -> list[User]:
    """Return the active people of an organisation who hold one of the roles: who mails go to (T7)."""
    memberships = Membership.objects.active().with_role(*roles).filter(organization_id=organization_id)
    return [membership.user for membership in memberships.select_related("user").order_by("user__email")]
