"""The activity log page, one event, and the export (P5, reference 11.1)."""

import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from portal.accounts.access import requires, while_allowed
from portal.accounts.permissions import Permission
from portal.audit import catalogue, export_rows, presentation, queries
from portal.audit.forms import ActivityLogForm
from portal.audit.models import Outcome
from portal.audit.queries import LogFilter
from portal.core.dates import date_format
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, is_fragment_request, page_or_fragment
from portal.core.listing import ListAddress

FIELDS = ("from", "to", "action", "customer", "person", "outcome", "id", "history")
EXPORT_BATCH = 2000
NOTHING_LISTED: dict[str, Any] = {
    "rows": [],
    "days": {},
    "chips": [],
    "pager": {"previous_url": "", "next_url": "", "range": ""},
    "export_url": "",
    "history_url": "",
}


@require_safe
@requires(Permission.ACTIVITY_LOG_VIEW)
def log(request: PortalRequest) -> HttpResponse:
    """List what happened, newest first, filtered by the address."""
    form = ActivityLogForm(request.GET, today=timezone.now().date(), auto_id="log-%s")
    address = _address(request)
    listed = _listed(request, form.wanted(), address) if form.is_valid() else NOTHING_LISTED
    values = {name: address.get(name) for name in FIELDS}
    response = page_or_fragment(
        request,
        page="audit/log.html",
        fragment="audit/_log.html",
        context={
            "form": form,
            "errors": form.errors,
            "filters": {**values, **listed["days"]},
            "actions": presentation.action_options(address.get("action")),
            "outcomes": presentation.outcome_options(address.get("outcome")),
            "log_url": address.path,
            "opened": False,
            **listed,
        },
        status=200 if form.is_valid() else 422,
    )
    if is_fragment_request(request):
        response.headers["HX-Push-Url"] = address.url(cursor=request.GET.get("cursor", ""))
    return response


@require_safe
@requires(Permission.ACTIVITY_LOG_VIEW)
def event(request: PortalRequest, public_id: UUID) -> HttpResponse:
    """Show one event; for htmx its row in the list, opened, or closed again with ``?closed``.

    With ``?of_customer`` the row stands on the page of its customer, which it does not name again.
    """
    party = queries.event_detail(request.actor, public_id)
    row, opened = presentation.RowReader(request.actor).row(party), "closed" not in request.GET
    context = {"row": row, "detail": presentation.detail(party, request.actor)}
    if is_fragment_request(request) and opened:
        row["detail"] = render_to_string("audit/_detail.html", context, request)
    return page_or_fragment(
        request,
        page="audit/event.html",
        fragment="audit/_rows.html",
        context={**context, "rows": [row], "opened": opened, "of_customer": "of_customer" in request.GET},
    )


@require_safe
@requires(Permission.ACTIVITY_LOG_VIEW)
def export(request: PortalRequest) -> HttpResponse | StreamingHttpResponse:
    """Give the list as a CSV file: exactly what the filters show, all pages of it (quality row 37)."""
    form = ActivityLogForm(request.GET, today=timezone.now().date())
    if not form.is_valid():
        return log(request)
    parties = queries.log_rows(request.actor, form.wanted(), size=EXPORT_BATCH)
    allowed = while_allowed(request.actor, Permission.ACTIVITY_LOG_VIEW, parties, every=EXPORT_BATCH)
    filename = f"activity-log-{timezone.now():%Y-%m-%d}.csv"
    return csv_response(filename, export_rows.header(), export_rows.rows(allowed, request.actor))


def _address(request: PortalRequest) -> ListAddress:
    """Return the address in its plain form: what is empty left out, an emptied first day spelled out."""
    values = {name: request.GET.get(name, "").strip() for name in FIELDS}
    if "from" in request.GET and not values["from"]:
        values["history"] = "all"
    elif values["from"]:
        values["history"] = ""
    return ListAddress(path=reverse("audit:log"), values={name: value for name, value in values.items() if value})


def _listed(request: PortalRequest, wanted: LogFilter, address: ListAddress) -> dict[str, Any]:
    page = queries.log_page(request.actor, wanted, cursor=request.GET.get("cursor", ""))
    reader = presentation.RowReader(request.actor)
    count = ngettext("%(count)s event on this page", "%(count)s events on this page", len(page)) % {"count": len(page)}
    return {
        "rows": [reader.row(party) for party in page],
        "days": {"from": _iso(wanted.first_day), "to": _iso(wanted.last_day)},
        "chips": _chips(address, wanted),
        "pager": {**address.pager(page), "range": count},
        "export_url": address.url(reverse("audit:export")),
        "history_url": address.url(history="all", **{"from": ""}) if wanted.first_day else "",
    }


def _chips(address: ListAddress, wanted: LogFilter) -> list[dict[str, str]]:
    """Return the filters in force in words, each with the address that drops it."""
    words = {
        "from": _("From %(day)s") % {"day": _day(wanted.first_day)} if wanted.first_day else "",
        "to": _("To %(day)s") % {"day": _day(wanted.last_day)} if wanted.last_day else "",
        "action": catalogue.label(wanted.action) if wanted.action else "",
        "customer": _("Customer: %(text)s") % {"text": wanted.customer} if wanted.customer else "",
        "person": _("Performed by: %(text)s") % {"text": wanted.person} if wanted.person else "",
        "outcome": str(Outcome(wanted.outcome).label) if wanted.outcome else "",
        "id": _("ID: %(text)s") % {"text": wanted.reference} if wanted.reference else "",
    }
    return [
        {"label": label, "url": address.url(**{name: ""}, **({"history": "all"} if name == "from" else {}))}
        for name, label in words.items()
        if label
    ]


def _iso(day: datetime.date | None) -> str:
    return day.isoformat() if day else ""


def _day(day: datetime.date) -> str:
    return date_format(day, "SHORT_DATE_FORMAT")
