"""The way of a customer from the previous Azure offer to the Azure plan, at this partner and from another (A6, 9.4)."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from azure.enums import AzureOffer, TransitionStatus
from azure.models import PlanTransition
from azure.queries import transitions as queries
from azure.queries.dates import buyer_of
from azure.rules.buying import order_url
from azure.workflow.transitions import start_transition
from customers.models import ResellerRelationship
from customers.navigation import show_customer
from customers.presentation import TONES, status_text
from customers.queries import as_uuid, customer_of
from customers.rules.buying import azure_plan_of
from portal.accounts.access import requires
from portal.accounts.actor import denied
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal
from portal.core.http import PortalRequest, page_or_fragment, redirect_to

SHOWN = 10
STATUS_TONES = {
    TransitionStatus.RUNNING: "info",
    TransitionStatus.COMPLETED: "success",
    TransitionStatus.FAILED: "warning",
}

WHY_NOT = {
    "suspended-not-converted": gettext_lazy("It was suspended or canceled meanwhile."),
    "not-the-previous-offer": gettext_lazy("It is no subscription of the previous offer any more."),
    "conversion-running": gettext_lazy("Something else began to run on it."),
}


@require_safe
@requires(Permission.SUBSCRIPTION_VIEW)
def transition(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Show what can be converted, and how far that is."""
    return _page(request, customer_of(request.actor, customer_id))


@require_POST
@requires(Permission.SUBSCRIPTION_BUY)
def start(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Begin to convert the chosen subscriptions."""
    relationship = customer_of(request.actor, customer_id)
    chosen = [one for text in request.POST.getlist("selected") if (one := as_uuid(text))]
    try:
        start_transition(customer_id=customer_id, subscription_ids=chosen, actor=request.actor, now=timezone.now())
    except Refusal as refused:
        return _page(request, relationship, refused)
    messages.success(request, _("The transition to the Azure plan has begun."))
    return redirect_to(request, reverse("azure:transition", args=[customer_id]))


def _page(request: PortalRequest, relationship: ResellerRelationship, refusal: Refusal | None = None) -> HttpResponse:
    show_customer(request, relationship)
    now, actor, customer_id = timezone.now(), request.actor, relationship.customer_id
    found = list(queries.transitions_of(actor, customer_id)[:SHOWN])
    buyer = buyer_of(actor.organization_id, customer_id, today=now.date())
    rows = [_candidate(one) for one in queries.candidates(actor, customer_id, now=now)]
    may_start = actor.may(Permission.SUBSCRIPTION_BUY)
    context = {
        "customer": relationship,
        "rows": rows,
        "can_start": may_start and any(not row["why_not"] for row in rows),
        "role_reason": "" if may_start else str(denied(Permission.SUBSCRIPTION_BUY, kind=actor.organization_kind)),
        "refusal": refusal,
        "transitions": [_transition(one) for one in found],
        "is_running": any(one.status == TransitionStatus.RUNNING for one in found),
        "path": reverse("azure:transition", args=[customer_id]),
        "start_url": reverse("azure:start_transition", args=[customer_id]),
        "has_plan": azure_plan_of(buyer) is not None,
        "plan_url": order_url(customer_id, AzureOffer.AZURE_PLAN),
        "takeover_url": reverse("transfers:create", args=[customer_id]),
        "may_take_over": actor.may(Permission.TRANSFER_CREATE),
    }
    status = refusal.http_status if refusal else 200
    return page_or_fragment(
        request,
        page="azure/transition.html",
        fragment="azure/_transitions.html",
        context=context,
        status=status,
    )


def _candidate(candidate: queries.Candidate) -> dict[str, Any]:
    row = candidate.subscription
    return {
        "id": row.pk,
        "name": row.friendly_name,
        "url": reverse("azure:subscription", args=[row.pk]),
        "product": row.product_name,
        "tone": TONES[row.status],  # type: ignore[index]
        "status": status_text(row),
        "why_not": candidate.refusal.explanation if candidate.refusal else "",
    }


def _transition(one: PlanTransition) -> dict[str, Any]:
    done = one.completed + one.failed  # type: ignore[attr-defined]
    total = one.total  # type: ignore[attr-defined]
    return {
        "id": one.pk,
        "at": one.started_at,
        "by": one.started_by_name,
        "plan": one.plan.friendly_name,
        "plan_url": reverse("azure:subscription", args=[one.plan_id]),
        "tone": STATUS_TONES[TransitionStatus(one.status)],
        "status": one.get_status_display(),
        "value": done,
        "max": total,
        "text": _("%(done)s of %(total)s") % {"done": done, "total": total},
        "items": [
            {
                "name": item.subscription.friendly_name,
                "tone": STATUS_TONES[TransitionStatus(item.status)],
                "status": item.get_status_display(),
                "reason": WHY_NOT.get(item.reason, ""),
            }
            for item in one.items.all()
        ],
    }
