"""The customer agreement: what there is to sign, who signed, and that a partner attests it (API reference, 3.9)."""

import uuid
from typing import Annotated, Any, NotRequired

from django.conf import settings
from django.http import Http404, HttpResponse
from django.utils import timezone
from pydantic import Field
from typing_extensions import TypedDict

from customers import queries
from customers.enums import AgreementMethod, RelationshipKind
from customers.forms.account import AttestationForm
from customers.models import CustomerAgreement
from customers.queries import wire
from customers.workflow.agreements import Attestation, attest_agreement
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import NotOffered, WrongParameter, WrongProperty, json_answer
from portal.api.reading import Body, WireTime, body_of, one_of, query_of
from portal.api.resources import Attributes, SelfLinks, collection, date_text

CUSTOMER_AGREEMENT, OLDER_AGREEMENT = "MicrosoftCustomerAgreement", "MicrosoftCloudAgreement"
TYPES = (OLDER_AGREEMENT, CUSTOMER_AGREEMENT)
TEMPLATES = uuid.UUID("2f9d4c7b-51e0-4a3c-8c55-0f1b7a9e6d10")  # template ids are made of it and the version
KIND = {"agreementType": "MicrosoftCustomerAgreement, MicrosoftCloudAgreement, or * for all."}


class Contact(Body):
    first_name: Annotated[str, Field(min_length=1, max_length=100)]
    last_name: Annotated[str, Field(min_length=1, max_length=100)]
    email: Annotated[str, Field(min_length=3, max_length=254)]
    phone_number: Annotated[str, Field(max_length=40)] = ""


class AgreementBody(Body):
    """That the customer agreed."""

    primary_contact: Contact
    date_agreed: WireTime
    template_id: uuid.UUID
    type: Annotated[str, one_of(*TYPES)]
    user_id: uuid.UUID | None = None


class ContactAnswer(TypedDict):
    firstName: str
    lastName: str
    email: str
    phoneNumber: NotRequired[str]


class AgreementAnswer(TypedDict):
    userId: NotRequired[str]
    primaryContact: ContactAnswer
    templateId: str
    dateAgreed: str
    type: str
    agreementLink: str


class AgreementList(TypedDict):
    totalCount: int
    items: list[AgreementAnswer]


class Metadata(TypedDict):
    templateId: str
    agreementType: str
    agreementLink: str
    versionRank: int


class MetadataCollection(TypedDict):
    totalCount: int
    items: list[Metadata]
    links: SelfLinks
    attributes: Attributes


class Signed(TypedDict):
    isSigned: bool


class Document(TypedDict):
    displayUri: str
    downloadUri: str
    language: str
    country: str


@api_requires(Permission.AGREEMENT_VIEW, answer=MetadataCollection, query=KIND, tag="Agreements")
def list_metadata(request: ApiRequest) -> HttpResponse:
    """List the agreements there are to sign: the one in force."""
    version = settings.CUSTOMER_AGREEMENT_VERSION
    items = [
        {
            "templateId": template_id(version),
            "agreementType": CUSTOMER_AGREEMENT,
            "agreementLink": agreement_link(),
            "versionRank": 0,
        }
    ]
    return json_answer(collection(items if _wants(request, default="*") else [], uri="/agreements"))


@api_requires(
    Permission.AGREEMENT_VIEW,
    answer=Document,
    query={"language": "Such as en-US.", "country": "Such as FR."},
    tag="Agreements",
)
def get_document(request: ApiRequest, template: str) -> HttpResponse:
    """Get where the text of an agreement stands."""
    if template.lower() != template_id(settings.CUSTOMER_AGREEMENT_VERSION):
        raise Http404
    query = query_of(request)
    link = agreement_link()
    return json_answer(
        {
            "displayUri": link,
            "downloadUri": link,
            "language": query.get("language", "en-US"),
            "country": query.get("country", "US"),
        }
    )


@api_requires(Permission.AGREEMENT_VIEW, answer=AgreementList, query=KIND, tag="Agreements")
def list_agreements(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """List what a customer agreed to with the caller, or with the provider the caller sells through."""
    signed = _signed(request, customer_id)
    items = [_agreement(one) for one in signed] if _wants(request, default="*") else []
    return json_answer({"totalCount": len(items), "items": items})


@api_requires(Permission.AGREEMENT_ATTEST, body=AgreementBody, answer=AgreementAnswer, status=201, tag="Agreements")
def add_agreement(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """Confirm that a customer accepted the customer agreement. An app alone names the person in ``userId``."""
    body = body_of(request, AgreementBody)
    if body.type != CUSTOMER_AGREEMENT:
        raise NotOffered
    if str(body.template_id) != template_id(settings.CUSTOMER_AGREEMENT_VERSION):
        raise WrongProperty("templateId")
    if not request.caller.is_person and body.user_id is None:
        raise WrongProperty("userId")
    relationship = queries.customer_of(request.actor, customer_id)
    contact = body.primary_contact
    form = AttestationForm(
        {
            "first_name": contact.first_name,
            "last_name": contact.last_name,
            "email": contact.email,
            "phone": contact.phone_number,
            "agreed_on": body.date_agreed.date(),
        }
    )
    if not form.is_valid():
        raise WrongProperty("primaryContact")
    agreement = attest_agreement(
        relationship_id=relationship.pk,
        attestation=Attestation(**form.cleaned_data),
        actor=request.actor,
        now=timezone.now(),
    )
    value = _agreement(agreement)
    if not request.caller.is_person:
        value["userId"] = str(body.user_id)
    return json_answer(value, status=201)


@api_requires(Permission.AGREEMENT_VIEW, person=True, answer=Signed, tag="Agreements")
def direct_status(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """Say whether the customer itself signed the customer agreement."""
    is_signed = any(one.method == AgreementMethod.DIRECT for one in _signed(request, customer_id))
    return json_answer({"isSigned": is_signed})


def template_id(version: str) -> str:
    """Return the id by which the API knows a version of the agreement."""
    return str(uuid.uuid5(TEMPLATES, version))


def agreement_link() -> str:
    """Return where the text of the customer agreement stands in this installation."""
    return f"{settings.BASE_URL}/help/"


def _wants(request: ApiRequest, *, default: str) -> bool:
    """Say whether the customer agreement is among what is asked for. Raises: WrongParameter."""
    asked = query_of(request).get("agreementtype", "") or default
    if asked != "*" and asked.lower() not in {one.lower() for one in TYPES}:
        raise WrongParameter("agreementType")
    return asked == "*" or asked.lower() == CUSTOMER_AGREEMENT.lower()


def _signed(request: ApiRequest, customer_id: Any) -> list[CustomerAgreement]:
    relationship = queries.customer_of(request.actor, customer_id)
    signed_with = relationship.partner_id
    if relationship.kind == RelationshipKind.RESELLER and relationship.counterpart_id:
        signed_with = relationship.counterpart_id
    return wire.agreements_with(signed_with, relationship.customer_id)


def _agreement(agreement: CustomerAgreement) -> dict[str, Any]:
    contact = {
        "firstName": agreement.first_name,
        "lastName": agreement.last_name,
        "email": agreement.email,
        "phoneNumber": agreement.phone,
    }
    value = {
        "userId": str(agreement.recorded_by_id) if agreement.recorded_by_id else "",
        "primaryContact": {name: part for name, part in contact.items() if part},
        "templateId": template_id(agreement.version),
        "dateAgreed": date_text(agreement.agreed_on),
        "type": CUSTOMER_AGREEMENT,
        "agreementLink": agreement_link(),
    }
    return {name: part for name, part in value.items() if part}
