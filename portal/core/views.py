"""Home and help."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.accounts.access import signed_in


@require_safe
@signed_in("the workspaces shown depend on the role; everyone has at least their own account")
def home(request: HttpRequest) -> HttpResponse:
    """Show the workspaces this person may open."""
    return render(request, "home.html")
