"""The profiles of a customer, and what it qualifies for (API reference, sections 3.1 and 3.7)."""

from typing import Annotated, Any, NotRequired

from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from pydantic import Field
from typing_extensions import TypedDict

from customers import queries
from customers.api import shapes
from customers.enums import Qualification
from customers.forms.account import BillToForm
from customers.models import ResellerRelationship
from customers.workflow.customers import BillTo, set_qualification, update_bill_to
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.addresses import Address, text_of
from portal.api.errors import UnknownEnumValue, WrongProperty, json_answer
from portal.api.reading import Body, body_of, check_if_match, json_of, one_of

QUALIFICATIONS = {  # as the API writes them
    Qualification.NONE: "None",
    Qualification.EDUCATION: "Education",
    Qualification.NONPROFIT: "Nonprofit",
    Qualification.GOVERNMENT_COMMUNITY_CLOUD: "GovernmentCommunityCloud",
    Qualification.STATE_OWNED_ENTITY: "StateOwnedEntity",
}
NAMES = {name.lower(): value for value, name in QUALIFICATIONS.items()}


class SentAttributes(Body):
    etag: str = ""


class BillingBody(Body):
    """Whom to bill for a customer."""

    first_name: Annotated[str, Field(max_length=100)] = ""
    last_name: Annotated[str, Field(max_length=100)] = ""
    email: Annotated[str, Field(max_length=254)]
    company_name: Annotated[str, Field(max_length=200)]
    default_address: Address
    attributes: SentAttributes = SentAttributes()


class QualificationBody(Body):
    """What the customer qualifies for; the other properties are taken note of by nobody here."""

    qualification: Annotated[str, one_of(*QUALIFICATIONS.values())]


class QualificationAnswer(TypedDict):
    qualification: str
    vettingStatus: NotRequired[str]


@api_requires(Permission.CUSTOMER_VIEW, person=True, answer=shapes.CompanyProfile, tag="Customer profiles")
def get_company(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """Get the company profile of a customer."""
    return json_answer(shapes.company_profile(queries.customer_of(request.actor, customer_id)))


@api_requires(Permission.CUSTOMER_VIEW, answer=shapes.BillingProfile, tag="Customer profiles")
def get_billing(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """Get whom the partner bills for a customer."""
    detail = queries.customer_detail(request.actor, customer_id)
    return json_answer(shapes.billing_profile(detail.relationship, detail.profile))


@api_requires(Permission.CUSTOMER_UPDATE, body=BillingBody, answer=shapes.BillingProfile, tag="Customer profiles")
def put_billing(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """Change whom the partner bills for a customer. Needs If-Match, or the etag among the body's attributes."""
    relationship_id = queries.customer_of(request.actor, customer_id).pk
    body = body_of(request, BillingBody)
    bill_to = _bill_to(body)
    with transaction.atomic():
        ResellerRelationship.objects.active().locked(relationship_id)  # nobody changes it between look and change
        detail = queries.customer_detail(request.actor, customer_id)
        etag = shapes.billing_etag(detail.relationship, detail.profile)
        check_if_match(request, etag, required=True, in_body=body.attributes.etag)
        update_bill_to(relationship_id=relationship_id, bill_to=bill_to, actor=request.actor, now=timezone.now())
    detail = queries.customer_detail(request.actor, customer_id)
    return json_answer(shapes.billing_profile(detail.relationship, detail.profile))


def _bill_to(body: BillingBody) -> BillTo:
    """Return what the page's form makes of the body. Raises: WrongProperty."""
    form = BillToForm(
        {
            "bill_to_name": body.company_name,
            "bill_to_address": text_of(body.default_address),
            "bill_to_first_name": body.first_name or body.default_address.first_name,
            "bill_to_last_name": body.last_name or body.default_address.last_name,
            "bill_to_email": body.email,
        }
    )
    if not form.is_valid():
        raise WrongProperty(next(iter(form.errors)).removeprefix("bill_to_"))
    return BillTo(**form.cleaned_data)


@api_requires(Permission.CUSTOMER_VIEW, answer=list[QualificationAnswer], tag="Customer profiles")
def get_qualifications(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """List what a customer qualifies for."""
    return json_answer(_qualifications(queries.customer_of(request.actor, customer_id).customer.qualification))


@api_requires(
    Permission.CUSTOMER_UPDATE,
    person=True,
    body=QualificationBody,
    answer=QualificationAnswer,
    status=201,
    tag="Customer profiles",
)
def add_qualification(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """Say what a customer qualifies for."""
    wanted = NAMES[body_of(request, QualificationBody).qualification.lower()]
    return json_answer(_qualified(request, customer_id, wanted), status=201)


@api_requires(Permission.CUSTOMER_VIEW, answer=str, tag="Customer profiles")
def get_qualification(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """Get what a customer qualifies for, as one word (the original's older call)."""
    found = queries.customer_of(request.actor, customer_id).customer.qualification
    return json_answer(QUALIFICATIONS[Qualification(found)])


@api_requires(Permission.CUSTOMER_UPDATE, answer=str, tag="Customer profiles")
def put_qualification(request: ApiRequest, customer_id: Any) -> HttpResponse:
    """Say what a customer qualifies for, as one word or its position (the original's older call)."""
    sent = json_of(request)
    positions = list(QUALIFICATIONS)
    if isinstance(sent, int) and not isinstance(sent, bool) and 0 <= sent < len(positions):
        wanted = positions[sent]
    elif isinstance(sent, str) and sent.replace("_", "").lower() in NAMES:
        wanted = NAMES[sent.replace("_", "").lower()]
    else:
        raise UnknownEnumValue("qualification")
    return json_answer(_qualified(request, customer_id, wanted)["qualification"])


def _qualified(request: ApiRequest, customer_id: Any, wanted: Qualification) -> dict[str, str]:
    relationship = queries.customer_of(request.actor, customer_id)
    customer = set_qualification(
        relationship_id=relationship.pk, qualification=wanted, actor=request.actor, now=timezone.now()
    )
    return _qualification(Qualification(customer.qualification))


def _qualifications(found: str) -> list[dict[str, str]]:
    return [] if found == Qualification.NONE else [_qualification(Qualification(found))]


def _qualification(found: Qualification) -> dict[str, str]:
    """Return a qualification; what a partner says counts at once here, so it is approved. State-owned has no status."""
    value = {"qualification": QUALIFICATIONS[found]}
    if found not in (Qualification.NONE, Qualification.STATE_OWNED_ENTITY):
        value["vettingStatus"] = "Approved"
    return value
