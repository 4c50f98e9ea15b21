"""Support cases in any state, each with a valid default."""

from typing import Any

from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership, Organization
from support.enums import CaseStatus, IncidentKind, IncidentStatus, ServiceProduct, Severity, SupportTopic
from support.models import CaseAttachment, CaseMessage, IncidentUpdate, ServiceIncident, SupportCase
from tests.factories import NOON, make_member, make_organization, make_partner


def make_case(partner: Organization | None = None, **fields: Any) -> SupportCase:
    """A case with its first message, as the database holds it; its dates fit its status."""
    partner = partner or make_partner()
    if "opened_by" not in fields:
        fields["opened_by"] = make_member(partner).user
    status = fields.get("status", CaseStatus.OPEN)
    dates = {
        "resolved_at": NOON if status == CaseStatus.RESOLVED else None,
        "closed_at": NOON if status == CaseStatus.CLOSED else None,
    }
    defaults = {
        "partner": partner.partner,
        "title": "The invoice has a line too many",
        "topic": SupportTopic.BILLING,
        "severity": Severity.MODERATE,
        "status": status,
        "modified_by_name": fields["opened_by"].name,
        "created_at": NOON,
        "modified_at": NOON,
        **dates,
    }
    case = SupportCase.objects.create(**defaults | fields)
    make_message(case)
    return case


def make_message(case: SupportCase, **fields: Any) -> CaseMessage:
    defaults = {
        "case": case,
        "author": case.opened_by,
        "author_name": case.opened_by.name,
        "is_from_operator": False,
        "text": "Line 12 is charged twice.",
        "created_at": NOON,
    }
    return CaseMessage.objects.create(**defaults | fields)


def make_attachment(case: SupportCase, **fields: Any) -> CaseAttachment:
    """A file of the case's first message."""
    content = fields.pop("content", b"line 12\n")
    defaults = {
        "case": case,
        "message": case.messages.order_by("created_at", "pk").first(),
        "name": "lines.txt",
        "content_type": "text/plain",
        "size": len(content),
        "content": content,
        "created_at": NOON,
    }
    return CaseAttachment.objects.create(**defaults | fields)


def make_operator(**user_fields: Any) -> Membership:
    """A person of the programme operator, whose organization is made with the first one."""
    known = Organization.objects.filter(kind=OrganizationKind.OPERATOR).first()
    organization = known or make_organization(OrganizationKind.OPERATOR, name="Programme Office")
    return make_member(organization, Role.OPERATOR_ADMIN, **user_fields)


def make_incident(**fields: Any) -> ServiceIncident:
    """An incident with the first word on it; ``resolved_at`` follows from its status."""
    status = fields.get("status", IncidentStatus.INVESTIGATING)
    defaults = {
        "kind": IncidentKind.INCIDENT,
        "product": ServiceProduct.COMMERCE,
        "title": "Orders take longer",
        "status": status,
        "starts_at": NOON,
        "created_at": NOON,
        "modified_at": NOON,
        "resolved_at": NOON if status == IncidentStatus.RESOLVED else None,
    }
    incident = ServiceIncident.objects.create(**defaults | fields)
    IncidentUpdate.objects.create(
        incident=incident, status=status, text="We are looking into it.", author_name="Willem", created_at=NOON
    )
    return incident
