"""Partner profiles, partnerships and signed agreements through the API (API reference, 3.10 and 3.11)."""

import pytest

from portal.accounts.enums import OrganizationKind, Role
from tests.customers.factories import make_partnership
from tests.factories import make_partner
from tests.portal.api.factories import api_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def partner():
    return make_partner(name="Skog Cloud", contact_email="hello@skog.example", address="Storgata 1\n0155 Oslo")


@pytest.fixture
def client(partner):
    return api_client(partner, Role.ADMIN_AGENT, Role.GLOBAL_ADMIN, person=True)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("legalbusiness?vettingVersion=Current", "LegalBusinessProfile"),
        ("mpn", "MpnProfile"),
        ("organization", "OrganizationProfile"),
        ("support", "SupportProfile"),
        ("billing", "BillingProfile"),
    ],
)
def test_a_profile_says_what_it_is(client, name, kind):
    reply = client.get(f"/v1/profiles/{name}").json()
    assert reply["profileType"] == reply["attributes"]["objectType"] == kind
    assert reply["links"]["self"]["uri"] == f"/profiles/{name.partition('?')[0]}"


def test_a_partner_is_found_by_its_number(client, partner):
    number = partner.partner.locations.get().partner_id_number
    assert client.get("/v1/profiles/mpn").json()["mpnId"] == number
    other = make_partner(name="Other").partner.locations.get().partner_id_number
    assert client.get(f"/v1/profiles/mpn?MpnId={other}").json()["partnerName"] == "Other"
    missing = client.get("/v1/profiles/mpn?mpnId=1")
    assert (missing.status_code, missing.json()["code"]) == (404, 3000)
    hidden = make_partner(is_sandbox=True).partner.locations.get().partner_id_number
    assert client.get(f"/v1/profiles/mpn?mpnId={hidden}").status_code == 404


def test_the_organization_profile_is_changed_by_its_etag(client, partner):
    profile = client.get("/v1/profiles/organization").json()
    assert profile["defaultAddress"] == {
        "addressLine1": "Storgata 1",
        "city": "Oslo",
        "postalCode": "0155",
        "country": "FR",
    }
    changed = profile | {"companyName": "Skog & Sky"}
    reply = client.send("PUT", "/v1/profiles/organization", changed)
    assert reply.json()["companyName"] == "Skog & Sky", reply.content
    partner.refresh_from_db()
    assert (partner.name, partner.address) == ("Skog & Sky", "Storgata 1\n0155 Oslo")
    assert client.send("PUT", "/v1/profiles/organization", changed).status_code == 412
    assert client.send("PUT", "/v1/profiles/organization", {"companyName": ""}).json()["code"] == 3000


def test_provider_and_reseller_list_each_other():
    partnership = make_partnership()
    provider, reseller = partnership.provider.organization, partnership.reseller.organization
    make_partnership()
    items = (
        api_client(provider, Role.ADMIN_AGENT, person=True)
        .get("/v1/relationships?relationship_type=IsIndirectCloudSolutionProviderOf")
        .json()["items"]
    )
    assert items == [
        {
            "id": str(reseller.pk),
            "name": reseller.name,
            "relationshipType": "is_indirect_cloud_solution_provider_of",
            "state": "Active",
            "mpnId": reseller.partner.locations.get().partner_id_number,
            "location": "FR",
            "attributes": {"objectType": "PartnerRelationship"},
        }
    ]
    items = api_client(reseller, Role.ADMIN_AGENT, person=True).get("/v1/relationships").json()["items"]
    assert [(item["id"], item["relationshipType"]) for item in items] == [(str(provider.pk), "is_indirect_reseller_of")]
    client = api_client(provider, Role.ADMIN_AGENT, person=True)
    assert client.get("/v1/relationships?relationship_type=Friend").json()["code"] == 900126


def test_a_provider_asks_whether_its_reseller_signed():
    partnership = make_partnership()
    client = api_client(partnership.provider.organization, Role.ADMIN_AGENT, person=True)
    here = "/v1/compliance/csp/agreementStatus"
    number = partnership.reseller.locations.get().partner_id_number
    assert client.get(f"{here}?mpnId={number}").json() == {"isAgreementSigned": True}
    assert client.get(f"{here}?tenantId={partnership.reseller_id}").json() == {"isAgreementSigned": True}
    assert client.get(here).json()["code"] == 2000
    assert client.get(f"{here}?tenantId=x").json()["code"] == 2000
    stranger = make_partner(OrganizationKind.INDIRECT_RESELLER)
    assert client.get(f"{here}?tenantId={stranger.pk}").status_code == 404
