"""The activity log through the API (API reference, section 6), and the ledger of events with positions (X4)."""

import datetime
from collections.abc import Mapping
from typing import Any, NotRequired

import orjson
from django.http import HttpResponse
from django.urls import path
from django.utils import timezone
from typing_extensions import TypedDict

from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires, endpoint
from portal.api.errors import WrongParameter, json_answer
from portal.api.reading import Filter, filter_of, guid_of, paging_of, query_of, time_of
from portal.api.resources import Attributes, CollectionLinks, attributes, page_of, time_text
from portal.audit import wire, wire_queries
from portal.audit.models import AuditEventParty
from portal.audit.wire_queries import RecordFilter
from portal.core.search import as_uuid

OLDEST = datetime.timedelta(days=90)
DEFAULT = datetime.timedelta(days=30)
DAY = datetime.timedelta(days=1)
LAST_YEAR = 9999  # the day after its end cannot be written
FILTERS = {"CompanyName": ("substring",), "CustomerId": ("equals",), "ResourceType": ("equals",)}
QUERY = {
    "startDate": "The first day, 30 days ago if left out and at most 90 days ago.",
    "endDate": "The last day, today if left out.",
    "filter": "JSON with Field, Value and Operator; CompanyName (substring), CustomerId or ResourceType (equals).",
    "size": "How many records a page holds, 500 at most.",
    "seekOperation": "Next or Previous, together with the header MS-ContinuationToken.",
}
AFTER = {"after": "The position of the last event seen; 0 or nothing for all.", "size": "How many, 500 at most."}


class CustomData(TypedDict):
    key: str
    value: NotRequired[str]


class AuditRecord(TypedDict):
    id: str
    partnerId: str
    customerId: NotRequired[str]
    customerName: NotRequired[str]
    userPrincipalName: NotRequired[str]
    applicationId: NotRequired[str]
    originalCorrelationId: NotRequired[str]
    resourceType: str
    resourceOldValue: NotRequired[str]
    resourceNewValue: NotRequired[str]
    operationType: str
    operationDate: str
    operationStatus: str
    customizedData: list[CustomData]
    attributes: Attributes


class AuditRecords(TypedDict):
    totalCount: int
    items: list[AuditRecord]
    links: CollectionLinks
    continuationToken: NotRequired[str]
    attributes: Attributes


class LedgerEvent(TypedDict):
    position: int
    eventName: str
    record: AuditRecord


class Ledger(TypedDict):
    totalCount: int
    items: list[LedgerEvent]
    after: int
    attributes: Attributes


@api_requires(Permission.ACTIVITY_LOG_VIEW, answer=AuditRecords, query=QUERY, tag="Activity log")
def list_records(request: ApiRequest) -> HttpResponse:
    """List what happened, newest first."""
    query, now = query_of(request), timezone.now()
    paging = paging_of(request, query)
    start = _day(query, "startDate", now - DEFAULT)
    end = _day(query, "endDate", now)
    if start < _midnight(now) - OLDEST:
        raise WrongParameter("startDate")
    wanted = _filtered(filter_of(query, allowed=FILTERS), start, end + DAY)
    page = wire_queries.record_page(request.actor, wanted, cursor=paging.cursor, size=paging.size)
    parameters = {"startDate": f"{start:%Y-%m-%d}", "endDate": f"{end:%Y-%m-%d}", "size": str(paging.size)}
    if query.get("filter"):
        parameters["filter"] = query["filter"]
    items = [audit_record(party) for party in page.rows]
    return json_answer(page_of(items, page=page, path="/auditrecords", parameters=parameters))


@api_requires(Permission.ACTIVITY_LOG_VIEW, answer=AuditRecord, tag="Activity log")
def get_record(request: ApiRequest, record_id: str) -> HttpResponse:
    """Get one record, by the id that webhooks name."""
    return json_answer(audit_record(wire_queries.record(request.actor, record_id)))


