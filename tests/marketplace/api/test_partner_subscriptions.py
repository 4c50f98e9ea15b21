"""Marketplace subscriptions through the partner API: changes, transitions, activation (API reference, section 4)."""

import datetime

import pytest
from django.utils import timezone

from customers.enums import BillingFrequency, PendingOperation, ProductFamily, SubscriptionStatus
from marketplace.models import PurchaseToken
from portal.accounts.enums import OrganizationKind, Role
from tests.customers.factories import make_partnership, make_relationship, make_subscription
from tests.factories import make_partner
from tests.marketplace.factories import (
    make_active,
    make_buying_relationship,
    make_indirect_buying_relationship,
    make_offer,
    make_plan,
    make_purchase,
)
from tests.portal.api.factories import api_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def saas():
    return make_active(now=timezone.now())


@pytest.fixture
def client(saas):
    return api_client(saas.subscription.billing_owner.organization)


def address(saas, rest=""):
    return f"/v1/customers/{saas.subscription.customer_id}/subscriptions/{saas.pk}{rest}"


def patch(client, saas, body, **headers):
    return client.send("PATCH", address(saas), body, **headers)


def test_what_is_read_can_be_sent_back_with_one_thing_changed(client, saas):
    read = client.get(address(saas)).json()
    reply = patch(
        client, saas, read | {"friendlyName": "Head office"}, **{"If-Match": f'"{read["attributes"]["etag"]}"'}
    )
    assert (reply.status_code, reply.json()["friendlyName"]) == (200, "Head office")
    assert reply.json()["autoRenewEnabled"] is True
    stale = patch(client, saas, read | {"friendlyName": "Back office"})
    assert (stale.status_code, stale.json()["code"]) == (400, 2055)


def test_without_auto_renew_a_change_switches_it_off(client, saas):
    assert patch(client, saas, {"FriendlyName": "Head office"}).json()["autoRenewEnabled"] is False
    assert patch(client, saas, {"autoRenewEnabled": True}).json()["autoRenewEnabled"] is True


def test_a_change_of_quantity_waits_for_the_publisher(client, saas):
    reply = patch(client, saas, {"quantity": 20, "autoRenewEnabled": True})
    assert (reply.status_code, reply.content) == (202, b"")
    assert reply.headers["Location"] == address(saas).removeprefix("/v1")
    assert client.get(address(saas)).json()["quantity"] == 12
    person = api_client(saas.subscription.billing_owner.organization, Role.ADMIN_AGENT, person=True)
    assert person.get(address(saas, "/provisioningStatus")).json()["status"] == "pending"
    again = patch(client, saas, {"quantity": 30, "autoRenewEnabled": True})
    assert (again.status_code, again.json()["code"]) == (409, 900278)
    saas.subscription.refresh_from_db()
    assert saas.subscription.pending_operation == PendingOperation.QUANTITY


def test_a_quantity_out_of_range_changes_nothing_else(client, saas):
    reply = patch(client, saas, {"quantity": 0, "friendlyName": "Head office", "autoRenewEnabled": False})
    assert (reply.status_code, reply.json()["code"]) == (400, 2002)
    saas.subscription.refresh_from_db()
    assert saas.subscription.auto_renew
    assert saas.subscription.friendly_name != "Head office"


def test_the_billing_cycle_changes(client):
    saas = make_active(term="P1Y", now=timezone.now())
    client = api_client(saas.subscription.billing_owner.organization)
    reply = patch(client, saas, {"billingCycle": "annual", "autoRenewEnabled": True})
    assert (reply.status_code, reply.json()["billingCycle"]) == (200, "annual")
    saas.subscription.refresh_from_db()
    assert saas.subscription.billing_frequency == BillingFrequency.ANNUAL
    assert patch(client, saas, {"billingCycle": "triennial", "autoRenewEnabled": True}).json()["code"] == 800097


def test_the_status_deleted_cancels_within_the_window(client, saas):
    reply = patch(client, saas, {"status": "deleted"})
    assert (reply.status_code, reply.json()["status"]) == (200, "deleted")
    assert patch(client, saas, {"status": "active", "autoRenewEnabled": True}).json()["code"] == 2011
    old = make_active(saas_relationship(saas), now=timezone.now() - datetime.timedelta(days=20))
    late = patch(client, old, {"status": "deleted"})
    assert (late.status_code, late.json()["code"]) == (400, 900117)


def saas_relationship(saas):
    return saas.subscription.billing_owner.customer_relationships.get()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"status": "suspended"}, 800040),
        ({"status": "expired"}, 800040),
        ({"status": "tired"}, 900126),
        ({"partnerId": "99999999"}, 800015),
        ({"scheduledNextTermInstructions": {"quantity": 3}}, 2006),
        ({"quantity": "many"}, 3000),
    ],
)
def test_what_is_not_possible_is_refused(client, saas, body, code):
    reply = patch(client, saas, {"autoRenewEnabled": True} | body)
    assert reply.json()["code"] == code, reply.content


