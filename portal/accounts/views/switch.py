"""Acting for another of one's organisations."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from portal.accounts.access import signed_in
from portal.accounts.workflow import organization as workflow
from portal.core.http import PortalRequest


@require_POST
@signed_in("a choice among one's own organizations")
def switch_organization(request: PortalRequest) -> HttpResponse:
    """Act for another of the person's organisations and go Home."""
    chosen = request.POST.get("organization_id", "")
    membership = next((own for own in request.memberships if str(own.organization_id) == chosen), None)
    if membership is None:
        raise Http404
    if membership.organization_id != request.actor.organization_id:
        workflow.switch_organization(membership_id=membership.pk, now=timezone.now())
        request.session["organization_id"] = chosen
    return redirect("home")
