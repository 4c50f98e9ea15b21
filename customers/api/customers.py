"""List, read, add customers, end the relationship with one, and delete one of a sandbox."""

from typing import Annotated, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.http import HttpResponse
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from pydantic import Field
from typing_extensions import TypedDict

from customers import queries
from customers.api import shapes
from customers.forms.additions import NewCustomerForm
from customers.queries import wire
from customers.rules import NewCustomer
from customers.rules.partnerships import PartnerNumberUnknown
from customers.workflow.additions import Addition, add_customer
from customers.workflow.customers import BillTo, update_bill_to
from customers.workflow.relationships import remove_relationship
from portal.accounts import queries as account_queries
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.addresses import Address, AddressAnswer, text_of
from portal.api.errors import NotOffered, WrongProperty, json_answer
from portal.api.reading import Body, Filter, body_of, filter_of, guid_of, one_of, paging_of, query_of
from portal.api.resources import page_of
from portal.core.fields import name_key

FILTERS = {
    "CompanyName": ("starts_with",),
    "Domain": ("starts_with",),
    "IndirectReseller": ("starts_with", "equals"),
    "IndirectCloudSolutionProvider": ("starts_with", "equals"),
}
RELATIONSHIPS = ("unknown", "reseller", "advisor", "syndication", "microsoft_support", "none")
PAGE = {
    "size": "How many customers a page holds, 500 at most; 0 or nothing is the most.",
    "filter": 'JSON such as {"Field":"CompanyName","Value":"nord","Operator":"starts_with"}; fields: CompanyName, '
    "Domain, IndirectReseller, IndirectCloudSolutionProvider.",
    "seekOperation": "Next or Previous, together with the header MS-ContinuationToken; First for the first page.",
}
# Properties of the form, as the API calls them.
FORM_PROPERTIES = {
    "company_name": "billingProfile.companyName",
    "domain": "companyProfile.domain",
    "country": "billingProfile.defaultAddress.country",
    "address": "billingProfile.defaultAddress",
    "registration_number": "companyProfile.organizationRegistrationNumber",
    "phone": "billingProfile.defaultAddress.phoneNumber",
    "first_name": "billingProfile.defaultAddress.firstName",
    "last_name": "billingProfile.defaultAddress.lastName",
    "email": "billingProfile.email",
    "language": "billingProfile.language",
    "reseller": "associatedPartnerId",
}


class NewCompanyProfile(Body):
    domain: Annotated[str, Field(min_length=1, max_length=253)]
    company_name: Annotated[str, Field(max_length=200)] = ""
    organization_registration_number: Annotated[str, Field(max_length=60)] = ""


class NewBillingProfile(Body):
    email: Annotated[str, Field(min_length=3, max_length=254)]
    culture: str = ""
    language: str = ""
    company_name: Annotated[str, Field(max_length=200)] = ""
    first_name: Annotated[str, Field(max_length=50)] = ""
    last_name: Annotated[str, Field(max_length=50)] = ""
    default_address: Address


class NewCustomerBody(Body):
    """A customer to add (API reference, section 3.4)."""

    company_profile: NewCompanyProfile
    billing_profile: NewBillingProfile
    associated_partner_id: str = ""
    enable_gdap_by_default: bool | None = Field(default=None, validation_alias="enablegdapbydefault")


class RelationshipBody(Body):
    """``none`` ends the reseller relationship (API reference, section 3.6)."""

    relationship_to_partner: Annotated[str, one_of(*RELATIONSHIPS)]


class ValidatedAddress(TypedDict):
    originalAddress: AddressAnswer
    suggestedAddresses: list[AddressAnswer]
    status: str


@api_requires(Permission.CUSTOMER_VIEW, answer=shapes.CustomerCollection, query=PAGE, tag="Customers")
def list_customers(request: ApiRequest) -> HttpResponse:
    """List the customers of the caller's organization."""
    query = query_of(request)
    paging = paging_of(request, query)
    condition = _condition(filter_of(query, allowed=FILTERS))
    page = wire.customer_page(request.actor, condition, cursor=paging.cursor, size=paging.size)
    items = [shapes.listed(row.customer_id, row.customer_name, row.customer_domain) for row in page.rows]
    parameters = {"size": str(paging.size)}
    if query.get("filter"):
        parameters["filter"] = query["filter"]
    return json_answer(page_of(items, page=page, path="/customers", parameters=parameters))


