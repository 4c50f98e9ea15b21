"""The metering API (fulfillment reference, section 5)."""

import datetime
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import TruncDay
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace import queries, rules, wire
from marketplace import wire_shapes as shapes
from marketplace.api.common import PUBLISHER_API, WireRefusal, answer, json_body, parameter, publisher_call
from marketplace.enums import UsageStatus
from marketplace.models import UsageRecord
from marketplace.workflow import usage
from portal.api.access import ApiRequest, endpoint

MOST_EVENTS = 25
ECHOED = ("resourceId", "resourceUri", "quantity", "dimension", "effectiveStartTime", "planId")
DAYS = {
    "usageStartDate": "First day, or a moment.",
    "UsageEndDate": "Last moment; now if missing.",
    "offerId": "Only this offer.",
    "planId": "Only this plan.",
    "dimension": "Only this dimension.",
    "azureSubscriptionId": "Nothing has one.",
    "reconStatus": "Only Accepted is known.",
}
RECONCILED = "Accepted"


@publisher_call(answer=shapes.ReportedUsage, body=shapes.UsageEventBody)
def report_one(request: ApiRequest) -> HttpResponse:
    """Take one event (section 5.1)."""
    raw, now = json_body(request), timezone.now()
    try:
        record = usage.report_usage(event=rules.read_event(raw), actor=request.actor, now=now)
    except rules.UsageDuplicate as refusal:
        body = {"additionalInfo": _conflict(refusal), "message": str(refusal), "code": "Conflict"}
        raise WireRefusal(409, str(refusal), body=body) from refusal
    except rules.UsageRefused as refusal:
        raise _refused(refusal) from refusal
    return answer({"usageEventId": str(record.pk), **_echo(raw, UsageStatus.ACCEPTED, now)})


def _refused(refusal: rules.UsageRefused) -> WireRefusal:
    """403 for another publisher's resource, else 400 with the property that is wrong."""
    if refusal.result == UsageStatus.RESOURCE_NOT_AUTHORIZED:
        return WireRefusal(403, str(refusal), code="Forbidden")
    code = "Expired" if refusal.result == UsageStatus.EXPIRED else "BadArgument"
    detail = {"message": str(refusal), "target": refusal.target, "code": code}
    body = {"message": str(refusal), "target": "usageEventRequest", "details": [detail], "code": code}
    return WireRefusal(400, str(refusal), body=body)


def _conflict(refusal: rules.UsageDuplicate) -> dict[str, Any]:
    """The first event, its identifier foremost: some publishers cut it out of the text."""
    record = refusal.accepted
    return {
        "acceptedMessage": {
            "usageEventId": str(record.pk),
            "status": UsageStatus.DUPLICATE,
            "messageTime": wire.moment(record.received_at),
            "resourceId": str(record.saas_id),
            "quantity": float(record.quantity),
            "dimension": record.dimension.code,
            "effectiveStartTime": wire.moment(record.effective_at),
            "planId": record.dimension.plan.code,
        }
    }


def _echo(raw: Any, status: str, now: datetime.datetime) -> dict[str, Any]:
    """Return the event's own properties as they were sent, with what became of it."""
    own = {name: raw[name] for name in ECHOED if isinstance(raw, dict) and raw.get(name) is not None}
    return {"status": status, "messageTime": wire.moment(now), **own}


@publisher_call(answer=shapes.ReportedUsageBatch, body=shapes.UsageBatchBody)
def report_many(request: ApiRequest) -> HttpResponse:
    """Take up to 25 events, each for itself (section 5.2)."""
    events, now = json_body(request).get("request"), timezone.now()
    if not isinstance(events, list) or not 1 <= len(events) <= MOST_EVENTS:
        message = _("A batch holds 1 to %(most)d events.") % {"most": MOST_EVENTS}
        raise WireRefusal(400, message, code="BadArgument", target="batchUsageEventRequest")
    result = [_report(raw, request, now) for raw in events]
    return answer({"result": result, "count": len(result)})


def _report(raw: Any, request: ApiRequest, now: datetime.datetime) -> dict[str, Any]:
    try:
        record = usage.report_usage(event=rules.read_event(raw), actor=request.actor, now=now)
    except rules.UsageDuplicate as refusal:
        error = {"additionalInfo": _conflict(refusal), "message": str(refusal), "code": "Conflict"}
        return {**_echo(raw, refusal.result, now), "error": error}
    except rules.UsageRefused as refusal:
        return {**_echo(raw, refusal.result, now), "error": {"message": str(refusal), "code": refusal.result}}
    return {"usageEventId": str(record.pk), **_echo(raw, UsageStatus.ACCEPTED, now)}


@publisher_call(answer=list[shapes.UsageOfDay], query=DAYS)
def read_all(request: ApiRequest) -> HttpResponse:
    """Return what was reported, by day, resource, dimension and plan (section 5.3)."""
    start = rules.read_moment(parameter(request, "usageStartDate"))
    if start is None:
        message = _("The start date is missing or no date.")
        raise WireRefusal(400, message, code="BadArgument", target="usageStartDate")
    end_text = parameter(request, "UsageEndDate")
    end = rules.read_moment(end_text) if end_text else timezone.now()
    if end is None:
        raise WireRefusal(400, _("The end date is no date."), code="BadArgument", target="UsageEndDate")
    if parameter(request, "reconStatus") not in ("", RECONCILED) or parameter(request, "azureSubscriptionId"):
        return answer([])
    rows = queries.usage_of(request.actor).filter(effective_at__gte=start, effective_at__lte=end)
    wanted = {
        "dimension__plan__offer__code": parameter(request, "offerId"),
        "dimension__plan__code": parameter(request, "planId"),
        "dimension__code": parameter(request, "dimension"),
    }
    return answer(_days(rows.filter(**{name: value for name, value in wanted.items() if value})))


def _days(rows: QuerySet[UsageRecord]) -> list[dict[str, Any]]:
    keys = ("saas_id", "dimension__code", "dimension__plan__code", "dimension__plan__name")
    offer = ("dimension__plan__offer__code", "dimension__plan__offer__name")
    days = rows.annotate(day=TruncDay("effective_at", tzinfo=datetime.UTC)).order_by().values("day", *keys, *offer)
    totals = days.annotate(total=Sum("quantity"), events=Count("pk")).order_by("day", *keys)
    return [
        {
            "usageDate": wire.midnight(row["day"].date()),
            "usageResourceId": str(row["saas_id"]),
            "dimension": row["dimension__code"],
            "planId": row["dimension__plan__code"],
            "planName": row["dimension__plan__name"],
            "offerId": row["dimension__plan__offer__code"],
            "offerName": row["dimension__plan__offer__name"],
            "offerType": "SaaS",
            "azureSubscriptionId": "",
            "reconStatus": RECONCILED,
            "submittedQuantity": float(row["total"]),
            "processedQuantity": float(row["total"]),
            "submittedCount": row["events"],
        }
        for row in totals
    ]


one_view = endpoint(PUBLISHER_API, POST=report_one)
many_view = endpoint(PUBLISHER_API, POST=report_many)
list_view = endpoint(PUBLISHER_API, GET=read_all)
