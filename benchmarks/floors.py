"""The floors of the portal's pages: what a page of this kind costs at the very least here.

b: a constant page of 40 kB behind the usual middleware, signed in. c1: a bare list of 50 × 7 in one Django template,
with one keyset query. V: 500 rows by values() and orjson. A: set-based SQL in one transaction,
items per second.
"""

import orjson
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine
from django.urls import include, path

from benchmarks import world
from customers.enums import RelationshipStatus
from customers.models import ResellerRelationship
from portal.accounts.access import signed_in
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires, endpoint
from portal.audit.models import AuditEvent

REASON = "a floor of the benchmarks; never mounted in the portal"
COLUMNS = (
    "occurred_at",
    "event_type",
    "outcome",
    "actor_name",
    "actor_organization_name",
    "customer_name",
    "subject_id",
)
CUSTOMER_COLUMNS = ("customer_id", "customer_name", "customer_domain")
CONSTANT = "<p>" + "x" * 40_000 + "</p>"
LIST = Engine().from_string(
    "<table>{% for row in rows %}<tr>"
    "<td>{{ row.occurred_at }}</td><td>{{ row.event_type }}</td><td>{{ row.outcome }}</td><td>{{ row.actor_name }}</td>"
    "<td>{{ row.actor_organization_name }}</td><td>{{ row.customer_name }}</td><td>{{ row.subject_id }}</td>"
    "</tr>{% endfor %}</table>"
)


@signed_in(REASON)
def constant(request: HttpRequest) -> HttpResponse:
    """Floor b."""
    return HttpResponse(CONSTANT)


@signed_in(REASON)
def bare_list(request: HttpRequest) -> HttpResponse:
    """Floor c1."""
    rows = AuditEvent.objects.only(*COLUMNS).filter(pk__lt=10**12).order_by("-pk")[:51]  # one more: is there a page?
    return HttpResponse(LIST.render(Context({"rows": list(rows)[:50]})))


@signed_in(REASON)
def values(request: HttpRequest) -> HttpResponse:
    """Floor V."""
    rows = AuditEvent.objects.filter(pk__lt=10**12).order_by("-pk").values(*COLUMNS)[:500]
    return HttpResponse(orjson.dumps(list(rows)), content_type="application/json")


@api_requires(Permission.CUSTOMER_VIEW)
def customer_values(request: ApiRequest) -> HttpResponse:
    """Floor V of the API's list of customers: the same rows, without envelope."""
    rows = ResellerRelationship.objects.filter(
        status=RelationshipStatus.ACTIVE, partner_id=request.actor.organization_id
    )
    rows = rows.order_by("customer_name_key", "id").values(*CUSTOMER_COLUMNS)[:500]
    return HttpResponse(orjson.dumps(list(rows)), content_type="application/json")


@api_requires(Permission.CUSTOMER_VIEW)
def nothing(request: ApiRequest) -> HttpResponse:
    """What every API call costs."""
    return HttpResponse(b"{}", content_type="application/json")


def set_based_chain(count: int) -> None:
    """Floor A: write so many events and their parties, with all indexes and triggers, in one transaction."""
    with transaction.atomic():
        world.write_events(count)


urlpatterns = [
    path("floor/b/", constant),
    path("floor/c1/", bare_list),
    path("floor/v/", values),
    path("v1/floor/v", endpoint(GET=customer_values)),
    path("v1/floor/nothing", endpoint(GET=nothing)),
    path("", include("portal.urls")),
]
