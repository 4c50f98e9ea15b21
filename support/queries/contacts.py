"""Whom somebody asks for support: the customer its partners, the reseller its providers (A12)."""

from dataclasses import dataclass

from customers import queries as customers
from customers.enums import RelationshipKind
from customers.models import ResellerRelationship
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Organization


@dataclass(frozen=True)
class Contact:
    """An organization to turn to, and how it is reached; empty where it has not said so."""

    name: str
    email: str
    phone: str
    website: str


def contacts_of(actor: Actor) -> list[Contact]:
    """Return the organizations that support the actor's own, by name."""
    if actor.organization_kind == OrganizationKind.CUSTOMER:
        rows = customers.partners_of_customer(actor)
        # Of the indirect model the reseller is the first contact; its provider stands behind it.
        nearest = [row for row in rows if row.kind != RelationshipKind.PROVIDER or row.counterpart_id is None]
        return [_contact(row.partner.organization) for row in nearest or rows]
    if actor.organization_kind == OrganizationKind.INDIRECT_RESELLER:
        return [_contact(partner.organization) for partner in customers.providers_of(actor)]
    if actor.organization_kind == OrganizationKind.PUBLISHER:
        operators = Organization.objects.filter(kind=OrganizationKind.OPERATOR)
        return [_contact(organization) for organization in operators.order_by("name_key", "pk")]
    return []


def contacts_for(relationship: ResellerRelationship, actor: Actor) -> list[Contact]:
    """Return the provider behind an indirect reseller's customer; where none is named, all the reseller works with."""
    if relationship.counterpart is None:
        return contacts_of(actor)
    return [_contact(relationship.counterpart.organization)]


def _contact(organization: Organization) -> Contact:
    return Contact(
        name=organization.name,
        email=organization.contact_email,
        phone=organization.contact_phone,
        website=f"https://{organization.domain}",
    )
