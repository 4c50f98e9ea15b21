"""What is known of the health of the services, now and in the past."""

import uuid
from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404

from portal.core.pages import Page, keyset_page
from support.enums import IncidentKind, ServiceProduct
from support.models import IncidentUpdate, ServiceIncident

ORDER = ("-starts_at", "-pk")


@dataclass(frozen=True)
class ProductHealth:
    """One product and the worst that is said of it now: an incident, an advisory, or nothing."""

    product: ServiceProduct
    worst: IncidentKind | None
    count: int


def current_incidents() -> list[ServiceIncident]:
    """Return what is not over, incidents first, each with the newest word on it (``latest_text``): one query."""
    return list(_with_latest(ServiceIncident.objects.filter(resolved_at=None)).order_by("-kind", *ORDER))


def past_page(*, product: str = "", kind: str = "", cursor: str = "", size: int = 25) -> Page[ServiceIncident]:
    """Return one page of what is over, newest first, in one query. Raises: BadCursor."""
    rows = _with_latest(ServiceIncident.objects.filter(resolved_at__isnull=False))
    if product:
        rows = rows.filter(product=product)
    if kind:
        rows = rows.filter(kind=kind)
    return keyset_page(rows, order=ORDER, cursor=cursor, size=size)


def _with_latest(rows: QuerySet[ServiceIncident]) -> QuerySet[ServiceIncident]:
    newest = IncidentUpdate.objects.filter(incident=OuterRef("pk")).order_by("-created_at", "-pk")
    return rows.annotate(latest_text=Subquery(newest.values("text")[:1]))  # type: ignore[no-redef]


def product_healths(current: list[ServiceIncident]) -> list[ProductHealth]:
    """Return every product with the worst of what is said of it now."""
    found = []
    for product in ServiceProduct:
        kinds = [incident.kind for incident in current if incident.product == product]
        worst = next((kind for kind in IncidentKind if kind in kinds), None)
        found.append(ProductHealth(product, worst, len(kinds)))
    return found


def incident_of(incident_id: uuid.UUID) -> ServiceIncident:
    """Return one incident, over or not. Raises: Http404."""
    incident = ServiceIncident.objects.filter(pk=incident_id).first()
    if incident is None:
        raise Http404
    return incident


def updates_of(incident: ServiceIncident) -> list[IncidentUpdate]:
    """Return what was said of it, newest first."""
    return list(incident.updates.order_by("-created_at", "-pk"))
