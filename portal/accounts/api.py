"""The partner itself through the API: profiles, partnerships, signed agreements (API reference, 3.10, 3.11)."""

from typing import Annotated, Any, NotRequired

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import Field
from typing_extensions import TypedDict

from portal.accounts import queries, wire_queries
from portal.accounts.enums import OrganizationKind
from portal.accounts.forms import OrganizationForm
from portal.accounts.models import Organization, Partner, PartnerLocation
from portal.accounts.permissions import Permission
from portal.accounts.workflow.organization import update_organization
from portal.api.access import ApiRequest, api_requires, endpoint
from portal.api.addresses import Address, AddressAnswer, parts_of, text_of
from portal.api.errors import UnknownEnumValue, WrongParameter, WrongProperty, json_answer
from portal.api.reading import Body, body_of, check_if_match, filter_of, guid_of, query_of
from portal.api.resources import Attributes, SelfLinks, attributes, collection, etag_of, self_links
from portal.core.errors import Refusal

PROVIDER_OF, RESELLER_OF = "is_indirect_cloud_solution_provider_of", "is_indirect_reseller_of"
CULTURES = {"en": "en-US", "fr": "fr-FR", "sv": "sv-SE"}


class PartnerUnknown(Refusal):
    """No partner has this PartnerID or tenant id."""

    code = "partner-unknown"
    http_status = 404

    def __init__(self) -> None:
        super().__init__(_("No partner has this id."))


class Contact(TypedDict):
    firstName: NotRequired[str]
    lastName: NotRequired[str]
    email: NotRequired[str]
    phoneNumber: NotRequired[str]


class LegalBusinessProfile(TypedDict):
    profileType: str
    companyName: str
    address: AddressAnswer
    primaryContact: Contact
    companyApproverEmail: NotRequired[str]
    vettingStatus: str
    vettingSubStatus: str
    links: SelfLinks
    attributes: Attributes


class MpnProfile(TypedDict):
    profileType: str
    partnerName: str
    mpnId: str
    links: SelfLinks
    attributes: Attributes


class OrganizationProfile(TypedDict):
    profileType: str
    id: str
    companyName: str
    defaultAddress: AddressAnswer
    tenantId: str
    domain: str
    email: NotRequired[str]
    language: str
    culture: str
    links: SelfLinks
    attributes: Attributes


class SupportProfile(TypedDict):
    profileType: str
    email: NotRequired[str]
    telephone: NotRequired[str]
    website: str
    links: SelfLinks
    attributes: Attributes


class BillingProfile(TypedDict):
    profileType: str
    companyName: str
    address: AddressAnswer
    primaryContact: Contact
    billingCurrency: str
    links: SelfLinks
    attributes: Attributes


class PartnerRelationship(TypedDict):
    id: str
    name: str
    relationshipType: str
    state: str
    mpnId: NotRequired[str]
    location: str
    attributes: Attributes


class PartnerRelationships(TypedDict):
    totalCount: int
    items: list[PartnerRelationship]
    attributes: Attributes


class AgreementSigned(TypedDict):
    isAgreementSigned: bool


class SentAttributes(Body):
    etag: str = ""


class OrganizationBody(Body):
    """What may be changed of the organization profile; the rest follows from the registration."""

    company_name: Annotated[str, Field(min_length=1, max_length=200)]
    default_address: Address | None = None
    email: Annotated[str, Field(max_length=254)] = ""
    language: str = ""
    attributes: SentAttributes = SentAttributes()


@api_requires(
    Permission.ORGANIZATION_VIEW,
    answer=LegalBusinessProfile,
    query={"vettingVersion": "None, Current or LastFinalized; makes no difference here."},
    tag="Partner profiles",
)
def legal_business(request: ApiRequest) -> HttpResponse:
    """Get the legal business profile of the caller's organization."""
    one = queries.organization_of(request.actor)
    value = {
        "companyName": one.name,
        "address": _address(one),
        "primaryContact": _contact(one),
        "companyApproverEmail": one.contact_email,
        "vettingStatus": "authorized",
        "vettingSubStatus": "none",
    }
    return json_answer(_profile("LegalBusinessProfile", "legalbusiness", value))


