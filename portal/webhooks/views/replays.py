"""Send deliveries again: one, or all that the filters of the list find."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal, refusal_of
from portal.core.http import PortalRequest
from portal.core.listing import ListAddress
from portal.webhooks import queries, rules
from portal.webhooks.forms import DeliveryFilterForm
from portal.webhooks.models import WebhookRegistration
from portal.webhooks.views.deliveries import FILTERS
from portal.webhooks.workflow import replays as workflow


@require_POST
@requires(Permission.WEBHOOK_MANAGE)
def replay_one(request: PortalRequest, delivery_id: UUID) -> HttpResponse:
    """Send one delivery again, and lead to the new one."""
    one = queries.delivery_of(request.actor, delivery_id)
    if one.registration.removed_at is not None:
        messages.error(request, _("The webhook was deleted."))
        return redirect("webhooks:delivery", one.pk)
    try:
        again = workflow.replay_one(delivery_id=one.pk, actor=request.actor, now=timezone.now())
    except Refusal as refused:
        messages.error(request, refused.explanation)
        return redirect("webhooks:delivery", one.pk)
    messages.success(request, _("It is on its way once more, with the same event ID. This is the new delivery."))
    return redirect("webhooks:delivery", again.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.WEBHOOK_MANAGE)
def replay_many(request: PortalRequest, registration_id: UUID) -> HttpResponse:
    """Say how many deliveries the filters find, and send them again."""
    one = queries.registration_of(request.actor, registration_id)
    form = DeliveryFilterForm(request.GET)
    if not form.is_valid():
        return redirect(_list_of(request, one))
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            count = workflow.replay_many(
                registration_id=one.pk, wanted=form.wanted(), actor=request.actor, now=timezone.now()
            )
        except Refusal as refused:
            refusal = refused
        else:
            text = ngettext(
                "%(count)d notification is on its way once more.",
                "%(count)d notifications are on their way once more.",
                count,
            )
            messages.success(request, text % {"count": count})
            return redirect("webhooks:deliveries", one.pk)
    count = queries.replayable(one, form.wanted())[: rules.MOST_REPLAYED + 1].count()
    context = {
        "registration": one,
        "count": count,
        "refusal": refusal or _why_not(one, count),
        "list_url": _list_of(request, one),
    }
    return render(request, "webhooks/replay.html", context, status=refusal.http_status if refusal else 200)


def _list_of(request: PortalRequest, one: WebhookRegistration) -> str:
    """Return the list with the same filters."""
    values = {name: request.GET.get(name, "").strip() for name in FILTERS}
    return ListAddress(path=reverse("webhooks:deliveries", args=[one.pk]), values=values).url()


def _why_not(one: WebhookRegistration, count: int) -> Refusal | None:
    return refusal_of(rules.check_can_replay, one) or refusal_of(rules.check_amount_to_replay, count)
