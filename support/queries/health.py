"""What is known of the health of the services, now and in the past."""

import uuid
from dataclasses import dataclass, replace

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import Http404

from portal.accounts.models import Membership
from portal.accounts.permissions import Permission, roles_allowing
from portal.core.pages import Page, keyset_page
from portal.notifications.queries import readers_of
from support.enums import IncidentKind, ServiceProduct
from support.models import IncidentUpdate, ServiceIncident

ORDER = ("-starts_at", "-pk")
HEALTH_TOPIC = "service-health"


@dataclass(frozen=True)
class ProductHealth:
    """One product and the worst that is said of it now: an incident, an advisory, or nothing."""

    product: ServiceProduct
    worst: IncidentKind | None
    count: int


@dataclass(frozen=True)
class HealthFilter:
    """What the page is narrowed to; empty values narrow nothing. ``state``: "current" or "past"."""

    text: str = ""
    product: str = ""
    kind: str = ""
    state: str = ""


EVERYTHING = HealthFilter()


def current_incidents(wanted: HealthFilter = EVERYTHING) -> list[ServiceIncident]:
    """Return what is not over, incidents first, each with the newest word on it (``latest_text``): one query."""
    if wanted.state == "past":
        return []
    rows = _with_latest(ServiceIncident.objects.filter(_condition(wanted), resolved_at=None))
    return list(rows.order_by("-kind", *ORDER))


def past_page(wanted: HealthFilter = EVERYTHING, *, cursor: str = "", size: int = 25) -> Page[ServiceIncident]:
    """Return one page of what is over, newest first, in one query. Raises: BadCursor."""
    return incident_page(replace(wanted, state="past"), cursor=cursor, size=size)


def incident_page(wanted: HealthFilter = EVERYTHING, *, cursor: str = "", size: int = 25) -> Page[ServiceIncident]:
    """Return one page of what is known, over or not, newest first, in one query. Raises: BadCursor."""
    rows = ServiceIncident.objects.filter(_condition(wanted))
    if wanted.state:
        rows = rows.filter(resolved_at__isnull=wanted.state == "current")
    return keyset_page(_with_latest(rows), order=ORDER, cursor=cursor, size=size)


def _condition(wanted: HealthFilter) -> Q:
    found = Q(title__icontains=wanted.text) if wanted.text else Q()
    if wanted.product:
        found &= Q(product=wanted.product)
    if wanted.kind:
        found &= Q(kind=wanted.kind)
    return found


def people_to_tell() -> list[Membership]:
    """Return one membership of each person who asked for news of service health and may still read it."""
    may_read = Membership.objects.active().with_role(*roles_allowing(Permission.SERVICE_HEALTH_VIEW))
    rows = may_read.filter(user_id__in=readers_of(HEALTH_TOPIC)).select_related("user")
    # Of somebody's sandbox and production account the latter: that is where the notice is looked for.
    return list(rows.order_by("user_id", "organization__is_sandbox", "pk").distinct("user_id"))


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
