"""The conventions of section 1 of the API reference, tried on the calls about customers."""

import datetime
import json
import uuid

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from customers.models import CustomerProfile
from portal.accounts.enums import Role
from portal.api.models import StoredAnswer
from tests.customers.factories import make_relationship
from tests.factories import make_member, make_partner
from tests.portal.api.factories import ApiClient, api_client, make_app, token_of

pytestmark = pytest.mark.django_db

BILLING = {
    "firstName": "Ada",
    "email": "ada@nordlys.example",
    "companyName": "Nordlys Bakeri",
    "defaultAddress": {"addressLine1": "Storgata 1", "city": "Oslo", "postalCode": "0155", "country": "NO"},
}


@pytest.fixture
def partner():
    return make_partner()


@pytest.fixture
def client(partner):
    return api_client(partner)


@pytest.fixture
def customer(partner):
    return make_relationship(partner, name="Nordlys Bakeri").customer_id


def put_billing(client, customer, body=BILLING, **headers):
    etag = client.get(f"/v1/customers/{customer}/profiles/billing").json()["attributes"]["etag"]
    headers = {"If-Match": etag} | headers
    return client.send("PUT", f"/v1/customers/{customer}/profiles/billing", body, **headers)


@pytest.mark.parametrize(
    "address",
    [
        "/v1/customers/{}/profiles/company",
        "/v1//customers/{}/profiles/company",
        "/v1/customers/{}/profiles/company/",
        "/V1/Customers/{}/Profiles/COMPANY",
    ],
)
def test_an_address_counts_however_clients_write_it(partner, customer, address):
    client = api_client(partner, Role.ADMIN_AGENT, person=True)
    assert client.get(address.format(customer)).json()["companyName"] == "Nordlys Bakeri"
    assert client.get(address.format(str(customer).upper())).json()["companyName"] == "Nordlys Bakeri"


@pytest.mark.parametrize(
    "path", ["/v1/nothing", "/v1/customers/x/y/z", "/webhooks/v1/x", "/auditactivity/v1/x/y", "/v1"]
)
def test_an_unknown_address_answers_an_error_body(client, path):
    reply = client.get(path)
    assert reply.status_code == 404
    assert reply.json()["code"] == 1000
    assert reply.json().keys() == {"code", "description", "data", "source"}


def test_every_answer_carries_the_headers_of_the_original(client):
    given, other = str(uuid.uuid4()), str(uuid.uuid4())
    for path in ("/v1/customers", "/v1/nothing", "/v1/customers/x"):
        reply = client.get(path, headers={"MS-RequestId": given, "MS-CorrelationId": other, "X-Locale": "sv-SE"})
        assert (reply["MS-RequestId"], reply["MS-CorrelationId"], reply["X-Locale"]) == (given, other, "sv-SE")
        assert reply["Content-Type"] == "application/json; charset=utf-8"
        assert reply["MS-CV"]
        assert reply["MS-ServerId"]
    fresh = client.get("/v1/customers")
    assert uuid.UUID(fresh["MS-RequestId"]) != uuid.UUID(fresh["MS-CorrelationId"])
    assert fresh["X-Locale"] == "en-US"


def test_a_call_without_token_is_told_so():
    reply = Client().get("/v1/customers")
    assert (reply.status_code, reply.json()["code"]) == (401, 800001)
    assert reply["WWW-Authenticate"].startswith("OAuth realm=urn:cpsvc:cpid:")
    assert (ApiClient("nonsense").get("/v1/customers").json()["code"]) == 400


def test_a_browser_s_session_opens_nothing(client_for, partner):
    browser = client_for(make_member(partner, Role.ADMIN_AGENT))
    assert browser.get("/v1/customers").status_code == 401
    assert browser.get("/customers/").status_code == 200


def test_a_role_without_the_right_is_refused_by_number(partner):
    client = api_client(partner, Role.BILLING_ADMIN)
    reply = client.get("/v1/customers")
    assert (reply.status_code, reply.json()["code"]) == (403, 900150)


def test_an_app_alone_is_refused_where_a_person_is_needed(client, customer):
    reply = client.get(f"/v1/customers/{customer}/profiles/company")
    assert (reply.status_code, reply.json()["code"]) == (403, 900329)


def test_a_caller_may_ask_whether_a_second_factor_stands_behind_it(client, partner):
    person = api_client(partner, Role.ADMIN_AGENT, person=True)
    for one, word in ((client, "false"), (person, "true")):
        assert one.get("/v1/agreements", headers={"ValidateMfa": "true"})["isMfaCompliant"] == word
    assert "isMfaCompliant" not in person.get("/v1/agreements")


