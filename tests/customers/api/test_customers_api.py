"""Customers through the API (API reference, section 3)."""

import json
import uuid
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.enums import RelationshipStatus
from customers.models import ResellerRelationship
from portal.accounts.enums import Role
from portal.accounts.models import Organization
from tests.customers.factories import make_indirect_relationships, make_relationship, make_subscription
from tests.factories import NOON, make_partner
from tests.portal.api.factories import api_client

pytestmark = pytest.mark.django_db

NEW = {
    "CompanyProfile": {"Domain": "nordlys.onmicrosoft.example"},
    "BillingProfile": {
        "Email": "ada@nordlys.example",
        "Culture": "sv-SE",
        "Language": "sv",
        "CompanyName": "Nordlys Bakeri",
        "DefaultAddress": {
            "FirstName": "Ada",
            "LastName": "Nord",
            "AddressLine1": "12 rue du Port",
            "City": "Brest",
            "PostalCode": "29200",
            "Country": "FR",
        },
    },
    "Id": None,
    "RelationshipToPartner": "none",
    "CustomDomains": None,
    "Attributes": {"ObjectType": "Customer"},
}


@pytest.fixture
def partner():
    return make_partner()


@pytest.fixture
def client(partner):
    return api_client(partner)


@pytest.fixture
def person(partner):
    return api_client(partner, Role.ADMIN_AGENT, person=True)


def filtered(field, value, operator="starts_with"):
    return quote(json.dumps({"Field": field, "Value": value, "Operator": operator}))


def names(reply):
    assert reply.status_code == 200, reply.content
    return [item["companyProfile"]["companyName"] for item in reply.json()["items"]]


def test_a_customer_list_has_the_envelope_of_the_original(client, partner):
    relationship = make_relationship(partner, name="Nordlys Bakeri", domain="nordlys.example")
    make_relationship(name="Somebody else's")
    here = f"/customers/{relationship.customer_id}"
    assert client.get("/v1/customers?size=40").json() == {
        "totalCount": 1,
        "items": [
            {
                "id": str(relationship.customer_id),
                "companyProfile": {
                    "tenantId": str(relationship.customer_id),
                    "domain": "nordlys.example",
                    "companyName": "Nordlys Bakeri",
                    "links": {"self": {"uri": f"{here}/profiles/company", "method": "GET", "headers": []}},
                    "attributes": {"objectType": "CustomerCompanyProfile"},
                },
                "relationshipToPartner": "reseller",
                "links": {"self": {"uri": here, "method": "GET", "headers": []}},
                "attributes": {"objectType": "Customer"},
            }
        ],
        "links": {"self": {"uri": "/customers?size=40", "method": "GET", "headers": []}},
        "attributes": {"objectType": "Collection"},
    }


def test_a_client_walks_all_pages_by_the_links(client, partner):
    for number in range(5):
        make_relationship(partner, name=f"Customer {number}")
    seen, reply = [], client.get("/v1/customers?size=2")
    while True:
        seen += names(reply)
        following = reply.json()["links"].get("next")
        if not following:
            break
        headers = {header["key"]: header["value"] for header in following["headers"]}
        reply = client.get("/v1/" + following["uri"], headers=headers)
    assert seen == [f"Customer {number}" for number in range(5)]
    back = reply.json()["links"]["previous"]
    headers = {header["key"]: header["value"] for header in back["headers"]}
    assert names(client.get("/v1" + back["uri"], headers=headers)) == ["Customer 2", "Customer 3"]


def test_pages_keep_their_filter(client, partner):
    for name in ("Nord A", "Nord B", "Syd"):
        make_relationship(partner, name=name)
    following = client.get(f"/v1/customers?size=1&filter={filtered('CompanyName', 'nord')}").json()["links"]["next"]
    headers = {header["key"]: header["value"] for header in following["headers"]}
    assert names(client.get("/v1" + following["uri"], headers=headers)) == ["Nord B"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (filtered("CompanyName", "NORD"), ["Nordlys"]),
        (filtered("companyname", "ord"), []),
        (filtered("Domain", "Syd"), ["Sydvind"]),
        (filtered("CompanyName", ""), ["Nordlys", "Sydvind"]),
        (quote('{"field":"CompanyName","value":"nord","operator":"StartsWith"}'), ["Nordlys"]),
        (quote('{"Field":"CompanyName","Value":"nord","Operator":9}'), ["Nordlys"]),
    ],
)
def test_a_list_is_searched_by_the_beginning_of_name_or_domain(client, partner, wanted, found):
    make_relationship(partner, name="Nordlys", domain="nordlys.example")
    make_relationship(partner, name="Sydvind", domain="sydvind.example")
    assert names(client.get(f"/v1/customers?size=0&filter={wanted}")) == found


