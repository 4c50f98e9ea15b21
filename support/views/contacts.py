"""Whom customers, resellers and publishers ask: they do not reach the operator past their partner (A12)."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.accounts import queries as accounts
from portal.accounts.access import signed_in
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal
from portal.core.http import PortalRequest
from support import rules
from support.queries import contacts


@require_safe
@signed_in("whoever cannot open a support case is told whom to ask; shows contacts of one's own partners only")
def whom_to_ask(request: PortalRequest) -> HttpResponse:
    """Name who supports the person's organization, and how to reach them."""
    return contacts_page(request)


def contacts_page(request: PortalRequest, *, refusal: Refusal | None = None) -> HttpResponse:
    """Answer that page, as the answer to somebody who was stopped where ``refusal`` says why."""
    actor = request.actor
    context = {
        "kind": str(actor.organization_kind),
        "contacts": contacts.contacts_of(actor),
        "may_open": rules.may_open(actor),
        "colleagues": accounts.who_can(actor, Permission.SUPPORT_REQUEST) if actor.is_partner else [],
        "refusal": refusal,
    }
    return render(request, "support/whom_to_ask.html", context, status=refusal.http_status if refusal else 200)
