"""How a case reads on pages and in files."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from support.enums import CaseStatus, Severity
from support.models import SupportCase

TONES = {
    CaseStatus.OPEN: "info",
    CaseStatus.WAITING: "warning",
    CaseStatus.RESOLVED: "success",
    CaseStatus.CLOSED: "neutral",
}
SEVERITY_TONES = {Severity.CRITICAL: "error", Severity.MODERATE: "warning", Severity.MINIMAL: "neutral"}


def row_of(case: SupportCase, actor: Actor) -> dict[str, Any]:
    """Lay out a case as a row of a list shows it."""
    return {
        "id": case.pk,
        "url": reverse("support:case", args=[case.pk]),
        "number": case.reference,
        "title": case.title,
        "customer": case.customer.organization.name if case.customer else "",
        "partner": case.partner.organization.name,
        "status": case.get_status_display(),
        "tone": TONES[CaseStatus(case.status)],
        "turn": turn_of(case, actor),
        "severity": case.get_severity_display(),
        "severity_tone": SEVERITY_TONES[Severity(case.severity)],
        "topic": case.get_topic_display(),
        "opened_by": case.opened_by.name,
        "assigned_to": case.assigned_to.name if case.assigned_to else "",
        "created_at": case.created_at,
        "modified_at": case.modified_at,
        "closed_at": case.closed_at,
    }


def turn_of(case: SupportCase, actor: Actor) -> str:
    """Say whose turn it is, from the reader's side; nothing once the case has ended."""
    is_operator = actor.organization_kind == OrganizationKind.OPERATOR
    if case.status == CaseStatus.OPEN:
        return _("Your answer is needed") if is_operator else _("With the operator")
    if case.status == CaseStatus.WAITING:
        return _("With the partner") if is_operator else _("Your answer is needed")
    return ""
