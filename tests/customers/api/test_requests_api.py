"""Relationship requests and partnerships through the API (R1, R10; not in the original)."""

import pytest

from portal.accounts.enums import OrganizationKind, PartnershipStatus, Role
from portal.accounts.models import Partnership
from portal.notifications.models import OutgoingEmail
from tests.customers.factories import make_partnership
from tests.factories import make_partner
from tests.portal.api.factories import api_client

pytestmark = pytest.mark.django_db
HERE = "/v1/relationshiprequests"


@pytest.fixture
def partner():
    return make_partner()


@pytest.fixture
def client(partner):
    return api_client(partner)


def asked(client, **changes):
    body = {"customerName": "Nordlys Bakeri", "email": "ada@nordlys.example", "language": "fr-FR"} | changes
    return client.send("POST", HERE, body)


def test_a_request_is_made_mailed_sent_again_and_revoked(client, partner):
    made = asked(client, send=True)
    assert made.status_code == 201, made.content
    one = made.json()
    assert (one["status"], one["language"], one["includeAdminRights"]) == ("sent", "fr", True)
    mail = OutgoingEmail.objects.get(recipient="ada@nordlys.example")
    assert mail.language == "fr"
    address = "/v1" + one["links"]["self"]["uri"]
    read = client.get(address).json()
    assert read == {name: value for name, value in one.items() if name != "url"}
    assert client.get(f"{HERE}?status=sent").json()["items"] == [read]
    assert client.get(f"{HERE}?status=accepted").json()["items"] == []

    again = client.send("POST", f"{address}/send").json()
    assert again["url"] not in ("", one["url"])
    assert OutgoingEmail.objects.filter(recipient="ada@nordlys.example").count() == 2
    assert client.send("DELETE", address).status_code == 204
    assert client.get(address).json()["status"] == "revoked"
    assert client.send("DELETE", address).json()["code"] == 2000


def test_without_send_nothing_goes_out(client):
    one = asked(client, email="").json()
    assert one["status"] == "ready"
    assert one["url"].startswith("http")
    assert not OutgoingEmail.objects.exists()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"customerName": ""}, 3000),
        ({"email": "nobody"}, 3000),
        ({"email": "", "send": True}, 3000),
        ({"domain": "not a domain"}, 3000),
        ({"language": "de"}, 3000),
        ({"message": "no link here"}, 3000),
    ],
)
def test_a_request_that_cannot_be_is_refused(client, body, code):
    reply = asked(client, **body)
    assert (reply.status_code, reply.json()["code"]) == (400, code)


def test_requests_belong_to_the_partner(client):
    address = "/v1" + asked(client).json()["links"]["self"]["uri"]
    assert api_client().get(address).status_code == 404
    assert api_client().send("DELETE", address).status_code == 404
    assert api_client(None, Role.BILLING_ADMIN).get(HERE).json()["code"] == 900150


def test_a_reseller_asks_for_its_provider(client):
    partnership = make_partnership()
    provider, reseller = partnership.provider.organization, partnership.reseller.organization
    made = asked(api_client(reseller), indirectCloudSolutionProviderId=str(provider.pk))
    assert (made.status_code, made.json()["indirectResellerId"]) == (201, str(reseller.pk))
    assert api_client(provider).get(HERE).json()["totalCount"] == 1


def test_a_partnership_is_asked_for_accepted_and_ended():
    provider = make_partner(OrganizationKind.INDIRECT_PROVIDER)
    reseller = make_partner(OrganizationKind.INDIRECT_RESELLER)
    number = reseller.partner.locations.get().partner_id_number
    asking, answering = api_client(provider, Role.GLOBAL_ADMIN), api_client(reseller, Role.GLOBAL_ADMIN)
    made = asking.send("POST", "/v1/partnerships", {"partner": number})
    assert made.status_code == 201, made.content
    assert (made.json()["status"], made.json()["requestedBy"]) == ("requested", str(provider.pk))
    address = "/v1" + made.json()["links"]["self"]["uri"]
    assert asking.send("PATCH", address, {"status": "active"}).json()["code"] == 900308
    assert api_client(reseller).send("PATCH", address, {"status": "active"}).json()["code"] == 900150
    assert answering.send("PATCH", address, {"status": "Active"}).json()["status"] == "active"
    assert asking.get("/v1/partnerships?status=active").json()["totalCount"] == 1
    assert asking.send("POST", "/v1/partnerships", {"partner": str(reseller.pk)}).json()["code"] == 2000
    assert asking.send("PATCH", address, {"status": "ended"}).json()["status"] == "ended"
    assert Partnership.objects.get().status == PartnershipStatus.ENDED
    assert asking.get("/v1/partnerships").json()["totalCount"] == 0


def test_what_is_no_partnership_is_refused():
    provider = api_client(make_partner(OrganizationKind.INDIRECT_PROVIDER), Role.GLOBAL_ADMIN)
    assert provider.send("POST", "/v1/partnerships", {"partner": "99999999"}).json()["code"] == 800015
    other = make_partner(OrganizationKind.INDIRECT_PROVIDER)
    assert provider.send("POST", "/v1/partnerships", {"partner": str(other.pk)}).json()["code"] == 2071
    theirs = make_partnership()
    assert provider.get(f"/v1/partnerships/{theirs.pk}").status_code == 404
