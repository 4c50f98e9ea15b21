"""Customers as the API writes them (API reference, sections 3.2 and 3.3)."""

import uuid
from typing import Any, NotRequired

import orjson
from typing_extensions import TypedDict

from customers.models import CustomerProfile, ResellerRelationship
from customers.queries import CustomerDetail
from customers.queries.wire import number_of
from portal.api.addresses import AddressAnswer, parts_of
from portal.api.resources import Attributes, CollectionLinks, SelfLinks, attributes, etag_of, self_links

CULTURES = {"en": "en-US", "fr": "fr-FR", "sv": "sv-SE"}
COMMERCE = uuid.UUID("6f0b7a4e-2f7c-4b3a-9a43-6d1a0f3e5b21")  # commerce ids are made of it and the customer's id


class CompanyProfile(TypedDict):
    tenantId: str
    domain: str
    companyName: str
    address: NotRequired[AddressAnswer]
    email: NotRequired[str]
    organizationRegistrationNumber: NotRequired[str]
    links: SelfLinks
    attributes: Attributes


class BillingProfile(TypedDict):
    id: str
    firstName: NotRequired[str]
    lastName: NotRequired[str]
    email: NotRequired[str]
    culture: str
    language: str
    companyName: str
    defaultAddress: AddressAnswer
    links: SelfLinks
    attributes: Attributes


class UserCredentials(TypedDict):
    userName: str


class CustomerAnswer(TypedDict):
    id: str
    commerceId: NotRequired[str]
    companyProfile: CompanyProfile
    billingProfile: NotRequired[BillingProfile]
    relationshipToPartner: str
    allowDelegatedAccess: NotRequired[bool]
    userCredentials: NotRequired[UserCredentials]
    customDomains: NotRequired[list[str]]
    associatedPartnerId: NotRequired[str]
    enableGDAPByDefault: NotRequired[bool]
    links: SelfLinks
    attributes: Attributes


class CustomerCollection(TypedDict):
    totalCount: int
    items: list[CustomerAnswer]
    links: CollectionLinks
    continuationToken: NotRequired[str]
    attributes: Attributes


# One customer of the list: id and properties stand in its places, four ids and two texts in JSON.
_LISTED = (
    b'{"id":"%b","companyProfile":{"tenantId":"%b","domain":%b,"companyName":%b,"links":{"self":{'
    b'"uri":"/customers/%b/profiles/company","method":"GET","headers":[]}},'
    b'"attributes":{"objectType":"CustomerCompanyProfile"}},"relationshipToPartner":"reseller",'
    b'"links":{"self":{"uri":"/customers/%b","method":"GET","headers":[]}},"attributes":{"objectType":"Customer"}}'
)


def listed(customer_id: str, name: str, domain: str) -> orjson.Fragment:
    """Return a customer as it stands in the list, as JSON: 500 of them shall cost little more than their columns."""
    own = customer_id.encode()
    return orjson.Fragment(_LISTED % (own, own, orjson.dumps(domain), orjson.dumps(name), own, own))


def customer(detail: CustomerDetail) -> dict[str, Any]:
    """Return a customer with all its partner knows of it."""
    relationship = detail.relationship
    value = {
        "id": str(relationship.customer_id),
        "commerceId": str(uuid.uuid5(COMMERCE, str(relationship.customer_id))),
        "companyProfile": company_profile(relationship),
        "billingProfile": billing_profile(relationship, detail.profile),
        "relationshipToPartner": "reseller",
        "allowDelegatedAccess": relationship.has_admin_rights,
        "customDomains": [],
        "links": self_links(f"/customers/{relationship.customer_id}"),
        "attributes": attributes("Customer"),
    }
    if number := number_of(relationship.counterpart_id):
        value["associatedPartnerId"] = number
    return value


def company_profile(relationship: ResellerRelationship) -> dict[str, Any]:
    """Return who the customer is."""
    one, organization = relationship.customer, relationship.customer.organization
    value = {
        "tenantId": str(organization.pk),
        "domain": organization.domain,
        "companyName": organization.name,
        "address": parts_of(organization.address, country=organization.country, phoneNumber=organization.contact_phone),
        "email": organization.contact_email,
        "organizationRegistrationNumber": one.registration_number,
        "links": self_links(f"/customers/{organization.pk}/profiles/company"),
        "attributes": attributes("CustomerCompanyProfile"),
    }
    return {name: part for name, part in value.items() if part != ""}


def billing_profile(relationship: ResellerRelationship, profile: CustomerProfile) -> dict[str, Any]:
    """Return whom the partner bills for the customer; what it has not noted is the customer's own."""
    organization = relationship.customer.organization
    value = {
        "id": str(uuid.uuid5(COMMERCE, str(relationship.pk))),
        "firstName": profile.bill_to_first_name,
        "lastName": profile.bill_to_last_name,
        "email": profile.bill_to_email or organization.contact_email,
        "culture": CULTURES.get(organization.language, CULTURES["en"]),
        "language": organization.language,
        "companyName": profile.bill_to_name or organization.name,
        "defaultAddress": parts_of(
            profile.bill_to_address or organization.address,
            country=organization.country,
            firstName=profile.bill_to_first_name,
            lastName=profile.bill_to_last_name,
            phoneNumber=organization.contact_phone,
        ),
        "links": self_links(f"/customers/{organization.pk}/profiles/billing"),
        "attributes": attributes("CustomerBillingProfile", etag=billing_etag(relationship, profile)),
    }
    return {name: part for name, part in value.items() if part != ""}


def billing_etag(relationship: ResellerRelationship, profile: CustomerProfile) -> str:
    """Return what changes with anything of the billing profile."""
    return etag_of(
        relationship.pk,
        profile.bill_to_name,
        profile.bill_to_address,
        profile.bill_to_first_name,
        profile.bill_to_last_name,
        profile.bill_to_email,
    )
