"""Service health: what partners read, and what the operator writes (portal reference, sections 1.2 and 3.2)."""

import uuid
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal
from portal.core.http import PortalRequest, page_or_fragment, posted, redirect_to
from portal.core.listing import ListAddress
from support import rules, workflow
from support.enums import IncidentKind, IncidentStatus, ServiceProduct
from support.forms.health import IncidentForm, UpdateForm
from support.presentation import health_row, update_entry
from support.queries import health as queries

FILTERS = {"product": ServiceProduct.values, "kind": IncidentKind.values, "cursor": None}


@require_safe
@requires(Permission.SERVICE_HEALTH_VIEW)
def health(request: PortalRequest) -> HttpResponse:
    """Say how each product is, what is wrong or planned now, and what was."""
    address = ListAddress.read(request, FILTERS)
    page = queries.past_page(product=address.get("product"), kind=address.get("kind"), cursor=address.get("cursor"))
    current = queries.current_incidents()
    return page_or_fragment(
        request,
        page="support/health.html",
        fragment="support/_past.html",
        context={
            "products": queries.product_healths(current),
            "current": [health_row(incident) for incident in current],
            "past": [health_row(incident) for incident in page],
            "pager": address.pager(page),
            "values": {name: address.get(name) for name in ("product", "kind")},
            "options": _options(),
            "chips": address.chips(_chip_labels(address)),
            "list_url": address.path,
            "may_publish": request.actor.may(Permission.SERVICE_HEALTH_PUBLISH),
        },
    )


def _options() -> dict[str, list[dict[str, Any]]]:
    products = [{"value": value, "label": label} for value, label in ServiceProduct.choices]
    kinds = [{"value": value, "label": label} for value, label in IncidentKind.choices]
    return {
        "product": [{"value": "", "label": _("All products")}, *products],
        "kind": [{"value": "", "label": _("All kinds")}, *kinds],
    }


def _chip_labels(address: ListAddress) -> dict[str, str]:
    product, kind = address.get("product"), address.get("kind")
    return {
        "product": str(ServiceProduct(product).label) if product else "",
        "kind": str(IncidentKind(kind).label) if kind else "",
    }


@require_safe
@requires(Permission.SERVICE_HEALTH_VIEW)
def incident(request: PortalRequest, incident_id: UUID) -> HttpResponse:
    """Show all that was said of one incident."""
    found = queries.incident_of(incident_id)
    may_publish = request.actor.may(Permission.SERVICE_HEALTH_PUBLISH)
    context = {
        "row": health_row(found),
        "entries": [update_entry(update) for update in queries.updates_of(found)],
        "update_url": reverse("support:update_incident", args=[found.pk]) if may_publish else "",
        "why_not_update": _why_not_update(found),
    }
    return render(request, "support/incident.html", context)


def _why_not_update(found: Any) -> str:
    try:
        rules.check_can_update(found)
    except Refusal as refusal:
        return refusal.explanation
    return ""


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SERVICE_HEALTH_PUBLISH)
def new_incident(request: PortalRequest) -> HttpResponse:
    """Tell partners of an incident, or of work that is planned."""
    now = timezone.now()
    initial = {"incident_id": uuid.uuid4(), "kind": IncidentKind.INCIDENT.value, "starts_at": now}
    form = IncidentForm(posted(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        made = workflow.publish_incident(
            new=form.new_incident(),
            actor=request.actor,
            now=now,
            incident_id=form.cleaned_data["incident_id"],
        )
        messages.success(request, _("Partners can read it now."))
        return redirect_to(request, reverse("support:incident", args=[made.pk]))
    status = 422 if form.is_bound else 200
    return render(request, "support/new_incident.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SERVICE_HEALTH_PUBLISH)
def update_incident(request: PortalRequest, incident_id: UUID) -> HttpResponse:
    """Tell what is known now, or that it is over."""
    found = queries.incident_of(incident_id)
    form = UpdateForm(posted(request), kind=found.kind, initial={"status": found.status})
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        try:
            workflow.update_incident(
                incident_id=incident_id,
                status=IncidentStatus(form.cleaned_data["status"]),
                text=form.cleaned_data["text"],
                actor=request.actor,
                now=timezone.now(),
            )
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, _("Partners can read it now."))
            return redirect_to(request, reverse("support:incident", args=[incident_id]))
    is_wrong = form.is_bound and not form.is_valid()
    return page_or_fragment(
        request,
        page="support/update_incident.html",
        fragment="support/_update_incident_panel.html",
        context={
            "form": form,
            "row": health_row(found),
            "action_url": reverse("support:update_incident", args=[incident_id]),
            "back_url": reverse("support:incident", args=[incident_id]),
            "refusal": refusal,
        },
        status=refusal.http_status if refusal else 422 if is_wrong else 200,
    )
