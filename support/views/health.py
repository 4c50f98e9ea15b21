"""Service health: what partners read, and what the operator writes (portal reference, sections 1.2 and 3.2)."""

import uuid
from collections.abc import Iterable
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
from portal.core.errors import Refusal, explanation_of
from portal.core.home import HomeCard
from portal.core.http import PortalRequest, page_or_fragment, posted, redirect_to
from portal.core.listing import ListAddress
from support import rules, workflow
from support.enums import IncidentKind, IncidentStatus, ServiceProduct
from support.forms.health import IncidentForm, UpdateForm
from support.presentation import health_row, update_entry
from support.queries import health as queries

STATES = ("current", "past")
FILTERS = {
    "q": None,
    "product": ServiceProduct.values,
    "kind": IncidentKind.values,
    "state": STATES,
    "cursor": None,
}
SHOWN_ON_HOME = 3


@require_safe
@requires(Permission.SERVICE_HEALTH_VIEW)
def health(request: PortalRequest) -> HttpResponse:
    """Say how each product is, what is wrong or planned now, and what was."""
    address = ListAddress.read(request, FILTERS)
    wanted = queries.HealthFilter(
        text=address.get("q"), product=address.get("product"), kind=address.get("kind"), state=address.get("state")
    )
    page = queries.past_page(wanted, cursor=address.get("cursor")) if wanted.state != "current" else None
    return page_or_fragment(
        request,
        page="support/health.html",
        fragment="support/_health.html",
        context={
            "products": queries.product_healths(queries.current_incidents()),
            "current": [health_row(incident) for incident in queries.current_incidents(wanted)],
            "past": [health_row(incident) for incident in page or ()],
            "pager": address.pager(page) if page else None,
            "values": {name: address.get(name) for name in ("q", "product", "kind", "state")},
            "options": _options(),
            "chips": address.chips(_chip_labels(wanted)),
            "list_url": address.path,
            "may_publish": request.actor.may(Permission.SERVICE_HEALTH_PUBLISH),
        },
    )


def home_card(request: PortalRequest) -> HomeCard | None:
    """Say on Home whether all is well, or what is not, to those who may read it."""
    if not request.actor.may(Permission.SERVICE_HEALTH_VIEW):
        return None
    current = queries.current_incidents()
    is_wrong = any(incident.kind == IncidentKind.INCIDENT for incident in current)
    rows = [health_row(incident) for incident in current[:SHOWN_ON_HOME]]
    values = {"rows": rows, "more": max(len(current) - SHOWN_ON_HOME, 0), "is_wrong": is_wrong}
    return HomeCard("support/_home_card.html", values)


def _options() -> dict[str, list[dict[str, Any]]]:
    def choices(every: str, pairs: Iterable[tuple[str, Any]]) -> list[dict[str, Any]]:
        return [{"value": "", "label": every}, *({"value": value, "label": label} for value, label in pairs)]

    return {
        "product": choices(_("All products"), ServiceProduct.choices),
        "kind": choices(_("All kinds"), IncidentKind.choices),
        "state": choices(_("Now and past"), [(state, _state_label(state)) for state in STATES]),
    }


def _state_label(state: str) -> str:
    return _("Not over yet") if state == "current" else _("Over")


def _chip_labels(wanted: queries.HealthFilter) -> dict[str, str]:
    return {
        "q": _("Search: %(text)s") % {"text": wanted.text},
        "product": str(ServiceProduct(wanted.product).label) if wanted.product else "",
        "kind": str(IncidentKind(wanted.kind).label) if wanted.kind else "",
        "state": _state_label(wanted.state),
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
    return explanation_of(rules.check_can_update, found)


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
