"""The overview of the account settings workspace."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.accounts.access import signed_in
from portal.core.http import PortalRequest


@require_safe
@signed_in("everyone has at least their own account; the cards shown depend on the role")
def settings(request: PortalRequest) -> HttpResponse:
    """Show what can be set, page by page."""
    return render(request, "accounts/settings.html")