def test_a_provider_finds_the_customers_of_a_reseller():
    of_provider, of_reseller = make_indirect_relationships(name="Shared")
    provider, reseller = of_provider.partner.organization, of_reseller.partner.organization
    make_relationship(provider, name="Other", counterpart=make_partner("indirect_reseller"))
    wanted = filtered("IndirectReseller", str(reseller.pk))
    assert names(api_client(provider).get(f"/v1/customers?filter={wanted}")) == ["Shared"]
    wanted = filtered("IndirectCloudSolutionProvider", str(provider.pk))
    assert names(api_client(reseller).get(f"/v1/customers?filter={wanted}")) == ["Shared"]


@pytest.mark.parametrize(
    "query",
    [
        "filter={",
        "filter=[]",
        "filter=" + filtered("Name", "x"),
        "filter=" + filtered("CompanyName", "x", "substring"),
        "filter=" + filtered("CompanyName", ["x"]),
        "filter=" + filtered("IndirectReseller", "x"),
        "size=x",
        "size=-1",
        "seekOperation=Next",
    ],
)
def test_a_query_that_cannot_be_read_is_refused(client, query):
    reply = client.get(f"/v1/customers?{query}")
    assert (reply.status_code, reply.json()["code"]) == (400, 2000)


def test_a_continuation_token_that_cannot_be_read_is_refused(client):
    for token in ("x", "bm9wZQ", "WyJuIiwxXQ"):
        reply = client.get("/v1/customers?seekOperation=Next", headers={"MS-ContinuationToken": token})
        assert (reply.status_code, reply.json()["code"]) == (400, 2000)


def test_a_customer_shows_its_profiles(client, partner):
    relationship = make_relationship(partner, has_admin_rights=True)
    reply = client.get(f"/v1/customers/{relationship.customer_id}").json()
    assert reply["allowDelegatedAccess"] is True
    assert reply["billingProfile"]["attributes"]["objectType"] == "CustomerBillingProfile"
    assert uuid.UUID(reply["commerceId"])
    assert reply["attributes"] == {"objectType": "Customer"}


def test_a_customer_names_the_reseller_it_comes_from():
    of_provider, of_reseller = make_indirect_relationships()
    reply = api_client(of_provider.partner.organization).get(f"/v1/customers/{of_provider.customer_id}").json()
    number = of_reseller.partner.locations.get(is_headquarters=True).partner_id_number
    assert reply["associatedPartnerId"] == number


PATHS = [
    ("GET", ""),
    ("PATCH", ""),
    ("GET", "/profiles/company"),
    ("GET", "/profiles/billing"),
    ("PUT", "/profiles/billing"),
    ("GET", "/qualifications"),
    ("POST", "/qualifications"),
    ("GET", "/qualification"),
    ("PUT", "/qualification"),
    ("GET", "/agreements"),
    ("POST", "/agreements"),
    ("GET", "/directSignedMicrosoftCustomerAgreementStatus"),
    ("GET", "/relationships"),
    ("GET", "/subscriptions"),
    ("GET", f"/subscriptions/{uuid.UUID(int=7)}"),
]
BODIES = {
    "": {"relationshipToPartner": "none"},
    "/qualifications": {"qualification": "Education"},
    "/qualification": "Education",
    "/profiles/billing": NEW["BillingProfile"],
}


@pytest.mark.parametrize(("method", "rest"), PATHS)
def test_another_partner_s_customer_answers_like_one_that_does_not_exist(person, method, rest):
    foreign, ended = make_relationship(), make_relationship(status=RelationshipStatus.REMOVED, removed_at=NOON)
    body = BODIES.get(rest) or {
        "primaryContact": {"firstName": "A", "lastName": "B", "email": "a@b.example"},
        "dateAgreed": "2026-01-02",
        "type": "MicrosoftCustomerAgreement",
        "templateId": person.get("/v1/agreements").json()["items"][0]["templateId"],
    }
    replies = [
        person.send(method, f"/v1/customers/{customer}{rest}", None if method == "GET" else body)
        for customer in (foreign.customer_id, ended.customer_id, uuid.uuid4())
    ]
    assert {(reply.status_code, reply.content) for reply in replies} == {(404, replies[0].content)}
    assert replies[0].json()["code"] == 1000


