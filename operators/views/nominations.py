"""Nominations: a partner asks to become an indirect provider, the operator answers (A10)."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from operators import queries, rules
from operators.enums import NominationStatus
from operators.forms import NominationForm, RefusalForm
from operators.models import ProviderNomination
from operators.workflow import nominations as workflow
from portal.accounts.access import fresh_sign_in, requires
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal, explanation_of
from portal.core.http import PortalRequest, page_or_fragment, posted, redirect_to
from portal.core.listing import ListAddress

TONES = {
    NominationStatus.REQUESTED: "info",
    NominationStatus.APPROVED: "success",
    NominationStatus.REFUSED: "error",
    NominationStatus.WITHDRAWN: "neutral",
}


def _row(nomination: ProviderNomination) -> dict[str, Any]:
    return {
        "id": nomination.pk,
        "url": reverse("operators:nomination", args=[nomination.pk]),
        "partner": nomination.partner.organization.name,
        "status": nomination.get_status_display(),
        "tone": TONES[NominationStatus(nomination.status)],
        "statement": nomination.statement,
        "expected_resellers": nomination.expected_resellers,
        "requested_at": nomination.requested_at,
        "requested_by": nomination.requested_by.name,
        "answered_at": nomination.answered_at,
        "answered_by": nomination.answered_by_name,
        "reason": nomination.reason,
    }


# --- the partner -----------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PARTNERSHIP_MANAGE)
def become_provider(request: PortalRequest) -> HttpResponse:
    """Say what is required, ask, and show what became of it."""
    form, refusal = NominationForm(posted(request)), None
    if request.method == "POST" and form.is_valid():
        try:
            workflow.nominate(
                statement=form.cleaned_data["statement"],
                expected_resellers=form.cleaned_data["expected_resellers"],
                actor=request.actor,
                now=timezone.now(),
            )
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("Your request is sent. The programme operator answers it."))
            return redirect_to(request, reverse("operators:become_provider"))
    return _own_page(request, form, refusal)


def _own_page(request: PortalRequest, form: NominationForm, refusal: Refusal | None) -> HttpResponse:
    partner = Partner.objects.select_related("organization").get(pk=request.actor.organization_id)
    found = queries.own_nominations(request.actor)
    is_open = any(one.status == NominationStatus.REQUESTED for one in found)
    needed = rules.requirements(partner)
    is_wrong = form.is_bound and not form.is_valid()
    context = {
        "form": form,
        "refusal": refusal,
        "is_provider": partner.organization.kind == OrganizationKind.INDIRECT_PROVIDER,
        "requirements": needed,
        "may_ask": not is_open and all(one.is_met for one in needed),
        "is_open": is_open,
        "rows": [_row(one) for one in found],
    }
    status = refusal.http_status if refusal else 422 if is_wrong else 200
    return render(request, "operators/become_provider.html", context, status=status)


@require_POST
@requires(Permission.PARTNERSHIP_MANAGE)
def withdraw(request: PortalRequest) -> HttpResponse:
    """Take the open request back."""
    opened = [one for one in queries.own_nominations(request.actor) if one.status == NominationStatus.REQUESTED]
    for one in opened:
        workflow.withdraw(nomination_id=one.pk, actor=request.actor, now=timezone.now())
        messages.success(request, _("Your request is withdrawn."))
    return redirect_to(request, reverse("operators:become_provider"))


# --- the operator ----------------------------------------------------------------------------------------------------
@require_safe
@requires(Permission.PROGRAMME_OPERATE)
def nominations(request: PortalRequest) -> HttpResponse:
    """List who asked to become an indirect provider."""
    address = ListAddress.read(request, {"status": NominationStatus.values, "cursor": None})
    status = address.get("status")
    page = queries.nomination_page(status=status, cursor=address.get("cursor"))
    statuses = [{"value": value, "label": label} for value, label in NominationStatus.choices]
    return page_or_fragment(
        request,
        page="operators/nominations.html",
        fragment="operators/_nominations.html",
        context={
            "rows": [_row(one) for one in page],
            "pager": address.pager(page),
            "values": {"status": status},
            "options": [{"value": "", "label": _("All states")}, *statuses],
            "chips": address.chips({"status": str(NominationStatus(status).label) if status else ""}),
            "list_url": address.path,
        },
    )


@require_safe
@requires(Permission.PROGRAMME_OPERATE)
def nomination(request: PortalRequest, nomination_id: UUID) -> HttpResponse:
    """Show what a partner wrote, and whether it meets what is required."""
    found = queries.nomination_of(nomination_id)
    context = {
        "row": _row(found),
        "partner_url": reverse("operators:partner", args=[found.partner_id]),
        "requirements": rules.requirements(found.partner) if found.status == NominationStatus.REQUESTED else [],
        "why_not_approve": _why_not(found, with_requirements=True),
        "why_not_refuse": _why_not(found, with_requirements=False),
    }
    return render(request, "operators/nomination.html", context)


def _why_not(found: ProviderNomination, *, with_requirements: bool) -> str:
    why_not = explanation_of(rules.check_can_answer, found)
    return why_not or (explanation_of(rules.check_requirements, found.partner) if with_requirements else "")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PROGRAMME_OPERATE)
@fresh_sign_in
def approve(request: PortalRequest, nomination_id: UUID) -> HttpResponse:
    """Name the consequences, ask, and make the partner an indirect provider."""
    found = queries.nomination_of(nomination_id)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            workflow.approve(nomination_id=nomination_id, actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("The partner is an indirect provider now."))
            return redirect_to(request, reverse("operators:nomination", args=[nomination_id]))
    names = {"partner": found.partner.organization.name}
    context = {
        "title": _("Approve this nomination?"),
        "form_template": "operators/_approve.html",
        "row": _row(found),
        "refusal": refusal,
        "consequences": [
            _("%(partner)s is an indirect provider from now on. There is no way back from here.") % names,
            _("Its customers and subscriptions stay as they are; it can take resellers and bill them."),
            _("Its global admins are told by mail."),
        ],
    }
    return page_or_fragment(
        request,
        page="operators/answer.html",
        fragment="operators/_approve_dialog.html",
        context=context,
        status=refusal.http_status if refusal else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PROGRAMME_OPERATE)
def refuse(request: PortalRequest, nomination_id: UUID) -> HttpResponse:
    """Ask for the reason, and say no."""
    found = queries.nomination_of(nomination_id)
    form, refusal = RefusalForm(posted(request)), None
    if request.method == "POST" and form.is_valid():
        try:
            workflow.refuse(
                nomination_id=nomination_id,
                reason=form.cleaned_data["reason"],
                actor=request.actor,
                now=timezone.now(),
            )
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("The nomination is refused. The partner was told."))
            return redirect_to(request, reverse("operators:nomination", args=[nomination_id]))
    is_wrong = form.is_bound and not form.is_valid()
    return page_or_fragment(
        request,
        page="operators/answer.html",
        fragment="operators/_refuse_panel.html",
        context={
            "title": _("Refuse this nomination?"),
            "form_template": "operators/_refuse.html",
            "row": _row(found),
            "form": form,
            "refusal": refusal,
        },
        status=refusal.http_status if refusal else 422 if is_wrong else 200,
    )