def test_a_guid_that_is_none_is_a_wrong_parameter(client):
    reply = client.get("/v1/customers/not-a-guid")
    assert (reply.status_code, reply.json()["code"]) == (400, 2000)


def test_another_method_is_refused_with_those_that_work(client):
    reply = client.send("DELETE", "/v1/agreements")
    assert (reply.status_code, reply.json()["code"], reply["Allow"]) == (405, 900141, "GET")


def test_properties_count_in_any_case_with_nulls_a_byte_order_mark_and_unknown_ones(client, customer):
    body = {
        "FirstName": "Ada",
        "LastName": None,
        "EMAIL": "ada@nordlys.example",
        "companyname": "Nordlys Bakeri",
        "DefaultAddress": {"AddressLine1": "Storgata 1", "City": "Oslo", "PostalCode": "0155", "Region": None},
        "Links": {"Self": None},
        "SomethingNew": 1,
    }
    reply = put_billing(client, customer, b"\xef\xbb\xbf" + json.dumps(body).encode())
    assert reply.status_code == 200, reply.content
    profile = CustomerProfile.objects.get(relationship__customer_id=customer)
    assert (profile.bill_to_first_name, profile.bill_to_address) == ("Ada", "Storgata 1\n0155 Oslo")


def test_an_answer_leaves_out_what_is_nothing(client, customer):
    put_billing(client, customer)
    text = client.get(f"/v1/customers/{customer}").content.decode()
    assert "null" not in text
    assert "lastName" not in text


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", 800002),
        (b"{", 800002),
        (b"[]", 800002),
        (b'"x"', 800002),
        (b"\xff\xfe", 800002),
        (b'{"email": "\\u0000"}', 800002),
        (b'{"a":' * 60 + b"1" + b"}" * 60, 800002),
        (b'{"a":' * 2000 + b"1" + b"}" * 2000, 800002),
        (b"{}", 3000),
        (json.dumps(BILLING | {"email": 5}).encode(), 3000),
        (json.dumps(BILLING | {"email": "nobody"}).encode(), 3000),
        (json.dumps(BILLING | {"defaultAddress": {}}).encode(), 3000),
    ],
)
def test_a_body_that_cannot_be_used_is_refused_by_number(client, customer, raw, code):
    reply = put_billing(client, customer, raw)
    assert (reply.status_code, reply.json()["code"]) == (400, code)


def test_a_body_that_is_no_json_is_refused_as_such(client, customer):
    path = f"/v1/customers/{customer}/profiles/billing"
    reply = client.generic("PUT", path, b"a=1", content_type="application/x-www-form-urlencoded")
    assert (reply.status_code, reply.json()["code"]) == (415, 800002)
    for kind in ("application/json; charset=utf-8", "text/json", ""):
        reply = client.generic("PUT", path, b"{}", content_type=kind, headers={"If-Match": "*"})
        assert reply.status_code == 400


def test_a_form_with_files_is_no_json(client):
    for path in ("/v1/customers", "/v1/nothing"):
        reply = client.post(path, {"name": "x"}, headers={"MS-RequestId": str(uuid.uuid4())})
        assert reply.status_code in (415, 404)
        assert reply.json()["source"] == "PartnerPortal"


def test_too_large_and_too_long_requests_answer_json(client, customer, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    reply = put_billing(client, customer, {"email": "x" * 200})
    assert (reply.status_code, reply.json()["source"]) == (413, "PartnerPortal")
    reply = client.get("/v1/customers?size=" + "1" * 7000)
    assert (reply.status_code, reply.json()["code"]) == (414, 2000)
    assert client.get("/v1/customers?filter=%00").json()["code"] == 2000


@pytest.mark.parametrize("shape", ['"{}"', "{}", 'W/"{}"', "*"])
def test_an_etag_counts_quoted_or_bare(client, customer, shape):
    etag = client.get(f"/v1/customers/{customer}/profiles/billing").json()["attributes"]["etag"]
    assert put_billing(client, customer, **{"If-Match": shape.format(etag)}).status_code == 200


def test_an_etag_may_stand_in_the_body(client, customer):
    etag = client.get(f"/v1/customers/{customer}/profiles/billing").json()["attributes"]["etag"]
    body = BILLING | {"Attributes": {"Etag": etag}}
    path = f"/v1/customers/{customer}/profiles/billing"
    assert client.send("PUT", path, body).status_code == 200
    assert client.send("PUT", path, body).json()["code"] == 2055


def test_a_stale_or_missing_etag_is_refused(client, customer):
    old = client.get(f"/v1/customers/{customer}/profiles/billing").json()["attributes"]["etag"]
    assert put_billing(client, customer).status_code == 200
    reply = put_billing(client, customer, BILLING | {"email": "b@nordlys.example"}, **{"If-Match": old})
    assert (reply.status_code, reply.json()["code"]) == (412, 2055)
    assert put_billing(client, customer, **{"If-Match": ""}).status_code == 400


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en-US", "Your role does not allow this"),
        ("fr-FR", "Votre rôle"),
        ("sv", "Din roll"),
        ("de-DE", "Your role does not allow this"),
        ("%", "Your role does not allow this"),
    ],
)
def test_texts_speak_the_language_asked_for(partner, locale, words):
    client = api_client(partner, Role.BILLING_ADMIN)
    reply = client.get("/v1/customers", headers={"X-Locale": locale, "Accept-Language": "fr"})
    assert words in reply.json()["description"]


