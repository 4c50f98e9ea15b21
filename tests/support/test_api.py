"""Service requests through the API (API reference, section 9): shapes, changes, who may."""

import uuid

import pytest
from pydantic import TypeAdapter

from portal.accounts.enums import OrganizationKind, Role
from support.api import shapes
from support.enums import CaseStatus, SupportTopic
from support.models import SupportCase
from tests.customers.factories import make_relationship
from tests.factories import make_partner
from tests.portal.api.factories import api_client
from tests.support.factories import make_attachment, make_case, make_operator

pytestmark = pytest.mark.django_db
HERE = "/v1/servicerequests"
BODY = {
    "Title": "Line too many",
    "description": "Line 12 is charged twice.",
    "severity": "Critical",
    "supportTopicId": shapes.topic_id(SupportTopic.BILLING),
    "productId": "commerce",
}


@pytest.fixture
def partner():
    make_operator()
    return make_partner()


@pytest.fixture
def client(partner):
    return api_client(partner, Role.ADMIN_AGENT, person=True)


def of(partner, **fields):
    return make_case(partner, **fields)


def good(reply, model, status=200):
    assert reply.status_code == status, reply.content
    TypeAdapter(model).validate_python(reply.json())
    return reply.json()


def test_topics_have_ids_that_open_a_request(client):
    topics = good(client.get(f"{HERE}/supporttopics"), shapes.Topics)
    assert BODY["supportTopicId"] in {topic["id"] for topic in topics["items"]}

    made = good(client.send("POST", f"{HERE}/en-US", BODY), shapes.ServiceRequest, 201)
    assert (made["severity"], made["status"], made["productId"]) == ("critical", "open", "commerce")
    assert made["description"] == "Line 12 is charged twice."
    assert good(client.get(f"{HERE}/{made['id']}"), shapes.ServiceRequest) == made
    for wrong in ({"supportTopicId": str(uuid.uuid4())}, {"productId": "bread"}, {"title": ""}, {"severity": "awful"}):
        assert client.send("POST", f"{HERE}/en-US", BODY | wrong).status_code == 400


def test_on_behalf_of_a_customer_with_rights_and_listed_there(client, partner):
    relationship = make_relationship(partner, has_admin_rights=True)
    customer = {"organization": {"id": str(relationship.customer_id)}}
    made = good(client.send("POST", f"{HERE}/fr-FR", BODY | customer), shapes.ServiceRequest, 201)
    of(partner)

    there = f"/v1/customers/{relationship.customer_id}/servicerequests"
    listed = good(client.get(there), shapes.ServiceRequests)
    assert [one["id"] for one in listed["items"]] == [made["id"]]
    assert made["organization"]["id"] == str(relationship.customer_id)
    good(client.get(f"{there}/{made['id']}"), shapes.ServiceRequest)
    note = {"newNote": {"text": "Still so"}}
    assert good(client.send("PATCH", f"{there}/{made['id']}", note), shapes.ServiceRequest)["notes"]
    assert client.get(f"{there}/{SupportCase.objects.exclude(pk=made['id']).get().pk}").status_code == 404
    without = {"organization": {"id": str(make_relationship(partner).customer_id)}}
    assert client.send("POST", f"{HERE}/fr-FR", BODY | without).json()["code"] == 900308


def test_pages_filters_and_nothing_of_others(client, partner):
    for number in range(3):
        of(partner, title=f"Case {number}", status=CaseStatus.WAITING if number else CaseStatus.CLOSED)
    of(make_partner())

    first = good(client.get(f"{HERE}?size=2"), shapes.ServiceRequests)
    second = good(client.get(f"/v1{first['links']['next']['uri']}"), shapes.ServiceRequests)
    assert (first["totalCount"], second["totalCount"], "next" in second["links"]) == (2, 1, False)
    waiting = good(
        client.get(HERE, {"filter": '{"Field":"Status","Value":"attention_needed","Operator":"equals"}'}), dict
    )
    assert waiting["totalCount"] == 2
    assert client.get(HERE, {"filter": '{"Field":"Color","Value":"x","Operator":"equals"}'}).status_code == 400
    assert client.get(f"{HERE}?offset=-1").status_code == 400
    assert client.get(f"{HERE}/{of(make_partner()).pk}").status_code == 404
    assert client.get(f"{HERE}/not-an-id").status_code == 400


def test_changes_happen_together_or_not_at_all(client, partner):
    case = of(partner, status=CaseStatus.WAITING)
    make_attachment(case)
    here = f"{HERE}/{case.pk}"

    changed = good(client.send("PATCH", here, {"severity": 3, "newNote": {"text": "Line 12"}}), shapes.ServiceRequest)
    assert (changed["status"], changed["severity"], changed["notes"][0]["text"]) == ("open", "minimal", "Line 12")
    assert changed["fileLinks"][0]["name"] == "lines.txt"
    closed = good(client.send("PATCH", here, {"status": "closed"}), shapes.ServiceRequest)
    assert closed["lastClosedDate"]
    refused = client.send("PATCH", here, {"severity": "critical", "newNote": {"text": "Hello"}})
    assert (refused.status_code, refused.json()["code"]) == (400, 2000)
    assert client.send("PATCH", here, {"status": "open"}).status_code == 400  # says not why
    again = good(client.send("PATCH", here, {"status": "open", "newNote": {"text": "Still so"}}), shapes.ServiceRequest)
    assert again["status"] == "open"
    refused = client.send("PATCH", here, {"newNote": {"text": "Bye"}, "status": "closed", "severity": "minimal"})
    assert refused.status_code == 200


def test_resellers_sandboxes_and_other_roles_open_none(partner):
    make = {
        "reseller": (
            api_client(make_partner(OrganizationKind.INDIRECT_RESELLER), Role.ADMIN_AGENT, person=True),
            900308,
        ),
        "sandbox": (api_client(make_partner(is_sandbox=True), Role.ADMIN_AGENT, person=True), 800042),
        "sales": (api_client(partner, Role.SALES_AGENT, person=True), 900150),
        "app": (api_client(partner, Role.ADMIN_AGENT), 900329),
    }
    for name, (client, code) in make.items():
        assert client.send("POST", f"{HERE}/en-US", BODY).json()["code"] == code, name
    assert not SupportCase.objects.exists()
