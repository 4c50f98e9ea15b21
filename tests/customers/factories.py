"""Customers, their relationships, agreements and subscriptions, each with a valid default."""

import datetime
import itertools
from typing import Any

from customers.enums import AgreementMethod, BillingFrequency, ProductFamily, RelationshipKind, SubscriptionStatus, Term
from customers.models import Customer, CustomerAgreement, ResellerRelationship, Subscription, Tag
from portal.accounts.enums import OrganizationKind, PartnershipStatus
from portal.accounts.models import Organization, Partnership
from tests.factories import NOON, make_organization, make_partner

_numbers = itertools.count(1)


def make_customer(**fields: Any) -> Customer:
    """A customer organization without any partner; ``fields`` are the organization's."""
    return Customer.objects.create(organization=make_organization(OrganizationKind.CUSTOMER, **fields))


def make_relationship(
    partner: Organization | None = None,
    customer: Customer | None = None,
    *,
    counterpart: Organization | None = None,
    kind: str = "",
    **fields: Any,
) -> ResellerRelationship:
    """An active relationship of the partner with the customer, both new if not given.

    With ``counterpart`` it is the provider's row, or with ``kind`` "reseller" the reseller's. A new customer's
    organization is described by ``name``, ``domain`` and ``country``.
    """
    partner = partner or make_partner()
    own = {name: fields.pop(name) for name in ("name", "domain", "country") if name in fields}
    customer = customer or make_customer(**own)
    organization = customer.organization
    defaults = {
        "partner": partner.partner,
        "customer": customer,
        "kind": kind or (RelationshipKind.PROVIDER if counterpart else RelationshipKind.DIRECT),
        "counterpart": counterpart.partner if counterpart else None,
        "customer_name": organization.name,
        "customer_domain": organization.domain.lower(),
        "customer_country": organization.country,
        "created_at": NOON,
    }
    relationship = ResellerRelationship.objects.create(**defaults | fields)
    for name in {*relationship.tags}:
        make_tag(partner, name)
    if relationship.has_agreement:
        make_agreement(relationship)
    return relationship


def make_partnership(provider: Organization | None = None, reseller: Organization | None = None) -> Partnership:
    """An active partnership of a provider and a reseller, both new if not given."""
    return Partnership.objects.create(
        provider=(provider or make_partner(OrganizationKind.INDIRECT_PROVIDER)).partner,
        reseller=(reseller or make_partner(OrganizationKind.INDIRECT_RESELLER)).partner,
        status=PartnershipStatus.ACTIVE,
        requested_at=NOON,
        accepted_at=NOON,
    )


def make_indirect_relationships(**fields: Any) -> tuple[ResellerRelationship, ResellerRelationship]:
    """The provider's and the reseller's relationship with the same new customer."""
    partnership = make_partnership()
    provider, reseller = partnership.provider.organization, partnership.reseller.organization
    of_provider = make_relationship(provider, counterpart=reseller, **fields)
    of_reseller = make_relationship(
        reseller, of_provider.customer, counterpart=provider, kind=RelationshipKind.RESELLER
    )
    return of_provider, of_reseller


def make_agreement(relationship: ResellerRelationship, **fields: Any) -> CustomerAgreement:
    """The customer agreement with the relationship's partner, noted at the relationship."""
    defaults = {
        "partner_id": relationship.partner_id,
        "customer_id": relationship.customer_id,
        "version": "2026-01",
        "language": "fr",
        "country": relationship.customer_country,
        "method": AgreementMethod.ATTESTED,
        "first_name": "Jeanne",
        "last_name": "Martin",
        "email": "jeanne@example.com",
        "agreed_on": NOON.date(),
        "recorded_by_name": "Ada Agent",
        "created_at": NOON,
    }
    agreement = CustomerAgreement.objects.create(**defaults | fields)
    relationship.has_agreement = True
    relationship.save(update_fields=["has_agreement"])
    return agreement


def make_subscription(relationship: ResellerRelationship, **fields: Any) -> Subscription:
    """An active license-based subscription of the customer, billed to the relationship's partner."""
    number = next(_numbers)
    defaults = {
        "customer_id": relationship.customer_id,
        "billing_owner_id": relationship.partner_id,
        "product_family": ProductFamily.LICENSE_BASED,
        "product_name": "Business Standard",
        "friendly_name": f"Office {number}",
        "quantity": 5,
        "status": SubscriptionStatus.ACTIVE,
        "term": Term.YEAR,
        "billing_frequency": BillingFrequency.MONTHLY,
        "auto_renew": True,
        "starts_on": NOON.date(),
        "ends_on": NOON.date() + datetime.timedelta(days=365),
        "created_at": NOON,
    }
    if fields.get("status") == SubscriptionStatus.TRANSFERRED:
        defaults["transferred_at"] = NOON
    return Subscription.objects.create(**defaults | fields)


def make_tag(partner: Organization, name: str) -> Tag:
    """A word of the partner's, the one it has already if it does."""
    return Tag.objects.get_or_create(partner=partner.partner, name=name, defaults={"created_at": NOON})[0]