def test_a_purchase_that_waits_cannot_be_changed_yet(client):
    saas = make_purchase(now=timezone.now())
    client = api_client(saas.subscription.billing_owner.organization)
    assert patch(client, saas, {"quantity": 20, "autoRenewEnabled": True}).json()["code"] == 800081


def test_a_provider_credits_another_reseller():
    of_provider, _of_reseller = make_indirect_buying_relationship()
    saas = make_active(of_provider, now=timezone.now())
    other = make_partnership(of_provider.partner.organization).reseller
    number = other.locations.get().partner_id_number
    client = api_client(of_provider.partner.organization)
    reply = patch(client, saas, {"partnerId": number, "autoRenewEnabled": True})
    assert (reply.status_code, reply.json()["partnerId"]) == (200, number)
    saas.subscription.refresh_from_db()
    assert saas.subscription.reseller_id == other.pk
    listed = f"/v1/customers/{saas.subscription.customer_id}/subscriptions?mpn_id={number}"
    assert client.get(listed).json()["totalCount"] == 1


def test_only_admin_agents_of_the_billing_partner_change(saas):
    partner = saas.subscription.billing_owner.organization
    body = {"friendlyName": "Head office", "autoRenewEnabled": True}
    for role in (Role.HELPDESK_AGENT, Role.SALES_AGENT):
        refused = patch(api_client(partner, role), saas, body)
        assert (refused.status_code, refused.json()["code"]) == (403, 900150)
    reply = patch(api_client(make_partner()), saas, body)
    assert (reply.status_code, reply.json()["code"]) == (404, 1000)
    other = make_active(make_buying_relationship(partner=partner), now=timezone.now())
    here = address(saas).replace(str(saas.pk), str(other.pk))
    assert api_client(partner).send("PATCH", here, body).json()["code"] == 20003


def test_a_family_that_nothing_changes_refuses_each_change():
    relationship = make_relationship()
    row = make_subscription(relationship, product_family=ProductFamily.SHARED_SERVICES)
    client = api_client(relationship.partner.organization)
    here = f"/v1/customers/{row.customer_id}/subscriptions/{row.pk}"
    assert client.send("PATCH", here, {"autoRenewEnabled": True}).status_code == 200
    assert client.send("PATCH", here, {"quantity": 6, "autoRenewEnabled": True}).json()["code"] == 2006
    assert client.get(f"{here}/transitioneligibilities").json()["items"] == []


def test_a_subscription_becomes_another_plan_of_its_offer(client, saas):
    other = make_plan(saas.offer)
    dearer = make_plan(saas.offer, price=None)
    items = client.get(address(saas, "/transitionEligibilities")).json()["items"]
    found = {item["catalogItemId"].split(":")[1]: item["eligibilities"][0] for item in items}
    assert found[other.code]["isEligible"]
    assert found[dearer.code]["errors"][0]["code"] == 900143
    wanted = next(item["catalogItemId"] for item in items if item["catalogItemId"].split(":")[1] == other.code)
    reply = client.send("POST", address(saas, "/transitions"), {"toCatalogItemId": wanted, "quantity": 12})
    assert reply.status_code == 201, reply.content
    assert [event["status"] for event in reply.json()["events"]] == ["Started"]
    foreign = f"{make_offer().pk.hex}:{other.code}:P1M"
    assert client.send("POST", address(saas, "/transitions"), {"toCatalogItemId": foreign}).status_code == 400


def test_an_activation_link_names_the_purchase():
    saas = make_purchase(now=timezone.now())
    client = api_client(saas.subscription.billing_owner.organization, Role.SALES_AGENT)
    reply = client.get(address(saas, "/activationlinks")).json()
    assert reply["items"][0]["lineItemNumber"] == 0
    assert reply["items"][0]["link"]["uri"].startswith(f"{saas.offer.landing_page_url}?token=")
    assert PurchaseToken.objects.filter(saas=saas).count() == 1
    assert client.get(address(make_purchase(), "/activationlinks")).status_code == 404


def test_only_a_sandbox_activates_without_the_publisher():
    partner = make_partner(OrganizationKind.DIRECT_BILL, is_sandbox=True)
    saas = make_purchase(make_buying_relationship(partner=partner), now=timezone.now())
    client = api_client(partner)
    reply = client.send("POST", address(saas, "/activate"))
    assert (reply.status_code, reply.json()) == (200, {"subscriptionId": str(saas.pk), "status": "Success"})
    assert client.get(address(saas)).json()["status"] == SubscriptionStatus.ACTIVE
    assert client.send("POST", address(saas, "/activate")).json()["code"] == 800041
    outside = make_purchase(now=timezone.now())
    client = api_client(outside.subscription.billing_owner.organization)
    assert client.send("POST", address(outside, "/activate")).json()["code"] == 900127