@api_requires(Permission.CUSTOMER_VIEW, answer=shapes.CustomerAnswer, tag="Customers")
def get_customer(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """Get a customer with its profiles."""
    return json_answer(shapes.customer(queries.customer_detail(request.actor, customer_id)))


@api_requires(Permission.CUSTOMER_ADD, body=NewCustomerBody, answer=shapes.CustomerAnswer, status=201, tag="Customers")
def create_customer(request: ApiRequest) -> HttpResponse:
    """Add a customer: its tenant, its first administrator and the reseller relationship.

    The administrator gets a link by e-mail to choose a password, so the reply names the user without a password.
    """
    body = body_of(request, NewCustomerBody)
    if body.associated_partner_id:
        request.caller.require_person()
    new = _new_customer(body, request)
    with transaction.atomic():
        added = add_customer(new=new, attestation=None, actor=request.actor, now=timezone.now())
        _note_bill_to(added, body.billing_profile, request)
    value = shapes.customer(queries.customer_detail(request.actor, added.relationship.customer_id))
    value |= {"relationshipToPartner": "none", "userCredentials": {"userName": added.administrator.email}}
    if body.enable_gdap_by_default is not None:
        value["enableGDAPByDefault"] = body.enable_gdap_by_default
    return json_answer(value, status=201)


@api_requires(Permission.RELATIONSHIP_REMOVE, person=True, body=RelationshipBody, tag="Customers")
def update_customer(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """End the reseller relationship with a customer."""
    relationship = queries.customer_of(request.actor, customer_id)
    if body_of(request, RelationshipBody).relationship_to_partner != "none":
        raise NotOffered
    remove_relationship(relationship_id=relationship.pk, actor=request.actor, now=timezone.now())
    empty = ("Id", "CommerceId", "CompanyProfile", "BillingProfile")
    rest = ("AllowDelegatedAccess", "UserCredentials", "CustomDomains", "AssociatedPartnerId")
    return json_answer(  # the one answer in PascalCase with nulls (reference 3.6)
        dict.fromkeys(empty)
        | {"RelationshipToPartner": "none"}
        | dict.fromkeys(rest)
        | {"Attributes": {"ObjectType": "Customer"}}
    )


@api_requires(Permission.RELATIONSHIP_REMOVE, tag="Customers", status=204)
def delete_customer(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """Delete a customer of a sandbox and all it has. Production accounts end the relationship instead (PATCH)."""
    relationship = queries.customer_of(request.actor, customer_id)
    delete = import_string(settings.SANDBOX_DELETE_CUSTOMER)
    delete(customer_id=relationship.customer_id, actor=request.actor, now=timezone.now())
    return HttpResponse(status=204)


@api_requires(Permission.CUSTOMER_ADD, tag="Customers")
def domain_taken(request: ApiRequest, domain: str) -> HttpResponse:
    """Say whether a domain is taken (200) or free (404)."""
    taken = wire.is_domain_taken(domain)
    return HttpResponse(status=200 if taken else 404, content_type="application/json; charset=utf-8")


@api_requires(Permission.CUSTOMER_ADD, answer=bool, tag="Customers")
def domain_free(request: ApiRequest, domain: str) -> HttpResponse:
    """Say whether a domain, or the first part of one, is free."""
    return json_answer(not wire.is_domain_taken(domain))


@api_requires(Permission.CUSTOMER_ADD, body=Address, answer=ValidatedAddress, tag="Customers")
def validate_address(request: ApiRequest) -> HttpResponse:
    """Take an address apart. No register of addresses stands behind it, so the status is always NotValidated."""
    address = body_of(request, Address)
    original = {name: value for name, value in address.model_dump(by_alias=True).items() if value}
    return json_answer({"originalAddress": original, "suggestedAddresses": [], "status": "NotValidated"})


def _condition(wanted: Filter | None) -> Q:
    if wanted is None or not wanted.value:
        return Q()
    if wanted.field == "companyname":
        return Q(customer_name_key__startswith=name_key(wanted.value))
    if wanted.field == "domain":
        return Q(customer_domain__startswith=wanted.value.lower())
    return Q(counterpart_id=guid_of(wanted.value, "filter"))


def _new_customer(body: NewCustomerBody, request: ApiRequest) -> NewCustomer:
    """Return the customer to add, checked by the page's form. Raises: WrongProperty, InvalidInput."""
    billing, address = body.billing_profile, body.billing_profile.default_address
    reseller = wire.partner_by_number(body.associated_partner_id) if body.associated_partner_id else None
    if body.associated_partner_id and reseller is None:
        raise PartnerNumberUnknown(_("No partner has this PartnerID."), field="associatedPartnerId")
    organization = account_queries.organization_of(request.actor)
    values = {
        "company_name": billing.company_name or body.company_profile.company_name,
        "domain": body.company_profile.domain,
        "country": address.country.upper(),
        "address": text_of(address),
        "registration_number": body.company_profile.organization_registration_number,
        "phone": address.phone_number,
        "first_name": address.first_name or billing.first_name,
        "last_name": address.last_name or billing.last_name,
        "email": billing.email,
        "language": (billing.language or billing.culture).split("-")[0].lower() or organization.language,
        "reseller": str(reseller.pk) if reseller else "",
        "include_admin_rights": "on",
    }
    form = NewCustomerForm(
        values, countries=[values["country"]], resellers=[reseller] if reseller else [], cloud=organization.cloud
    )
    if not form.is_valid():
        raise WrongProperty(FORM_PROPERTIES.get(next(iter(form.errors)), next(iter(form.errors))))
    return form.new_customer()


def _note_bill_to(added: Addition, billing: NewBillingProfile, request: ApiRequest) -> None:
    address = billing.default_address
    if not request.actor.may(Permission.CUSTOMER_UPDATE):
        return
    update_bill_to(
        relationship_id=added.relationship.pk,
        bill_to=BillTo(
            bill_to_name=billing.company_name or added.relationship.customer_name,
            bill_to_address=text_of(address),
            bill_to_first_name=address.first_name or billing.first_name,
            bill_to_last_name=address.last_name or billing.last_name,
            bill_to_email=billing.email,
        ),
        actor=request.actor,
        now=timezone.now(),
    )