def test_a_customer_is_added_with_everything_it_needs(client, partner):
    reply = client.send("POST", "/v1/customers", NEW)
    assert reply.status_code == 201, reply.content
    value = reply.json()
    organization = Organization.objects.get(pk=value["id"])
    assert (organization.name, organization.country, organization.language) == ("Nordlys Bakeri", "FR", "sv")
    assert value["relationshipToPartner"] == "none"
    assert value["userCredentials"] == {"userName": "ada@nordlys.example"}
    assert value["billingProfile"]["defaultAddress"] == {
        "addressLine1": "12 rue du Port",
        "city": "Brest",
        "postalCode": "29200",
        "country": "FR",
        "firstName": "Ada",
        "lastName": "Nord",
    }
    assert names(client.get("/v1/customers")) == ["Nordlys Bakeri"]
    assert client.get(f"/v1/customers/{value['id']}").json()["relationshipToPartner"] == "reseller"


@pytest.mark.parametrize(
    ("part", "change", "status", "code"),
    [
        ("CompanyProfile", {"Domain": "no domain"}, 400, 3000),
        ("CompanyProfile", {"Domain": None}, 400, 3000),
        ("BillingProfile", {"Email": "x"}, 400, 3000),
        ("BillingProfile", {"DefaultAddress": None}, 400, 3000),
        ("BillingProfile", {"Language": "xx"}, 400, 3000),
    ],
)
def test_a_customer_that_lacks_something_is_refused(client, part, change, status, code):
    reply = client.send("POST", "/v1/customers", NEW | {part: NEW[part] | change})
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert not ResellerRelationship.objects.exists()


def test_a_customer_outside_the_partner_s_market_is_refused(client):
    address = NEW["BillingProfile"]["DefaultAddress"] | {"Country": "US"}
    reply = client.send(
        "POST", "/v1/customers", NEW | {"BillingProfile": NEW["BillingProfile"] | {"DefaultAddress": address}}
    )
    assert reply.status_code == 400
    assert "customer-outside-market" in reply.json()["data"]


def test_a_partner_adds_a_customer_for_its_reseller_only_with_a_person_behind_it():
    of_provider, of_reseller = make_indirect_relationships()
    provider = of_provider.partner.organization
    number = of_reseller.partner.locations.get(is_headquarters=True).partner_id_number
    body = NEW | {"AssociatedPartnerId": number}
    assert api_client(provider).send("POST", "/v1/customers", body).json()["code"] == 900329
    reply = api_client(provider, Role.ADMIN_AGENT, person=True).send("POST", "/v1/customers", body)
    assert reply.status_code == 201, reply.content
    assert reply.json()["associatedPartnerId"] == number


def test_a_relationship_ends_with_the_one_answer_in_other_letters(person, partner):
    relationship = make_relationship(partner)
    reply = person.send("PATCH", f"/v1/customers/{relationship.customer_id}", {"relationshipToPartner": "none"})
    assert reply.json()["RelationshipToPartner"] == "none"
    assert reply.json()["Id"] is None
    relationship.refresh_from_db()
    assert relationship.status == RelationshipStatus.REMOVED
    assert person.get(f"/v1/customers/{relationship.customer_id}").status_code == 404


def test_a_relationship_with_billed_subscriptions_does_not_end(person, partner):
    relationship = make_relationship(partner)
    make_subscription(relationship)
    reply = person.send("PATCH", f"/v1/customers/{relationship.customer_id}", {"RelationshipToPartner": 5})
    assert reply.status_code == 400
    assert "relationship-in-use" in reply.json()["data"]


def test_a_domain_is_taken_or_free(client, partner):
    assert client.head(f"/v1/domains/{partner.domain.upper()}").status_code == 200
    assert client.head("/v1/domains/free.example").status_code == 404
    assert client.get("/v1/validations/checkDomainAvailability/free.example").json() is True


def test_an_address_comes_back_unchecked(client):
    reply = client.send(
        "POST", "/v1/validations/address", {"AddressLine1": "Storgata 1", "City": "Oslo", "Country": "NO"}
    )
    original = {"addressLine1": "Storgata 1", "city": "Oslo", "country": "NO"}
    assert reply.json() == {"originalAddress": original, "suggestedAddresses": [], "status": "NotValidated"}


