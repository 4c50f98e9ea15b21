"""The sandbox at a glance; to a production partner, what a sandbox is and how to get one (P8)."""

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.accounts.access import requires
from portal.accounts.models import Organization
from portal.accounts.permissions import Permission
from portal.audit.catalogue import label
from portal.core.http import PortalRequest
from sandbox import queries
from sandbox.forms import JumpForm


@require_safe
@requires(Permission.SANDBOX_PLAY)
def overview(request: PortalRequest) -> HttpResponse:
    """Show what can be played, and how much the sandbox holds."""
    if not request.actor.is_sandbox:
        account = queries.account_of(Organization.objects.get(pk=request.actor.organization_id))
        belongs = account is not None and any(own.organization_id == account.pk for own in request.memberships)
        return render(request, "sandbox/about.html", {"limits": limits(), "account": account, "belongs": belongs})
    return overview_page(request)


def overview_page(request: PortalRequest, *, jump_form: JumpForm | None = None, status: int = 200) -> HttpResponse:
    """Render the page of a sandbox partner."""
    sandbox = queries.sandbox_of(request.actor)
    context = {
        "sandbox": sandbox,
        "days_ahead": sandbox.hours_ahead // 24 if sandbox else 0,
        "hours_ahead": sandbox.hours_ahead % 24 if sandbox else 0,
        "jump_form": jump_form or JumpForm(),
        "happened": [
            {"event": one, "label": label(one.event_type)} for one in queries.since_jump(request.actor, sandbox)
        ],
        "faults": [{"fault": fault, "planned": planned} for fault, planned in queries.faults(request.actor)],
        "item_faults": list(queries.item_faults(request.actor)[: queries.SHOWN]),
        "partners": queries.partners(request.actor),
        "waiting": queries.waiting(request.actor),
        "limits": limits(),
    }
    return render(request, "sandbox/overview.html", context, status=status)


def limits() -> dict[str, int]:
    """Return how much a sandbox may hold."""
    return {
        "customers": settings.SANDBOX_CUSTOMERS,
        "subscriptions": settings.SANDBOX_SUBSCRIPTIONS,
        "seats": settings.SANDBOX_SEATS,
    }