@api_requires(
    Permission.ORGANIZATION_VIEW,
    person=True,
    answer=MpnProfile,
    query={"mpnId": "A PartnerID; the caller's own if left out."},
    tag="Partner profiles",
)
def mpn(request: ApiRequest) -> HttpResponse:
    """Get name and PartnerID of the caller's organization, or the name to a PartnerID."""
    number = query_of(request).get("mpnid", "").strip()
    place = wire_queries.place_by_number(number, request.actor) if number else _headquarters(request)
    if place is None:
        raise PartnerUnknown
    value = {"partnerName": place.partner.organization.name, "mpnId": place.partner_id_number}
    return json_answer(_profile("MpnProfile", "mpn", value))


@api_requires(Permission.ORGANIZATION_VIEW, person=True, answer=OrganizationProfile, tag="Partner profiles")
def organization(request: ApiRequest) -> HttpResponse:
    """Get the profile of the caller's organization."""
    return json_answer(_organization(queries.organization_of(request.actor)))


@api_requires(
    Permission.ORGANIZATION_MANAGE,
    person=True,
    body=OrganizationBody,
    answer=OrganizationProfile,
    tag="Partner profiles",
)
def put_organization(request: ApiRequest) -> HttpResponse:
    """Change the profile of the caller's organization. The etag may stand in If-Match or among the attributes."""
    body = body_of(request, OrganizationBody)
    with transaction.atomic():
        one = Organization.objects.locked(request.actor.organization_id)
        check_if_match(request, _etag(one), in_body=body.attributes.etag)
        form = OrganizationForm(
            {
                "name": body.company_name,
                "address": text_of(body.default_address) if body.default_address else one.address,
                "contact_email": body.email or one.contact_email,
                "contact_phone": (body.default_address.phone_number if body.default_address else "")
                or one.contact_phone,
                "language": body.language.lower() or one.language,
            }
        )
        if not form.is_valid():
            raise WrongProperty(next(iter(form.errors)).removeprefix("contact_"))
        changed = update_organization(changes=form.cleaned_data, actor=request.actor, now=timezone.now())
    return json_answer(_organization(changed))


@api_requires(Permission.ORGANIZATION_VIEW, person=True, answer=SupportProfile, tag="Partner profiles")
def support(request: ApiRequest) -> HttpResponse:
    """Get whom customers of the caller's organization turn to."""
    one = queries.organization_of(request.actor)
    value = {"email": one.contact_email, "telephone": one.contact_phone, "website": f"https://{one.domain}"}
    return json_answer(_profile("SupportProfile", "support", value))


@api_requires(Permission.ORGANIZATION_VIEW, person=True, answer=BillingProfile, tag="Partner profiles")
def billing(request: ApiRequest) -> HttpResponse:
    """Get who pays for the caller's organization, and in which currency."""
    one, partner = queries.organization_of(request.actor), queries.partner_of(request.actor)
    value = {
        "companyName": one.name,
        "address": _address(one),
        "primaryContact": _contact(one),
        "billingCurrency": partner.currency if partner else "",
    }
    return json_answer(_profile("BillingProfile", "billing", value, etag=_etag(one)))