@api_requires(Permission.ACTIVITY_LOG_VIEW, answer=Ledger, query=AFTER, tag="Activity log")
def list_events(request: ApiRequest) -> HttpResponse:
    """List events after a position, oldest first, to compare with what webhooks brought (not in the original)."""
    query = query_of(request)
    text = query.get("after", "").strip() or "0"
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise WrongParameter("after")
    parties = wire_queries.records_after(request.actor, int(text), size=paging_of(request, query).size)
    items = [
        {
            "position": party.event.seal.position,
            "eventName": party.event.event_type,
            "record": audit_record(party),
        }
        for party in parties
    ]
    last = items[-1]["position"] if items else int(text)
    return json_answer(
        {"totalCount": len(items), "items": items, "after": last, "attributes": attributes("Collection")}
    )


def audit_record(party: AuditEventParty) -> dict[str, Any]:
    """Return an event as one organization's record. Another organization's person stays without address."""
    event = party.event
    is_own = event.actor_organization_id == party.organization_id
    is_app = bool(event.actor_user_id) and not event.actor_email
    correlation = as_uuid(event.request_id)
    value = {
        "id": wire.record_id(event, party.organization_id),
        "partnerId": str(party.organization_id),
        "customerId": str(event.customer_id) if event.customer_id else "",
        "customerName": event.customer_name,
        "userPrincipalName": event.actor_email if is_own else "",
        "applicationId": str(event.actor_user_id) if is_own and is_app else "",
        "originalCorrelationId": str(correlation) if correlation else "",
        "resourceType": wire.resource_of(event.subject_type),
        "resourceOldValue": _text(event.before),
        "resourceNewValue": _text(event.after),
        "operationType": wire.operation_of(event.event_type),
        "operationDate": time_text(event.occurred_at),
        "operationStatus": str(event.outcome),
        "customizedData": _custom({**event.details, **party.details}),
        "attributes": attributes("AuditRecord"),
    }
    return {name: part for name, part in value.items() if part != ""}


def _text(value: Mapping[str, Any] | None) -> str:
    """Return a JSON document inside a string, with names in PascalCase as recorded."""
    if value is None:
        return ""
    return orjson.dumps({_pascal(name): part for name, part in value.items()}).decode()


def _custom(details: Mapping[str, Any]) -> list[dict[str, str]]:
    items = []
    for name, value in details.items():
        item = {"key": _pascal(name)}
        if value is not None:
            item["value"] = value if isinstance(value, str) else orjson.dumps(value).decode()
        items.append(item)
    return items


def _pascal(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.replace("-", " ").replace("_", " ").split())


def _midnight(moment: datetime.datetime) -> datetime.datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _day(query: Mapping[str, str], name: str, default: datetime.datetime) -> datetime.datetime:
    text = query.get(name.lower(), "").strip()
    try:
        day = _midnight(time_of(text) if text else default)
    except (ValueError, OverflowError) as error:
        raise WrongParameter(name) from error
    if day.year >= LAST_YEAR:
        raise WrongParameter(name)
    return day


def _filtered(wanted: Filter | None, start: datetime.datetime, end: datetime.datetime) -> RecordFilter:
    if wanted is None:
        return RecordFilter(start, end)
    if wanted.field == "customerid":
        return RecordFilter(start, end, customer_id=guid_of(wanted.value, "filter"))
    if wanted.field == "companyname":
        return RecordFilter(start, end, company=wanted.value)
    return RecordFilter(start, end, resource=wanted.value)


V1 = [
    path("auditrecords", endpoint(GET=list_records), name="records"),
    path("auditrecords/<str:record_id>", endpoint(GET=get_record), name="record"),
    path("events", endpoint(GET=list_events), name="events"),
]
AUDIT_ACTIVITY = [path("auditrecords/<str:record_id>", endpoint(GET=get_record), name="activity_record")]
