"""How the services are, as the page of service health says it (not in the original)."""

from typing import Any, NotRequired
from uuid import UUID

from django.http import HttpResponse
from typing_extensions import TypedDict

from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import UnknownEnumValue, json_answer
from portal.api.reading import paging_of, query_of
from portal.api.resources import (
    Attributes,
    CollectionLinks,
    SelfLinks,
    attributes,
    page_of,
    self_links,
    time_text,
    without_nothing,
)
from support.enums import IncidentKind, ServiceProduct
from support.models import ServiceIncident
from support.queries import health as queries

TAG = "Service health"
ALLOWED = {"state": ("current", "past"), "product": ServiceProduct.values, "kind": IncidentKind.values}
LIST = {
    "state": "current or past; without it both.",
    "product": f"One of {', '.join(ServiceProduct.values)}.",
    "kind": f"One of {', '.join(IncidentKind.values)}.",
    "size": "How many a page holds, 500 at most.",
    "seekOperation": "First, Next or Previous, with the continuation token in MS-ContinuationToken.",
}


class IncidentUpdateAnswer(TypedDict):
    status: str
    text: str
    createdDate: str


class IncidentAnswer(TypedDict):
    id: str
    kind: str
    product: str
    title: str
    status: str
    latestUpdate: NotRequired[str]
    updates: NotRequired[list[IncidentUpdateAnswer]]
    startDate: str
    lastModifiedDate: str
    resolvedDate: NotRequired[str]
    links: SelfLinks
    attributes: Attributes


class IncidentCollection(TypedDict):
    totalCount: int
    items: list[IncidentAnswer]
    links: CollectionLinks
    continuationToken: NotRequired[str]
    attributes: Attributes


@api_requires(Permission.SERVICE_HEALTH_VIEW, answer=IncidentCollection, query=LIST, tag=TAG)
def list_incidents(request: ApiRequest) -> HttpResponse:
    """List incidents and advisories, the newest first, each with the latest that was said (not in the original)."""
    query = query_of(request)
    wanted = {name: query.get(name, "").lower() for name in ALLOWED}
    for name, values in ALLOWED.items():
        if wanted[name] and wanted[name] not in values:
            raise UnknownEnumValue(name)
    paging = paging_of(request, query)
    page = queries.incident_page(queries.HealthFilter(**wanted), cursor=paging.cursor, size=paging.size)
    parameters = {name: value for name, value in wanted.items() if value} | {"size": str(paging.size)}
    items = [_incident(row) | {"latestUpdate": row.latest_text} for row in page.rows]
    return json_answer(page_of(items, page=page, path="/servicehealth", parameters=parameters))


@api_requires(Permission.SERVICE_HEALTH_VIEW, answer=IncidentAnswer, tag=TAG)
def get_incident(request: ApiRequest, incident_id: UUID) -> HttpResponse:
    """Get an incident or advisory with all that was said of it, the newest first (not in the original)."""
    found = queries.incident_of(incident_id)
    updates = [
        {"status": one.status, "text": one.text, "createdDate": time_text(one.created_at)}
        for one in queries.updates_of(found)
    ]
    return json_answer(_incident(found) | {"updates": updates})


def _incident(row: ServiceIncident) -> dict[str, Any]:
    value = {
        "id": str(row.pk),
        "kind": row.kind,
        "product": row.product,
        "title": row.title,
        "status": row.status,
        "startDate": time_text(row.starts_at),
        "lastModifiedDate": time_text(row.modified_at),
        "resolvedDate": time_text(row.resolved_at) if row.resolved_at else None,
        "links": self_links(f"/servicehealth/{row.pk}"),
        "attributes": attributes("ServiceIncident"),
    }
    return without_nothing(value)
