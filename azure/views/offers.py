"""The rules by which Azure offers are sold, with their days; the operator sets the days (A1-A3)."""

import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from azure.enums import AzureOffer, Milestone
from azure.forms.dates import DateForm
from azure.models import OfferDate
from azure.queries.dates import milestones
from azure.rules.dates import check_order, consequences
from azure.rules.table import TABLE, Dates, Row, has_begun
from azure.workflow.dates import set_date
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput
from portal.core.http import PortalRequest, redirect_to


@require_safe
@requires(Permission.PRICING_VIEW)
def offers(request: PortalRequest) -> HttpResponse:
    """Show the decision table with the milestones, as they hold today."""
    days, today = milestones(), timezone.now().date()
    context = {"milestones": _milestones(days, today), "rows": [_row(row, days, today) for row in TABLE]}
    return render(request, "azure/offers.html", context)


def _milestones(days: Dates, today: datetime.date) -> list[dict[str, Any]]:
    return [
        {"label": one.label, "day": days[one], "has_begun": has_begun(one, days, today), "code": one.value}
        for one in Milestone
    ]


def _row(row: Row, days: Dates, today: datetime.date) -> dict[str, Any]:
    """Lay out a row of the table: what it says, what may be sold by it, and whether it holds today."""
    since = days[row.since] if row.since else None
    until = days[row.until] if row.until else None
    return {
        "number": row.number,
        "code": row.code,
        "why": row.why,
        "previous": _may_be_sold(row, AzureOffer.PREVIOUS),
        "plan": _may_be_sold(row, AzureOffer.AZURE_PLAN),
        "days": _days(row, since, until),
        "is_off": bool(row.since and not has_begun(row.since, days, today))
        or bool(row.until and has_begun(row.until, days, today)),
    }


def _may_be_sold(row: Row, offer: AzureOffer) -> dict[str, str]:
    if offer in row.sells:
        return {"tone": "success", "label": _("Yes")}
    return {"tone": "neutral", "label": _("No")}


def _days(row: Row, since: datetime.date | None, until: datetime.date | None) -> dict[str, Any]:
    return {
        "since": since,
        "until": until,
        "is_undecided": bool((row.since and since is None) or (row.until and until is None)),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PROGRAMME_OPERATE)
def dates(request: PortalRequest) -> HttpResponse:
    """Let the operator set the day of a milestone, after reading what changes with it."""
    sent = DateForm(request.POST) if request.method == "POST" else None
    if sent is not None and sent.is_valid():
        milestone, day = Milestone(sent.cleaned_data["milestone"]), sent.cleaned_data["starts_on"]
        try:
            if not sent.cleaned_data["is_confirmed"]:
                check_order({**milestones(), milestone: day})
                return _question(request, milestone, day)
            set_date(milestone=milestone, starts_on=day, actor=request.actor, now=timezone.now())
        except InvalidInput as invalid:
            sent.add_error("starts_on", str(invalid))
        else:
            messages.success(request, _("The day is saved."))
            return redirect_to(request, request.path)
    days, set_by = milestones(), {row.milestone: row for row in OfferDate.objects.all()}
    forms = [{**_form(one, days, sent), "set": set_by.get(one.value)} for one in Milestone]
    return render(request, "azure/dates.html", {"forms": forms}, status=422 if sent and sent.errors else 200)


def _question(request: PortalRequest, milestone: Milestone, day: datetime.date | None) -> HttpResponse:
    """Ask before a day is saved: it changes what every partner can sell."""
    context = {
        "milestone": milestone,
        "day": day,
        "before": milestones()[milestone],
        "consequences": consequences(milestone, day),
    }
    return render(request, "azure/date_question.html", context)


def _form(milestone: Milestone, days: Dates, sent: DateForm | None) -> dict[str, Any]:
    """The form of one milestone; the one that was sent keeps what was typed."""
    if sent is not None and sent.data.get("milestone") == milestone:
        sent.auto_id = f"id_{milestone}_%s"
        return {"label": milestone.label, "form": sent}
    initial = {"milestone": milestone, "starts_on": days[milestone]}
    return {"label": milestone.label, "form": DateForm(initial=initial, auto_id=f"id_{milestone}_%s")}
