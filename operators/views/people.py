"""What the operator does for single people of a partner."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from operators import queries
from operators.forms import PersonForm
from portal.accounts.access import fresh_sign_in, requires
from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission
from portal.accounts.sign_in.rules import consequences_of_reset
from portal.accounts.workflow.users import reset_second_factor as reset
from portal.core.errors import Refusal
from portal.core.http import PortalRequest, posted, redirect_to


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PROGRAMME_OPERATE)
@fresh_sign_in
def reset_second_factor(request: PortalRequest, partner_id: UUID) -> HttpResponse:
    """Ask for whom, name what comes of it, and reset: for a last admin, and for people of several organizations."""
    organization = queries.partner_detail(partner_id).partner.organization
    form, refusal = PersonForm(posted(request), organization_id=partner_id), None
    if request.method == "POST" and form.is_valid():
        try:
            member = reset(membership_id=form.cleaned_data["email"].pk, actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("The second factor of %(name)s has been reset.") % {"name": member.user})
            return redirect_to(request, reverse("operators:partner", args=[partner_id]))
    context = {
        "form": form,
        "refusal": refusal,
        "organization": organization,
        "partner_url": reverse("operators:partner", args=[partner_id]),
        "title": _("Reset second factor"),
        "button": _("Reset second factor"),
        "consequences": consequences_of_reset(OrganizationKind(organization.kind)),
    }
    status = refusal.http_status if refusal else 422 if form.errors else 200
    return render(request, "operators/partner_question.html", context, status=status)
