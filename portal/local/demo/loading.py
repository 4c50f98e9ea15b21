"""Load the demo world: who exists first, then what happened, in the order in which it happened."""

import datetime

from django.contrib.auth.hashers import make_password

from portal.accounts.enums import PartnershipStatus
from portal.accounts.models import Membership, Organization, Partner, PartnerLocation, Partnership, User
from portal.local.demo import apps, history
from portal.local.demo.organizations import ORGANIZATIONS, PARTNERS, PROGRAMME, DemoOrganization, organization_id
from portal.local.demo.people import PEOPLE, DemoPerson, membership_id
from portal.local.demo.sign_in import PASSWORD

FOUNDED_DAYS_AGO = 90


def load(*, now: datetime.datetime) -> None:
    """Write the organizations, their people and the last months of what they did. Dates are relative to ``now``."""
    populate(now=now)
    history.write(now=now)


def populate(*, now: datetime.datetime) -> None:
    """Write who exists, without anything having happened yet."""
    founded = now - datetime.timedelta(days=FOUNDED_DAYS_AGO)
    _write_organizations(founded)
    _write_people(founded)
    apps.write(now=now)


def is_loaded() -> bool:
    """Say whether the database holds the demo world."""
    return Organization.objects.filter(pk=PROGRAMME.id).exists()


def is_empty() -> bool:
    """Say whether nothing stands in the database yet."""
    return not User.objects.exists() and not Organization.objects.exists()


def _write_organizations(founded: datetime.datetime) -> None:
    Organization.objects.bulk_create(_organization(organization, founded) for organization in ORGANIZATIONS)
    Partner.objects.bulk_create(
        Partner(organization_id=partner.id, market=partner.market, currency=partner.currency) for partner in PARTNERS
    )
    PartnerLocation.objects.bulk_create(
        PartnerLocation(
            partner_id=partner.id,
            partner_id_number=place.number,
            name=place.name,
            country=place.country,
            is_headquarters=place == partner.places[0],
        )
        for partner in PARTNERS
        for place in partner.places
    )
    Partnership.objects.bulk_create(
        Partnership(
            provider_id=organization_id(reseller.provider),
            reseller_id=reseller.id,
            status=PartnershipStatus.ACTIVE,
            requested_at=founded,
            accepted_at=founded + datetime.timedelta(days=1),
        )
        for reseller in PARTNERS
        if reseller.provider
    )


def _organization(organization: DemoOrganization, founded: datetime.datetime) -> Organization:
    return Organization(
        id=organization.id,
        kind=organization.kind,
        name=organization.name,
        domain=organization.domain,
        country=organization.country,
        cloud=organization.cloud,
        language=organization.language,
        contact_email=f"contact@{organization.domain}",
        contact_phone=organization.phone,
        address=organization.address,
        is_sandbox=organization.is_sandbox,
        created_at=founded,
    )


def _write_people(founded: datetime.datetime) -> None:
    password = make_password(PASSWORD)  # once: hashing is slow on purpose, and everybody has the same one here
    User.objects.bulk_create(
        User(
            id=person.id,
            email=person.email,
            name=person.name,
            language=person.language,
            password=password,
            created_at=founded,
        )
        for person in PEOPLE
    )
    Membership.objects.bulk_create(
        Membership(
            id=membership_id(person, domain),
            user_id=person.id,
            organization_id=organization_id(domain),
            roles=sorted(str(role) for role in _first_roles(person, number) or roles),
            created_at=founded,
        )
        for person in PEOPLE
        for number, (domain, roles) in enumerate(person.places)
    )


def _first_roles(person: DemoPerson, number: int) -> tuple[str, ...]:
    return person.started_as if number == 0 else ()
