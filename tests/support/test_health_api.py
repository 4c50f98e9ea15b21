"""Service health through the API: what programs learn, page by page, and who may."""

import datetime
import uuid

import pytest
from pydantic import TypeAdapter

from portal.accounts.enums import OrganizationKind, Role
from support.api.health import IncidentAnswer, IncidentCollection
from support.enums import IncidentKind, IncidentStatus, ServiceProduct
from tests.factories import NOON, make_organization, make_partner
from tests.portal.api.factories import api_client
from tests.support.factories import make_incident

pytestmark = pytest.mark.django_db
HERE = "/v1/servicehealth"


@pytest.fixture
def client():
    return api_client(make_partner(), Role.HELPDESK_AGENT)


def titles(reply):
    assert reply.status_code == 200, reply.content
    TypeAdapter(IncidentCollection).validate_python(reply.json())
    return [item["title"] for item in reply.json()["items"]]


def test_incidents_are_listed_newest_first_and_narrowed(client):
    for day, fields in enumerate(
        (
            {"title": "Past", "status": IncidentStatus.RESOLVED},
            {"title": "Slow", "product": ServiceProduct.API},
            {"title": "Planned", "kind": IncidentKind.ADVISORY, "status": IncidentStatus.ANNOUNCED},
        )
    ):
        make_incident(starts_at=NOON + datetime.timedelta(days=day), **fields)

    assert titles(client.get(HERE)) == ["Planned", "Slow", "Past"]
    assert titles(client.get(f"{HERE}?state=Current")) == ["Planned", "Slow"]
    assert titles(client.get(f"{HERE}?state=past")) == ["Past"]
    assert titles(client.get(f"{HERE}?product=api&kind=incident")) == ["Slow"]
    for wrong in ("state=over", "product=bread", "kind=joke", "size=-1"):
        assert client.get(f"{HERE}?{wrong}").status_code == 400, wrong

    first = client.get(f"{HERE}?size=2").json()
    following = client.get(
        f"/v1{first['links']['next']['uri']}", headers={"MS-ContinuationToken": first["continuationToken"]}
    )
    assert titles(following) == ["Past"]
    assert first["items"][0]["latestUpdate"] == "We are looking into it."


def test_one_incident_tells_all_that_was_said(client):
    incident = make_incident(status=IncidentStatus.RESOLVED)
    reply = client.get(f"{HERE}/{incident.pk}")
    assert reply.status_code == 200
    found = TypeAdapter(IncidentAnswer).validate_python(reply.json())
    assert (found["status"], [one["text"] for one in found["updates"]]) == ("resolved", ["We are looking into it."])
    assert "latestUpdate" not in found
    assert client.get(f"{HERE}/{uuid.uuid4()}").status_code == 404


def test_whoever_may_not_read_the_page_may_not_ask_the_api():
    publisher = make_organization(OrganizationKind.PUBLISHER)
    assert api_client(publisher, Role.PUBLISHER_ADMIN).get(HERE).status_code in (401, 403)
