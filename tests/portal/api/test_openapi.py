"""The OpenAPI document and its page, and answers that keep to it."""

import pytest
from django.test import Client
from pydantic import TypeAdapter

from portal.accounts.enums import Role
from portal.api.openapi import calls, document
from tests.customers.factories import make_relationship, make_subscription
from tests.factories import make_member, make_partner
from tests.portal.api.factories import api_client


@pytest.mark.django_db
def test_the_document_is_public_and_holds_every_call():
    reply = Client().get("/openapi.json")
    assert reply.status_code == 200
    paths = reply.json()["paths"]
    assert {"get", "post"} <= paths["/v1/customers"].keys()
    assert sum(len(methods) for methods in paths.values()) == len(calls())


def test_bodies_and_answers_are_described_in_camel_case():
    schema = document()["components"]["schemas"]
    assert "addressLine1" in schema["Address"]["properties"]
    assert "companyProfile" in schema["CustomerAnswer"]["properties"]
    text = str(document())
    assert "company_profile" not in text


def test_every_reference_leads_somewhere():
    known = document()["components"]["schemas"].keys()

    def references(value):
        if isinstance(value, dict):
            if "$ref" in value:
                yield value["$ref"].rpartition("/")[2]
            for part in value.values():
                yield from references(part)
        elif isinstance(value, list):
            for part in value:
                yield from references(part)

    assert set(references(document())) <= known


def test_every_call_has_a_summary_a_tag_and_an_id_of_its_own():
    ids = [one["operationId"] for methods in document()["paths"].values() for one in methods.values()]
    assert len(ids) == len(set(ids))
    assert all(call.summary and call.operation.tag for call in calls())


@pytest.mark.django_db
def test_the_page_shows_every_call(client_for):
    body = client_for(make_member(make_partner(), Role.HELPDESK_AGENT)).get("/help/api/").content.decode()
    assert body.count('class="expandable"') == len(calls())


@pytest.mark.django_db
def test_answers_keep_to_their_description():
    partner = make_partner(contact_email="hello@skog.example", address="Storgata 1\n0155 Oslo")
    subscription = make_subscription(make_relationship(partner))
    client = api_client(partner, Role.ADMIN_AGENT, Role.GLOBAL_ADMIN, person=True)
    seen = 0
    for call in calls():
        if call.style != "partner" or call.method != "GET" or {name for name, _kind in call.parameters} - {
            "customer_id", "subscription_id"
        }:  # fmt: skip
            continue
        path = call.path.format(customer_id=subscription.customer_id, subscription_id=subscription.pk)
        reply = client.get(path)
        if reply.status_code == 200 and call.operation.answer is not None:
            TypeAdapter(call.operation.answer).validate_python(reply.json(), strict=True)
            seen += 1
    assert seen > 15
