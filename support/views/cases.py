"""A new case, and one case with all that was written in it (A12)."""

import uuid
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from customers.models import ResellerRelationship
from customers.navigation import show_customer
from customers.queries import as_uuid, customer_of
from portal.accounts.access import requires
from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission
from portal.audit import queries as audit
from portal.audit import timeline
from portal.core.errors import InvalidInput, Refusal
from portal.core.http import PortalRequest, redirect_to
from support import queries, rules, workflow
from support.enums import SEVERITY_HELP, CaseAction, Severity
from support.forms.cases import MessageForm, NewCaseForm
from support.models import SupportCase
from support.presentation import changed_text, deadline_of, health_row, row_of
from support.queries import health
from support.views.commands import commands_of
from support.views.contacts import contacts_page


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUPPORT_REQUEST)
def new(request: PortalRequest) -> HttpResponse:
    """Ask the programme operator, for one's own company or for the customer that the address names."""
    try:
        rules.check_may_open(request.actor)
    except rules.AskYourPartner as stopped:
        return contacts_page(request, refusal=stopped)
    customer_id = as_uuid(request.GET.get("customer", ""))
    relationship = customer_of(request.actor, customer_id) if customer_id else None
    is_sent = request.method == "POST"
    form = NewCaseForm(
        request.POST if is_sent else None,
        request.FILES if is_sent else None,
        initial={"case_id": uuid.uuid4(), "severity": Severity.MODERATE.value},
    )
    refusal = _why_not(relationship)
    if is_sent and refusal is None and form.is_valid():
        found, refusal = _open(request, form, customer_id)
        if found is not None:
            return redirect_to(request, reverse("support:case", args=[found.pk]))
    return _form_page(request, form, relationship, refusal)


def _why_not(relationship: ResellerRelationship | None) -> Refusal | None:
    try:
        if relationship is not None:
            rules.check_administers(relationship)
    except Refusal as refusal:
        return refusal
    return None


def _open(
    request: PortalRequest, form: NewCaseForm, customer_id: UUID | None
) -> tuple[SupportCase | None, Refusal | None]:
    """Hand the case to the workflow; what is wrong with a field stands there, any other refusal above the form."""
    now = timezone.now()
    try:
        case = workflow.open_case(
            new=form.new_case(customer_id),
            files=form.new_files,
            actor=request.actor,
            now=now,
            case_id=form.cleaned_data["case_id"],
        )
    except InvalidInput as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.explanation)
        return None, None
    except Refusal as refusal:
        return None, refusal
    if case.created_at == now:
        messages.success(request, _("Case %(case)s is open. The operator was told.") % {"case": case.reference})
    return case, None


def _form_page(
    request: PortalRequest, form: NewCaseForm, relationship: ResellerRelationship | None, refusal: Refusal | None
) -> HttpResponse:
    if relationship is not None:
        show_customer(request, relationship)
    is_wrong = form.is_bound and not form.is_valid()
    context = {
        "form": form,
        "customer": relationship,
        "refusal": refusal,
        "health": [health_row(incident) for incident in health.current_incidents()],
        "severities": [(severity.label, SEVERITY_HELP[severity]) for severity in Severity],
        "back_url": reverse("support:customer_cases", args=[relationship.customer_id])
        if relationship
        else reverse("support:list"),
    }
    status = refusal.http_status if refusal and form.is_bound else 422 if is_wrong else 200
    return render(request, "support/new.html", context, status=status)


@require_safe
@requires(Permission.SUPPORT_VIEW)
def case(request: PortalRequest, case_id: UUID) -> HttpResponse:
    """Show what was asked and answered, whose turn it is, and what can be done."""
    return case_page(request, queries.case_of(request.actor, case_id))


def case_page(
    request: PortalRequest, found: SupportCase, *, form: MessageForm | None = None, refusal: Refusal | None = None
) -> HttpResponse:
    """Answer the page of a case, with the answer that could not be sent where ``form`` has one."""
    actor, now = request.actor, timezone.now()
    commands = commands_of(found, actor=actor, now=now)
    why_not_answer = rules.why_not(CaseAction.ANSWER, found, actor=actor, now=now)
    status = refusal.http_status if refusal else 422 if form is not None else 200
    context = {
        "case": found,
        "row": row_of(found, actor),
        "is_operator": actor.organization_kind == OrganizationKind.OPERATOR,
        "thread": queries.messages_of(found),
        "commands": commands,
        "form": form or MessageForm(),
        "why_not_answer": why_not_answer,
        "answer_url": reverse("support:answer", args=[found.pk]),
        "deadline": deadline_of(found),
        "entries": timeline.entries(audit.timeline(actor, "support-case", found.pk), text_of=changed_text),
        "log_url": _log_url(request, found.pk),
        "refusal": refusal,
    }
    return render(request, "support/case.html", context, status=status)


def _log_url(request: PortalRequest, case_id: UUID) -> str:
    if not request.actor.may(Permission.ACTIVITY_LOG_VIEW):
        return ""
    return f"{reverse('audit:log')}?{urlencode({'history': 'all', 'id': case_id})}"


@require_safe
@requires(Permission.SUPPORT_VIEW)
def attachment(request: PortalRequest, case_id: UUID, attachment_id: UUID) -> HttpResponse:
    """Give one file, to be saved and never shown inside the portal (quality row 27)."""
    file = queries.attachment_of(request.actor, case_id, attachment_id)
    headers: dict[str, Any] = {
        "Content-Disposition": content_disposition_header(as_attachment=True, filename=file.name)
    }
    return HttpResponse(bytes(file.content), content_type=file.content_type, headers=headers)
