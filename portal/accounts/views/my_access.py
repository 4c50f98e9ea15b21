"""What a person may do and whom to ask for the rest; and the whole table of roles."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.accounts import queries
from portal.accounts.access import signed_in
from portal.accounts.permissions import ROLE_SUMMARIES, role_labels
from portal.accounts.role_table import access_areas, table
from portal.core.http import PortalRequest


@require_safe
@signed_in("everyone may know what they may do and whom to ask")
def my_access(request: PortalRequest) -> HttpResponse:
    """Show area by area what the person's roles allow, and who can help with the rest."""
    actor = request.actor
    people = queries.names_by_role(actor.organization_id)
    return render(
        request,
        "accounts/my_access.html",
        {
            "areas": access_areas(actor, people),
            "role_labels": role_labels(actor.roles),
            "organization_name": actor.organization_name,
        },
    )


@require_safe
@signed_in("the table of roles holds no data of anybody")
def roles(request: PortalRequest) -> HttpResponse:
    """Show which role may do what, for the kind of organisation the person acts for."""
    kind = request.actor.organization_kind
    columns, areas = table(kind)
    return render(
        request,
        "accounts/roles.html",
        {
            "kind_label": kind.label,
            "columns": [
                {"label": role.label, "summary": ROLE_SUMMARIES[role], "own": role in request.actor.roles}
                for role in columns
            ],
            "areas": areas,
        },
    )