@api_requires(
    Permission.ORGANIZATION_VIEW,
    person=True,
    answer=PartnerRelationships,
    query={
        "relationship_type": "IsIndirectCloudSolutionProviderOf or IsIndirectResellerOf.",
        "filter": "JSON with the field Name and the operator substring.",
    },
    tag="Relationships",
)
def relationships(request: ApiRequest) -> HttpResponse:
    """List the resellers of a provider, or the providers of a reseller."""
    query = query_of(request)
    default = PROVIDER_OF if request.actor.organization_kind == OrganizationKind.INDIRECT_PROVIDER else RESELLER_OF
    kinds = {name.replace("_", ""): name for name in (PROVIDER_OF, RESELLER_OF)}
    kind = kinds.get(query.get("relationship_type", default).replace("_", "").lower())
    if kind is None:
        raise UnknownEnumValue("relationship_type")
    wanted = filter_of(query, allowed={"Name": ("substring", "starts_with")})
    partners = wire_queries.partners_of(
        request.actor, as_provider=kind == PROVIDER_OF, name=wanted.value if wanted else ""
    )
    return json_answer(collection([_relationship(partner, kind) for partner in partners]))


@api_requires(
    Permission.ORGANIZATION_VIEW,
    person=True,
    answer=AgreementSigned,
    query={"mpnId": "A PartnerID,", "tenantId": "or a tenant id: exactly one of the two."},
    tag="Relationships",
)
def agreement_status(request: ApiRequest) -> HttpResponse:
    """Say whether the caller or one of its resellers signed the partner agreement in force."""
    query = query_of(request)
    number, tenant = query.get("mpnid", "").strip(), query.get("tenantid", "").strip()
    if bool(number) == bool(tenant):
        raise WrongParameter("mpnId")
    partner = wire_queries.related_partner(
        request.actor, number=number, tenant_id=guid_of(tenant, "tenantId") if tenant else None
    )
    if partner is None:
        raise PartnerUnknown
    return json_answer({"isAgreementSigned": partner.agreement_version == settings.PARTNER_AGREEMENT_VERSION})


def _organization(one: Organization) -> dict[str, Any]:
    value = {
        "id": str(one.pk),
        "companyName": one.name,
        "defaultAddress": _address(one),
        "tenantId": str(one.pk),
        "domain": one.domain,
        "email": one.contact_email,
        "language": one.language,
        "culture": CULTURES.get(one.language, CULTURES["en"]),
    }
    return _profile("OrganizationProfile", "organization", value, etag=_etag(one))


def _relationship(partner: Partner, kind: str) -> dict[str, Any]:
    place = next((place for place in partner.locations.all() if place.is_headquarters), None)
    value = {
        "id": str(partner.pk),
        "name": partner.organization.name,
        "relationshipType": kind,
        "state": "Active",
        "mpnId": place.partner_id_number if place else "",
        "location": partner.organization.country,
        "attributes": attributes("PartnerRelationship"),
    }
    return {name: part for name, part in value.items() if part}


def _profile(kind: str, name: str, value: dict[str, Any], *, etag: str = "") -> dict[str, Any]:
    facts = {name: part for name, part in value.items() if part != ""}
    rest = {"links": self_links(f"/profiles/{name}"), "attributes": attributes(kind, etag=etag)}
    return {"profileType": kind, **facts, **rest}


def _address(one: Organization) -> dict[str, Any]:
    return parts_of(one.address, country=one.country, phoneNumber=one.contact_phone)


def _contact(one: Organization) -> dict[str, str]:
    value = {"email": one.contact_email, "phoneNumber": one.contact_phone}
    return {name: part for name, part in value.items() if part}


def _etag(one: Organization) -> str:
    return etag_of(one.name, one.address, one.contact_email, one.contact_phone, one.language)


def _headquarters(request: ApiRequest) -> PartnerLocation | None:
    return queries.places_of(request.actor).filter(is_headquarters=True).first()


V1 = [
    path("profiles/legalbusiness", endpoint(GET=legal_business), name="legal_business"),
    path("profiles/mpn", endpoint(GET=mpn), name="mpn"),
    path("profiles/organization", endpoint(GET=organization, PUT=put_organization), name="organization"),
    path("profiles/support", endpoint(GET=support), name="support"),
    path("profiles/billing", endpoint(GET=billing), name="billing"),
    path("relationships", endpoint(GET=relationships), name="relationships"),
    path("compliance/csp/agreementstatus", endpoint(GET=agreement_status), name="agreement_status"),
]
