"""How a case reads on pages and in files."""

import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.audit.models import AuditEvent
from portal.core.dates import date_format
from support.enums import CaseStatus, IncidentKind, IncidentStatus, Severity, SupportEvent
from support.models import IncidentUpdate, ServiceIncident, SupportCase

TONES = {
    CaseStatus.OPEN: "info",
    CaseStatus.WAITING: "warning",
    CaseStatus.RESOLVED: "success",
    CaseStatus.CLOSED: "neutral",
}
INCIDENT_TONES = {
    IncidentStatus.ANNOUNCED: "info",
    IncidentStatus.INVESTIGATING: "error",
    IncidentStatus.RESTORING: "warning",
    IncidentStatus.RESOLVED: "success",
}
KIND_TONES = {IncidentKind.INCIDENT: "error", IncidentKind.ADVISORY: "info"}
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


def deadline_of(case: SupportCase) -> str:
    """Say until when the case can be reopened, or when it closes by itself; nothing while it is worked on."""
    if case.status == CaseStatus.RESOLVED and case.resolved_at is not None:
        day = case.resolved_at + datetime.timedelta(days=settings.SUPPORT_CLOSE_DAYS)
        return _("Closes by itself on %(day)s") % {"day": date_format(day)}
    if case.status == CaseStatus.CLOSED and case.closed_at is not None:
        day = case.closed_at + datetime.timedelta(days=settings.SUPPORT_REOPEN_DAYS)
        return _("Can be reopened until %(day)s") % {"day": date_format(day)}
    return ""


def changed_text(event: AuditEvent) -> str:
    """Word what an event changed about a case, for its timeline."""
    before, after = event.before or {}, event.after or {}
    if event.event_type == SupportEvent.SEVERITY_CHANGED:
        levels = {"before": Severity(before["severity"]).label, "after": Severity(after["severity"]).label}
        return _("From %(before)s to %(after)s") % levels
    if event.event_type == SupportEvent.ASSIGNED:
        return str(after.get("assigned to", ""))
    return ""


def health_row(incident: ServiceIncident) -> dict[str, Any]:
    """Lay out an incident as lists and its own page show it."""
    return {
        "url": reverse("support:incident", args=[incident.pk]),
        "id": incident.pk,
        "title": incident.title,
        "kind": incident.get_kind_display(),
        "kind_tone": KIND_TONES[IncidentKind(incident.kind)] if incident.resolved_at is None else "neutral",
        "product": incident.get_product_display(),
        "status": incident.get_status_display(),
        "tone": INCIDENT_TONES[IncidentStatus(incident.status)],
        "starts_at": incident.starts_at,
        "modified_at": incident.modified_at,
        "resolved_at": incident.resolved_at,
        "text": getattr(incident, "latest_text", ""),
    }


def update_entry(update: IncidentUpdate) -> dict[str, Any]:
    """Lay out what was said of an incident as an entry of a timeline."""
    status = IncidentStatus(update.status)
    return {
        "title": status.label,
        "at": update.created_at,
        "tone": INCIDENT_TONES[status],
        "text": update.text,
        "actor": update.author_name,
    }