def test_a_tenant_that_asks_too_much_waits(partner, customer, settings):
    settings.API_REQUESTS_PER_MINUTE = 2
    one, other = api_client(partner), api_client(partner)
    with time_machine.travel(timezone.now().replace(second=5), tick=False):  # not over the turn of a minute
        assert [one.get("/v1/customers").status_code, other.get("/v1/customers").status_code] == [200, 200]
        reply = one.get("/v1/customers")
    assert reply.status_code == 429
    assert reply.json()["statusCode"] == 429
    assert f"{reply['Retry-After']} seconds" in reply.json()["message"]
    assert api_client().get("/v1/customers").status_code == 200


# --- the same MS-RequestId --------------------------------------------------------------------------------------------


def test_the_same_request_again_gets_the_same_answer_and_does_nothing(client, customer):
    given = str(uuid.uuid4())
    first = put_billing(client, customer, **{"MS-RequestId": given, "If-Match": "*"})
    CustomerProfile.objects.update(bill_to_email="someone@else.example")
    again = put_billing(client, customer, **{"MS-RequestId": given.upper(), "If-Match": "*"})
    assert (again.status_code, again.content) == (200, first.content)
    assert again["MS-RequestId"] == given.upper()
    assert CustomerProfile.objects.get().bill_to_email == "someone@else.example"


def test_a_refusal_is_an_answer_that_is_kept_too(client, customer):
    given = str(uuid.uuid4())
    assert put_billing(client, customer, {}, **{"MS-RequestId": given}).status_code == 400
    assert put_billing(client, customer, {}, **{"MS-RequestId": given}).status_code == 400
    assert StoredAnswer.objects.get().http_status == 400


def test_another_request_with_the_same_id_is_refused(client, customer):
    given = str(uuid.uuid4())
    put_billing(client, customer, **{"MS-RequestId": given})
    reply = put_billing(client, customer, BILLING | {"email": "c@nordlys.example"}, **{"MS-RequestId": given})
    assert (reply.status_code, reply.json()["code"]) == (422, 800002)


def test_an_id_belongs_to_one_app(client, customer, partner):
    given = str(uuid.uuid4())
    put_billing(client, customer, **{"MS-RequestId": given})
    other = BILLING | {"email": "c@nordlys.example"}
    assert put_billing(api_client(partner), customer, other, **{"MS-RequestId": given}).status_code == 200


def test_a_kept_answer_stands_sealed(client, customer):
    put_billing(client, customer, **{"MS-RequestId": str(uuid.uuid4())})
    assert b"ada@" not in bytes(StoredAnswer.objects.get().body)


def test_an_id_whose_first_attempt_died_can_be_used_again(client, customer, partner):
    given, early = str(uuid.uuid4()), timezone.now() - datetime.timedelta(minutes=10)
    put_billing(client, customer, **{"MS-RequestId": given})
    StoredAnswer.objects.update(http_status=None, created_at=early)
    assert put_billing(client, customer, **{"MS-RequestId": given}).status_code == 200


def test_a_request_still_at_work_is_not_executed_a_second_time(client, customer):
    given = str(uuid.uuid4())
    put_billing(client, customer, **{"MS-RequestId": given, "If-Match": "*"})
    StoredAnswer.objects.update(http_status=None)
    reply = put_billing(client, customer, **{"MS-RequestId": given, "If-Match": "*"})
    assert (reply.status_code, reply.json()["code"]) == (409, 900104)


def test_what_has_gone_is_refused_at_once(partner):
    secret = make_app(partner)
    client = ApiClient(token_of(secret))
    assert client.get("/v1/customers").status_code == 200
    secret.revoked_at = timezone.now()
    secret.save()
    assert client.get("/v1/customers").status_code == 401
