"""The clock and the reset of a sandbox, each by one form (X6, P8)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.audit.field_names import FIELD_NAMES
from portal.core.errors import Refusal
from portal.core.http import PortalRequest
from sandbox import queries
from sandbox.extent import extent_of
from sandbox.forms import JumpForm
from sandbox.views.overview import overview_page
from sandbox.workflow import plays
from sandbox.workflow.clock import jump
from sandbox.workflow.reset import contents_of, reset_sandbox


@require_POST
@requires(Permission.SANDBOX_PLAY)
def jump_clock(request: PortalRequest) -> HttpResponse:
    """Jump, and show what happened."""
    plays.check(request.actor)
    form = JumpForm(request.POST)
    if form.is_valid():
        try:
            jump(hours=form.hours, actor=request.actor, now=timezone.now())
        except Refusal as refusal:
            form.add_error("amount", refusal.explanation)
    if form.errors:
        return overview_page(request, jump_form=form, status=422)
    messages.success(request, _("The clock has jumped. What is due is being done now; load the page again to see it."))
    return redirect("sandbox:overview")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SANDBOX_PLAY)
def reset(request: PortalRequest) -> HttpResponse:
    """Name what is lost, ask, and begin anew."""
    plays.check(request.actor)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            reset_sandbox(actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("The sandbox is reset."))
            return redirect("sandbox:overview")
    counts = contents_of(extent_of(queries.partner_ids(request.actor))).counts
    context = {
        "refusal": refusal,
        "partners": queries.partners(request.actor),
        "lost": [(FIELD_NAMES[name], count) for name, count in counts.items() if count],
    }
    return render(request, "sandbox/reset.html", context, status=refusal.http_status if refusal else 200)
