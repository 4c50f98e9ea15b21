"""The operator gives a production partner a sandbox account, and puts two of them together (P8)."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from operators import queries
from operators.forms import SandboxAccountForm, SandboxPairForm
from portal.accounts.access import requires
from portal.accounts.models import Organization
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput, Refusal, explanation_of
from portal.core.http import PortalRequest, posted, redirect_to
from sandbox import queries as sandboxes
from sandbox import rules
from sandbox.workflow.accounts import create_account
from sandbox.workflow.pairs import pair_accounts


def account_of(organization: Organization) -> dict[str, str] | None:
    """Lay out the sandbox account of a partner, if it has one."""
    account = sandboxes.account_of(organization)
    return {"name": account.name, "url": reverse("operators:partner", args=[account.pk])} if account else None


def shares_with(organization: Organization) -> list[dict[str, str]]:
    """Lay out who shares the sandbox of a sandbox account; nobody for a production account."""
    others = sandboxes.others_in_sandbox(organization.pk) if organization.is_sandbox else []
    return [{"name": one.name, "url": reverse("operators:partner", args=[one.pk])} for one in others]


def why_not(organization: Organization) -> str:
    """Return why a partner gets no sandbox account; nothing if it may have one (X5)."""
    return explanation_of(rules.check_can_have_account, organization, sandboxes.holder_of_account_domain(organization))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PROGRAMME_OPERATE)
def create_sandbox(request: PortalRequest, partner_id: UUID) -> HttpResponse:
    """Name what comes of it, ask with whom to share it, and create the account."""
    organization = queries.partner_detail(partner_id).partner.organization
    form, refusal = SandboxAccountForm(posted(request)), None
    if request.method == "POST" and form.is_valid():
        try:
            account = create_account(
                partner_id=partner_id,
                pair_with=form.cleaned_data["pair_with"],
                actor=request.actor,
                now=timezone.now(),
            )
        except InvalidInput as refused:
            form.add_error("pair_with", refused.explanation)
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("The sandbox account is there. The partner's admins were told."))
            return redirect_to(request, reverse("operators:partner", args=[account.pk]))
    context = {
        "form": form,
        "refusal": refusal,
        "organization": organization,
        "partner_url": reverse("operators:partner", args=[partner_id]),
        "title": _("Create a sandbox account?"),
        "button": _("Create the account"),
        "consequences": _consequences(organization),
    }
    status = refusal.http_status if refusal else 422 if form.errors else 200
    return render(request, "operators/partner_question.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PROGRAMME_OPERATE)
def pair_sandbox(request: PortalRequest, partner_id: UUID) -> HttpResponse:
    """Name what comes of it, ask with whom a sandbox account shares from now on, and put the two together."""
    organization = queries.partner_detail(partner_id).partner.organization
    form, refusal = SandboxPairForm(posted(request)), None
    if request.method == "POST" and form.is_valid():
        other = form.cleaned_data["pair_with"]
        try:
            pair_accounts(partner_id=partner_id, pair_with=other, actor=request.actor, now=timezone.now())
        except InvalidInput as refused:
            form.add_error("pair_with", refused.explanation)
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("The two share one sandbox now. Their admins were told."))
            return redirect_to(request, reverse("operators:partner", args=[partner_id]))
    context = {
        "form": form,
        "refusal": refusal,
        "organization": organization,
        "partner_url": reverse("operators:partner", args=[partner_id]),
        "title": _("Put into one sandbox with another?"),
        "button": _("Put together"),
        "consequences": _consequences_of_pairing(organization),
    }
    status = refusal.http_status if refusal else 422 if form.errors else 200
    return render(request, "operators/partner_question.html", context, status=status)


def _consequences_of_pairing(organization: Organization) -> list[str]:
    others = [one.name for one in sandboxes.others_in_sandbox(organization.pk)]
    together = _("Whoever shares its sandbox now comes along: %(names)s.")
    return [
        *([together % {"names": get_text_list(others, _("and"))}] if others else []),
        _("A jump of the clock and a reset are for all of them, and so is each fault that is switched on in either."),
        _("Partners in one sandbox share customers, clock and reset; nobody takes them apart again."),
    ]


def _consequences(organization: Organization) -> list[str]:
    people = [str(member.user) for member in sandboxes.admins_of(organization.pk)]
    return [
        _("A partner of its own comes into being: %(domain)s. It is a sandbox for ever, and is never billed.")
        % {"domain": rules.account_domain(organization)},
        _("Its people are the global admins and admin agents, with the roles they have: %(people)s.")
        % {"people": get_text_list(people, _("and")) or _("Nobody")},
        _("They are told by mail, and sign the partner agreement of the sandbox account themselves."),
        _("Partners in one sandbox share customers, clock and reset; nobody takes them apart again."),
    ]
