"""Let things fail, and stop it again, each by one click (X6)."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.http import PortalRequest
from sandbox import queries
from sandbox.enums import Fault
from sandbox.workflow import plays
from sandbox.workflow.faults import switch_fault
from transfers.workflow import plan_fault


@require_POST
@requires(Permission.SANDBOX_PLAY)
def switch(request: PortalRequest) -> HttpResponse:
    """Switch one fault on or off."""
    name = request.POST.get("fault", "")
    plays.check(request.actor)
    if name not in Fault.values:
        raise Http404
    fault, is_on = Fault(name), request.POST.get("on") == "1"
    switch_fault(fault=fault, is_on=is_on, actor=request.actor, now=timezone.now())
    said = _("Switched on: %(fault)s.") if is_on else _("Switched off: %(fault)s.")
    messages.success(request, said % {"fault": fault.label})
    return redirect("sandbox:overview")


@require_POST
@requires(Permission.SANDBOX_PLAY)
def drop_item_fault(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Let an item of a transfer move as usual again."""
    planned = get_object_or_404(queries.item_faults(request.actor), pk=subscription_id)
    plan_fault(subscription_id=planned.pk, mode="", amount=planned.amount, actor=request.actor, now=timezone.now())
    messages.success(request, _("The item moves as usual again."))
    return redirect("sandbox:overview")
