"""The operator takes partners and publishers into the programme, and invites their first people (decision 0050)."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from operators import queries
from operators.forms import EnrolmentForm, FirstPersonForm
from operators.workflow import enrolment as workflow
from portal.accounts.access import requires
from portal.accounts.models import UserInvitation
from portal.accounts.permissions import Permission
from portal.accounts.rules import status_at
from portal.core.errors import InvalidInput, Refusal
from portal.core.http import PortalRequest, posted, redirect_to


def waiting_row(invitation: UserInvitation) -> dict[str, Any]:
    """Lay out an organization that nobody has entered yet."""
    organization = invitation.organization
    return {
        "name": organization.name,
        "kind": organization.get_kind_display(),
        "person": invitation.name,
        "email": invitation.email,
        "status": status_at(invitation, now=timezone.now()).label,
        "until": invitation.expires_at,
        "url": reverse("operators:invite_first", args=[organization.pk]),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PROGRAMME_OPERATE)
def enroll(request: PortalRequest) -> HttpResponse:
    """Ask for an organization and its first person, create the one and invite the other."""
    form = EnrolmentForm(posted(request), countries=queries.known_countries())
    if request.method == "POST" and form.is_valid():
        try:
            organization = workflow.enroll(
                new=form.organization(), person=form.person(), actor=request.actor, now=timezone.now()
            )
        except InvalidInput as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, refusal.explanation)
        else:
            messages.success(
                request,
                _("%(name)s is enrolled. A link is on its way to %(email)s.")
                % {"name": organization.name, "email": form.cleaned_data["email"]},
            )
            return redirect_to(request, reverse("operators:partners"))
    return render(request, "operators/enroll.html", {"form": form}, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PROGRAMME_OPERATE)
def invite_first(request: PortalRequest, organization_id: UUID) -> HttpResponse:
    """Send the first person of an organization its link again, or to somebody else."""
    invitation = queries.first_invitation(organization_id)
    form = FirstPersonForm(posted(request), initial={"person_name": invitation.name, "email": invitation.email})
    refusal = None
    if request.method == "POST" and form.is_valid():
        try:
            workflow.invite_first_person(
                organization_id=organization_id, person=form.person(), actor=request.actor, now=timezone.now()
            )
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("A link is on its way to %(email)s.") % {"email": form.cleaned_data["email"]})
            return redirect_to(request, reverse("operators:partners"))
    context = {"form": form, "refusal": refusal, "row": waiting_row(invitation)}
    status = refusal.http_status if refusal else 422 if form.errors else 200
    return render(request, "operators/invite_first.html", context, status=status)
