"""The activity log through the API (API reference, section 6)."""

import datetime
import json
import uuid
from urllib.parse import quote

import pytest
from django.utils import timezone

from portal.accounts.enums import Role
from portal.audit import log, wire
from portal.audit.processing import seal_waiting
from tests.customers.factories import make_relationship
from tests.factories import make_member, make_organization, make_partner
from tests.portal.api.factories import ApiClient, api_client, make_app, token_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner():
    return make_partner()


@pytest.fixture
def client(partner):
    return api_client(partner)


def happened(partner, *more, event_type="customer-added", days=0, **fields):
    customer = make_organization(name=fields.pop("customer", "Nordlys"))
    defaults = {
        "event_type": event_type,
        "organization_ids": [partner.pk, *more],
        "subject_type": "customer",
        "subject_id": customer.pk,
        "subject_name": customer.name,
        "customer_id": customer.pk,
        "customer_name": customer.name,
        "actor": None,
        "occurred_at": timezone.now() - datetime.timedelta(days=days),
    }
    return log.record(**defaults | fields)


def filtered(field, value, operator):
    return quote(json.dumps({"Field": field, "Value": value, "Operator": operator}))


def test_a_record_has_the_form_of_the_original(client, partner):
    event = happened(partner, before={"note_text": "a"}, after={"note_text": "b"}, details={"reason": "x", "count": 2})
    reply = client.get("/v1/auditrecords").json()
    record = reply["items"][0]
    ticks = record["id"].split("_")[-1]
    assert record["id"] == f"{partner.pk}_{event.customer_id}_addcustomer_{ticks}"
    assert len(ticks) == 18
    assert ticks.startswith(("63", "64"))
    assert record["resourceType"] == "customer"
    assert record["operationType"] == "add_customer"
    assert record["operationStatus"] == "succeeded"
    assert json.loads(record["resourceOldValue"]) == {"NoteText": "a"}
    assert json.loads(record["resourceNewValue"]) == {"NoteText": "b"}
    assert {item["key"]: item["value"] for item in record["customizedData"]} == {"Reason": "x", "Count": "2"}
    assert record["customerName"] == "Nordlys"
    today = f"{timezone.now():%Y-%m-%d}"
    assert f"endDate={today}&size=500" in reply["links"]["self"]["uri"]


def test_a_record_is_read_by_its_id_at_both_addresses(client, partner):
    happened(partner)
    record = client.get("/v1/auditrecords").json()["items"][0]
    for path in (f"/auditactivity/v1/auditrecords/{record['id']}", f"/v1/auditrecords/{record['id'].upper()}"):
        assert client.get(path).json() == record


def test_a_record_of_a_transfer_names_customer_and_transfer_in_this_order(partner):
    transfer = uuid.uuid4()
    event = happened(partner, event_type="create-transfer", subject_type="transfer", subject_id=transfer)
    parts = wire.record_id(event, partner.pk).split("_")
    assert parts[:4] == [str(partner.pk), str(event.customer_id), str(transfer), "createtransfer"]


def test_others_records_answer_like_records_that_do_not_exist(client, partner):
    other = make_partner()
    event = happened(other)
    foreign = wire.record_id(event, other.pk)
    as_own = wire.record_id(event, partner.pk)
    for text in (foreign, as_own, str(event.public_id), str(uuid.uuid4()), "x", "1_2_3", f"{partner.pk}_x_{10**19}"):
        reply = client.get(f"/auditactivity/v1/auditrecords/{text}")
        assert (reply.status_code, reply.json()["code"]) == (404, 1000)
    assert client.get("/v1/auditrecords").json()["totalCount"] == 0


def test_records_are_found_by_day_customer_and_kind(client, partner):
    one = happened(partner, customer="Nordlys Bakeri", days=3)
    happened(partner, event_type="app-registered", subject_type="app-registration", customer="Sydvind", days=1)

    def operations(query):
        reply = client.get(f"/v1/auditrecords?{query}")
        assert reply.status_code == 200, reply.content
        return [item["operationType"] for item in reply.json()["items"]]

    day = timezone.now() - datetime.timedelta(days=3)
    assert operations("") == ["register_application", "add_customer"]
    for text in (f"{day:%Y-%m-%d}", f"{day:%Y-%m-%d}T00:00:00", f"{day:%m/%d/%Y} 12:00:00 AM", f"{day:%m/%d/%Y}"):
        assert operations(f"startDate={quote(text)}&endDate={quote(text)}") == ["add_customer"]
    assert operations("filter=" + filtered("CompanyName", "bakeri", "substring")) == ["add_customer"]
    assert operations("filter=" + filtered("CustomerId", str(one.customer_id).upper(), "equals")) == ["add_customer"]
    assert operations("filter=" + filtered("ResourceType", "Application", "equals")) == ["register_application"]
    assert operations("filter=" + filtered("ResourceType", "Nothing", "equals")) == []


@pytest.mark.parametrize(
    "query", ["startDate=soon", "endDate=9999-12-31", "startDate=13/45/2026", "startDate=1970-01-01"]
)
def test_days_that_cannot_be_are_refused(client, query):
    reply = client.get(f"/v1/auditrecords?{query}")
    assert (reply.status_code, reply.json()["code"]) == (400, 2000)


def test_records_are_paged(client, partner):
    for number in range(3):
        happened(partner, days=number)
    reply = client.get("/v1/auditrecords?size=2").json()
    following = reply["links"]["next"]
    headers = {header["key"]: header["value"] for header in following["headers"]}
    rest = client.get("/v1" + following["uri"], headers=headers).json()
    assert (reply["totalCount"], rest["totalCount"]) == (2, 1)


def test_who_did_it_is_a_person_or_an_app(partner):
    secret = make_app(partner)
    member = make_member(partner, Role.ADMIN_AGENT, Role.GLOBAL_ADMIN)
    body = {"qualification": "StateOwnedEntity"}
    customer = make_relationship(partner).customer_id
    app, person = ApiClient(token_of(secret)), ApiClient(token_of(secret, member))
    app.send("PUT", f"/v1/customers/{customer}/qualification", "Education")
    person.send("POST", f"/v1/customers/{customer}/qualifications", body)
    by_person, by_app = app.get("/v1/auditrecords").json()["items"]
    assert by_app["applicationId"] == str(secret.app_id)
    assert "userPrincipalName" not in by_app
    assert by_person["userPrincipalName"] == member.user.email


def test_events_are_read_in_the_order_of_the_chain_from_a_position_on(client, partner):
    for number in range(3):
        happened(partner, make_partner().pk, days=number)
    happened(make_partner())
    assert client.get("/v1/events").json()["items"] == []
    seal_waiting()
    first = client.get("/v1/events?size=2").json()
    assert [item["eventName"] for item in first["items"]] == ["customer-added"] * 2
    rest = client.get(f"/v1/events?after={first['after']}").json()
    assert rest["totalCount"] == 1
    assert rest["items"][0]["position"] > first["after"]
    assert client.get(f"/v1/events?after={rest['after']}").json()["after"] == rest["after"]
    assert client.get("/v1/events?after=x").status_code == 400
