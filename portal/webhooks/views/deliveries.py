"""What was sent to webhooks, attempt by attempt, and to which of them an event went (P6, X4)."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.accounts.access import requires, while_allowed
from portal.accounts.permissions import Permission
from portal.audit.catalogue import label as event_label
from portal.core.dates import date_format
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, page_or_fragment
from portal.core.listing import ListAddress
from portal.core.pages import keyset_page, walk
from portal.webhooks import presentation, queries, rules
from portal.webhooks.forms import DeliveryFilterForm
from portal.webhooks.models import DeliveryStatus, WebhookRegistration

FILTERS = ("q", "event", "state", "from", "to")
EXPORT_BATCH = 1000


@require_safe
@requires(Permission.WEBHOOK_MANAGE)
def deliveries(request: PortalRequest, registration_id: UUID) -> HttpResponse:
    """List the deliveries to a webhook, newest first, filtered by the address."""
    one = queries.registration_of(request.actor, registration_id)
    address = address_of(request)
    form = DeliveryFilterForm(request.GET, auto_id="deliveries-%s")
    context: dict[str, Any] = {
        "registration": one,
        "form": form,
        "errors": form.errors,
        "values": {name: address.get(name) for name in FILTERS},
        "list_url": address.path,
        "rows": [],
        "chips": [],
        "kept_days": settings.WEBHOOK_DELIVERY_DAYS,
        "test_days": settings.WEBHOOK_TEST_DAYS,
    }
    if form.is_valid():
        found = queries.deliveries_to(one, form.wanted()).defer("body")
        page = keyset_page(found, order=queries.NEWEST_FIRST, cursor=request.GET.get("cursor", ""), with_total=True)
        context |= {
            "rows": [presentation.delivery_row(delivery) for delivery in page],
            "chips": address.chips(_chips(form)),
            "pager": address.pager(page),
            "export_url": address.url(reverse("webhooks:export", args=[one.pk])),
            "replay_url": address.url(reverse("webhooks:replay_many", args=[one.pk])),
        }
    context |= _options(one)
    return page_or_fragment(
        request,
        page="webhooks/deliveries.html",
        fragment="webhooks/_deliveries.html",
        context=context,
        status=200 if form.is_valid() else 422,
    )


@require_safe
@requires(Permission.WEBHOOK_MANAGE)
def export(request: PortalRequest, registration_id: UUID) -> HttpResponse | StreamingHttpResponse:
    """Give the list as a CSV file: exactly what the filters show, all pages of it (quality row 37)."""
    one = queries.registration_of(request.actor, registration_id)
    form = DeliveryFilterForm(request.GET)
    if not form.is_valid():
        return deliveries(request, registration_id)
    found = queries.deliveries_to(one, form.wanted()).defer("body")
    rows = walk(found, order=queries.NEWEST_FIRST, size=EXPORT_BATCH)
    allowed = while_allowed(request.actor, Permission.WEBHOOK_MANAGE, rows, every=EXPORT_BATCH)
    filename = f"webhook-deliveries-{timezone.now():%Y-%m-%d}.csv"
    return csv_response(filename, presentation.export_header(), presentation.export_rows(allowed))


@require_safe
@requires(Permission.WEBHOOK_MANAGE)
def delivery(request: PortalRequest, delivery_id: UUID) -> HttpResponse:
    """Show one delivery: what was sent, and what came back at each attempt."""
    one = queries.delivery_of(request.actor, delivery_id)
    context = {
        **presentation.delivery_row(one),
        "delivery": one,
        "registration": one.registration,
        "is_removed": one.registration.removed_at is not None,
        "tried": presentation.attempts_text(one.attempts),
        "tries": [presentation.attempt_row(attempt) for attempt in queries.attempts_of(one)],
        "body": presentation.body(one),
        "others": [presentation.delivery_row(other) for other in queries.others_like(one).select_related("event")],
        "is_running": presentation.is_running(one),
        "no_replay": _no_replay(one.registration, one.status),
    }
    return page_or_fragment(request, page="webhooks/delivery.html", fragment="webhooks/_delivery.html", context=context)


@require_safe
@requires(Permission.WEBHOOK_MANAGE)
def event(request: PortalRequest, public_id: UUID) -> HttpResponse:
    """Prove to which webhooks an event went, and what they answered (X4)."""
    one = queries.event_of(request.actor, public_id)
    rows = [
        presentation.delivery_row(delivery) | {"address": delivery.registration.url}
        for delivery in queries.deliveries_of_event(request.actor, one).select_related("event").defer("body")
    ]
    return render(request, "webhooks/event.html", {"event": one, "label": event_label(one.event_type), "rows": rows})


def address_of(request: PortalRequest) -> ListAddress:
    """Return the filters in force, for links from the list and to it."""
    values = {name: request.GET.get(name, "").strip() for name in FILTERS}
    return ListAddress(path=request.path, values={name: value for name, value in values.items() if value})


def _chips(form: DeliveryFilterForm) -> dict[str, str]:
    wanted = form.wanted()
    words = {
        "q": _("ID: %(text)s") % {"text": wanted.text} if wanted.text else "",
        "event": event_label(wanted.event_type) if wanted.event_type else "",
        "state": str(DeliveryStatus(wanted.status).label) if wanted.status else "",
        "from": _("From %(day)s") % {"day": _day(wanted.first_day)} if wanted.first_day else "",
        "to": _("To %(day)s") % {"day": _day(wanted.last_day)} if wanted.last_day else "",
    }
    return {name: label for name, label in words.items() if label}


def _day(day: Any) -> str:
    return date_format(day, "SHORT_DATE_FORMAT")


def _options(one: WebhookRegistration) -> dict[str, list[dict[str, str]]]:
    """Return the options of the filters: the states, and the events of this webhook."""
    names = sorted((event_label(name), name) for name in one.event_types)
    states = [("", _("All states")), *((value, str(label)) for value, label in DeliveryStatus.choices)]
    events = [("", _("All events")), *((name, label) for label, name in names)]
    return {
        "states": [{"value": value, "label": label} for value, label in states],
        "events": [{"value": value, "label": label} for value, label in events],
    }


def _no_replay(registration: WebhookRegistration, status: str) -> str:
    """Say why a delivery cannot be sent again now; nothing if it can."""
    if registration.removed_at is not None:
        return _("The webhook was deleted.")
    if status == DeliveryStatus.WAITING:
        return _("It still waits, and is sent anyway.")
    return "" if registration.is_active else rules.WebhookDisabled().explanation
