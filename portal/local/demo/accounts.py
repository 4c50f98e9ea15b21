"""Who can sign in to the demo world, read from the database: for the page, the command and scripts (contract)."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.utils.module_loading import import_string

from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Membership, Organization
from portal.core.fields import name_key
from portal.local.demo import apps
from portal.local.demo.organizations import ORGANIZATIONS
from portal.local.demo.people import PEOPLE
from portal.local.demo.sign_in import PASSWORD


def memberships() -> list[Membership]:
    """Return every demo person's active membership, organizations and people in the order of the demo world."""
    found = Membership.objects.active().filter(user_id__in=[person.id for person in PEOPLE])
    organizations = {organization.id: number for number, organization in enumerate(ORGANIZATIONS)}
    people = {person.id: number for number, person in enumerate(PEOPLE)}
    return sorted(
        found.select_related("user", "organization"),
        key=lambda membership: (
            organizations.get(membership.organization_id, len(organizations)),
            people[membership.user_id],
        ),
    )


def matching(text: str) -> list[Membership]:
    """Return the memberships whose person, address, organization or role holds every word of ``text``."""
    words = name_key(text).split()
    return [membership for membership in memberships() if all(word in _searched(membership) for word in words)]


def _searched(membership: Membership) -> str:
    organization, user = membership.organization, membership.user
    labels = [*membership.role_labels, OrganizationKind(organization.kind).label, organization.country]
    return name_key(" ".join([user.name, user.email, organization.name, *map(str, labels)]))


def totp_secrets() -> dict[UUID, str]:
    """Return the second factor of each person who has an authenticator app, in base32."""
    apps = Authenticator.objects.filter(type=Authenticator.Type.TOTP, user_id__in=[person.id for person in PEOPLE])
    return {app.user_id: decrypt(app.data["secret"]) for app in apps}


def document() -> dict[str, Any]:
    """Return what scripts may rely on, ready for JSON. The partners of customers come from a setting."""
    partners: dict[UUID, list[UUID]] = import_string(settings.DEMO_CUSTOMER_PARTNERS)()
    return {
        "base_url": settings.BASE_URL,
        "people": list(_people()),
        "apps": list(apps.document()),
        "customers": [
            {
                "tenant_id": str(customer.pk),
                "name": customer.name,
                "domain": customer.domain,
                "country": customer.country,
                "partners": [str(partner_id) for partner_id in partners.get(customer.pk, [])],
            }
            for customer in Organization.objects.filter(kind=OrganizationKind.CUSTOMER).order_by("name_key", "pk")
        ],
    }


def _people() -> Iterator[dict[str, Any]]:
    secrets = totp_secrets()
    for membership in memberships():
        organization = membership.organization
        yield {
            "email": membership.user.email,
            "password": PASSWORD,
            "totp_secret": secrets.get(membership.user_id),
            "name": membership.user.name,
            "roles": list(membership.roles),
            "organisation": {
                "kind": organization.kind,
                "name": organization.name,
                "tenant_id": str(organization.pk),
                "country": organization.country,
                "sandbox": organization.is_sandbox,
            },
        }
