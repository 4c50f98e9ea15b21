"""What each side does with a case: one view per action, in the side panel or as a page of its own."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput, Refusal
from portal.core.http import PortalRequest, page_or_fragment, posted, posted_files, redirect_to
from support import queries, rules, workflow
from support.enums import CaseAction, Severity
from support.forms.cases import AssignForm, MessageForm, ReasonForm, SeverityForm
from support.models import SupportCase
from support.views.cases import case_page

Change = Callable[[], SupportCase]
LEADS = {
    CaseAction.ASK: gettext_lazy("The case waits for the partner until it answers."),
    CaseAction.RESOLVE: gettext_lazy("Say how the problem is solved. The partner can reopen the case."),
    CaseAction.REOPEN: gettext_lazy("The operator is told, and the case is open again."),
    CaseAction.CLOSE: gettext_lazy("The operator stops working on it. You can reopen the case for %(days)s days."),
    CaseAction.SEVERITY: gettext_lazy(
        "Raise it when the problem grows, lower it when there is a way around it. The other side is told."
    ),
    CaseAction.ASSIGN: gettext_lazy("From now on mails about this case go to that person alone."),
}
IDS = "action_%s"  # the page below the side has a message field of its own
DONE = {
    CaseAction.ASK: gettext_lazy("The partner was asked."),
    CaseAction.RESOLVE: gettext_lazy("The case is resolved. The partner was told."),
    CaseAction.REOPEN: gettext_lazy("The case is open again."),
    CaseAction.CLOSE: gettext_lazy("The case is closed."),
    CaseAction.SEVERITY: gettext_lazy("Severity changed."),
    CaseAction.ASSIGN: gettext_lazy("The case is assigned."),
}


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUPPORT_VIEW)
def answer(request: PortalRequest, case_id: UUID) -> HttpResponse:
    """Send what was written below the case; whoever reloads after a correction is led back to it."""
    found = queries.case_of(request.actor, case_id)
    if request.method != "POST":
        return redirect_to(request, reverse("support:case", args=[case_id]))
    request.actor.require(rules.own_permission(CaseAction.ANSWER, request.actor))
    form = MessageForm(request.POST, request.FILES)
    if not form.is_valid():
        return case_page(request, found, form=form)
    try:
        workflow.answer_case(
            case_id=case_id,
            text=form.cleaned_data["text"],
            files=form.new_files,
            actor=request.actor,
            now=timezone.now(),
        )
    except InvalidInput as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.explanation)
        return case_page(request, found, form=form)
    except Refusal as refusal:
        return case_page(request, queries.case_of(request.actor, case_id), refusal=refusal)
    messages.success(request, _("Your message is sent."))
    return redirect_to(request, reverse("support:case", args=[case_id]))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUPPORT_ANSWER)
def ask(request: PortalRequest, case_id: UUID) -> HttpResponse:
    """Ask the partner for what is missing."""
    return _message(request, case_id, CaseAction.ASK, workflow.ask_for_information)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUPPORT_ANSWER)
def resolve(request: PortalRequest, case_id: UUID) -> HttpResponse:
    """Say how the problem is solved."""
    return _message(request, case_id, CaseAction.RESOLVE, workflow.resolve_case)


def _message(
    request: PortalRequest, case_id: UUID, action: CaseAction, change: Callable[..., SupportCase]
) -> HttpResponse:
    found = queries.case_of(request.actor, case_id)
    form = MessageForm(posted(request), posted_files(request), auto_id=IDS)

    def save() -> SupportCase:
        return change(
            case_id=case_id,
            text=form.cleaned_data["text"],
            files=form.new_files,
            actor=request.actor,
            now=timezone.now(),
        )

    return _ask(request, found, action, form, save)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUPPORT_REQUEST)
def reopen(request: PortalRequest, case_id: UUID) -> HttpResponse:
    """Say what is still wrong."""
    found = queries.case_of(request.actor, case_id)
    form = ReasonForm(posted(request), auto_id=IDS)

    def save() -> SupportCase:
        text = form.cleaned_data["text"]
        return workflow.reopen_case(case_id=case_id, text=text, actor=request.actor, now=timezone.now())

    return _ask(request, found, CaseAction.REOPEN, form, save)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUPPORT_REQUEST)
def close(request: PortalRequest, case_id: UUID) -> HttpResponse:
    """End the case."""
    found = queries.case_of(request.actor, case_id)

    def save() -> SupportCase:
        return workflow.close_case(case_id=case_id, actor=request.actor, now=timezone.now())

    return _ask(request, found, CaseAction.CLOSE, forms.Form(posted(request)), save)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUPPORT_VIEW)
def severity(request: PortalRequest, case_id: UUID) -> HttpResponse:
    """Say how much the problem hurts now."""
    found = queries.case_of(request.actor, case_id)
    request.actor.require(rules.own_permission(CaseAction.SEVERITY, request.actor))
    form = SeverityForm(posted(request), initial={"severity": found.severity})

    def save() -> SupportCase:
        wanted = Severity(form.cleaned_data["severity"])
        return workflow.change_severity(case_id=case_id, severity=wanted, actor=request.actor, now=timezone.now())

    return _ask(request, found, CaseAction.SEVERITY, form, save)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUPPORT_ANSWER)
def assign(request: PortalRequest, case_id: UUID) -> HttpResponse:
    """Give the case to one of the operator's people."""
    found = queries.case_of(request.actor, case_id)
    people = queries.operators()
    chosen = str(found.assigned_to_id or request.actor.user_id)
    form = AssignForm(posted(request), people=people, initial={"assignee": chosen})

    def save() -> SupportCase:
        user_id = UUID(form.cleaned_data["assignee"])
        return workflow.assign_case(case_id=case_id, user_id=user_id, actor=request.actor, now=timezone.now())

    return _ask(request, found, CaseAction.ASSIGN, form, save)


def _ask(
    request: PortalRequest, found: SupportCase, action: CaseAction, form: forms.Form, save: Change
) -> HttpResponse:
    """Show the form of an action, in the side for htmx; do it once it is sent and valid."""
    now = timezone.now()
    stopped = refusal = rules.why_not(action, found, actor=request.actor, now=now)
    if request.method == "POST" and refusal is None and form.is_valid():
        refusal = _done(request, form, save)
        if refusal is None and form.is_valid():
            messages.success(request, str(DONE[action]))
            return redirect_to(request, reverse("support:case", args=[found.pk]))
    return page_or_fragment(
        request,
        page="support/action.html",
        fragment="support/_action_panel.html",
        context=_context(found, action, form, refusal) | {"is_stopped": stopped is not None},
        status=_status(request, form, refusal),
    )


def _done(request: PortalRequest, form: forms.Form, save: Change) -> Refusal | None:
    try:
        save()
    except InvalidInput as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.explanation)
    except Refusal as refusal:
        return refusal
    return None


def _context(found: SupportCase, action: CaseAction, form: forms.Form, refusal: Refusal | None) -> dict[str, Any]:
    label: str | Promise = action.label
    return {
        "case": found,
        "title": label,
        "lead": str(LEADS[action]) % {"days": settings.SUPPORT_REOPEN_DAYS},
        "form": form,
        "has_files": "attachments" in form.fields,
        "action_url": reverse(f"support:{action}", args=[found.pk]),
        "back_url": reverse("support:case", args=[found.pk]),
        "refusal": refusal,
    }


def _status(request: PortalRequest, form: forms.Form, refusal: Refusal | None) -> int:
    if request.method != "POST":
        return 200
    return refusal.http_status if refusal else 200 if form.is_valid() else 422