def test_a_customer_qualifies(person, partner):
    here = f"/v1/customers/{make_relationship(partner).customer_id}"
    assert person.get(f"{here}/qualifications").json() == []
    reply = person.send("POST", f"{here}/qualifications", {"Qualification": "education", "EducationSegment": "K12"})
    assert (reply.status_code, reply.json()) == (201, {"qualification": "Education", "vettingStatus": "Approved"})
    assert person.get(f"{here}/qualifications").json() == [reply.json()]
    assert person.send("PUT", f"{here}/qualification", "StateOwnedEntity").json() == "StateOwnedEntity"
    assert person.send("PUT", f"{here}/qualification", 0).json() == "None"
    assert person.send("PUT", f"{here}/qualification", "Rich").json()["code"] == 900126
    assert person.send("POST", f"{here}/qualifications", {"qualification": "nonprofit"}).status_code == 400


def agreement(client, **changes):
    template = client.get("/v1/agreements?agreementType=*").json()["items"][0]["templateId"]
    contact = {"firstName": "Ada", "lastName": "Nord", "email": "ada@nordlys.example", "phoneNumber": "1"}
    return {
        "primaryContact": contact,
        "dateAgreed": "2026-01-02T03:04:05.1234567Z",
        "templateId": template,
        "type": "MicrosoftCustomerAgreement",
    } | changes


def test_an_agreement_is_confirmed_once_per_contact(person, partner):
    here = f"/v1/customers/{make_relationship(partner).customer_id}/agreements"
    assert person.get(here).json() == {"totalCount": 0, "items": []}
    reply = person.send("POST", here, agreement(person))
    assert reply.status_code == 201, reply.content
    assert reply.json()["dateAgreed"] == "2026-01-02T00:00:00Z"
    assert person.get(here).json()["items"] == [reply.json()]
    again = person.send("POST", here, agreement(person))
    assert (again.status_code, again.json()["code"]) == (400, 600061)
    assert person.get(here + "?agreementType=MicrosoftCloudAgreement").json()["totalCount"] == 0


def test_an_app_alone_names_who_confirms_an_agreement(client, partner):
    here = f"/v1/customers/{make_relationship(partner).customer_id}/agreements"
    assert client.send("POST", here, agreement(client)).json()["code"] == 3000
    someone = str(uuid.uuid4())
    reply = client.send("POST", here, agreement(client, UserId=someone))
    assert (reply.status_code, reply.json()["userId"]) == (201, someone)


@pytest.mark.parametrize(
    "changes",
    [
        {"dateAgreed": "soon"},
        {"dateAgreed": "9999-01-01"},
        {"templateId": str(uuid.UUID(int=7))},
        {"type": "Handshake"},
    ],
)
def test_an_agreement_that_cannot_be_is_refused(person, partner, changes):
    here = f"/v1/customers/{make_relationship(partner).customer_id}/agreements"
    assert person.send("POST", here, agreement(person, **changes)).status_code == 400


def test_an_invitation_link_goes_on_working_and_leads_to_the_same_request(person, partner):
    one = person.get("/v1/customers/relationshiprequests").json()
    with CaptureQueriesContext(connection) as queries:
        two = person.get("/v1/customers/RelationshipRequests").json()
    assert not [query for query in queries if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert one["attributes"] == {"objectType": "RelationshipRequest"}
    assert one == two
    partner.partner.invitations.get().links.update(replaced_at=timezone.now())
    assert person.get("/v1/customers/relationshiprequests").json()["url"] not in ("", one["url"])
    assert partner.partner.invitations.count() == 1
    person.get("/v1/customers/relationshiprequests?DAP=false")
    assert partner.partner.invitations.count() == 2


def test_a_customer_of_the_indirect_model_names_the_other_partner():
    of_provider, of_reseller = make_indirect_relationships()
    client = api_client(of_provider.partner.organization, Role.ADMIN_AGENT, person=True)
    items = client.get(f"/v1/customers/{of_provider.customer_id}/relationships").json()["items"]
    assert [item["id"] for item in items] == [str(of_reseller.partner_id)]
    assert items[0]["relationshipType"] == "is_indirect_cloud_solution_provider_of"


def test_subscriptions_are_listed_and_read(client, partner):
    relationship = make_relationship(partner)
    subscription = make_subscription(relationship)
    make_subscription(make_relationship(customer=relationship.customer))
    here = f"/v1/customers/{relationship.customer_id}/subscriptions"
    listed = client.get(here).json()
    assert [item["id"] for item in listed["items"]] == [str(subscription.pk)]
    assert client.get(f"{here}/{str(subscription.pk).upper()}").json() == listed["items"][0]
    assert client.get(f"{here}?order_id={uuid.uuid4()}").json()["totalCount"] == 0
    assert "links" not in client.get(f"{here}?mpn_id=1").json()
    missing = client.get(f"{here}/{uuid.uuid4()}")
    assert (missing.status_code, missing.json()["code"]) == (404, 20003)
