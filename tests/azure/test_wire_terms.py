"""First-party terms through the partner API: the next one, longer ones, early ends (sections 4.2 to 4.7, 5.4)."""

import datetime

import pytest
from django.utils import timezone

from azure.models import ProductTerm
from tests.azure.factories import LICENSE, buy, make_customer_of, make_prices, make_ways
from tests.portal.api.factories import api_client

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.fixture
def row():
    now = timezone.now()
    month = now.date().replace(day=1)
    make_prices(month=month)
    make_ways(("P3Y", "monthly", 8), ("P3Y", "annual", 90), month=month)
    return buy(make_customer_of(), LICENSE, quantity=4, now=now)


@pytest.fixture
def client(row):
    return api_client(row.billing_owner.organization)


def address(row, rest=""):
    return f"/v1/customers/{row.customer_id}/subscriptions/{row.pk}{rest}"


def test_instructions_for_the_next_term_are_read_kept_and_dropped(client, row):
    read = client.get(address(row)).json()
    assert "scheduledNextTermInstructions" not in read
    assert read["refundableQuantity"]["totalQuantity"] == 4
    wanted = {"product": {"termDuration": "P3Y", "billingCycle": "annual"}, "quantity": 2}
    reply = client.send("PATCH", address(row), read | {"scheduledNextTermInstructions": wanted})
    planned = reply.json()["scheduledNextTermInstructions"]
    assert planned["quantity"] == 2
    assert (planned["product"]["availabilityId"], planned["product"]["billingCycle"]) == ("P3Y", "annual")
    assert reply.json()["renewalTermDuration"] == "P3Y"

    stale = client.send("PATCH", address(row), read | {"friendlyName": "Mill"})
    assert (stale.status_code, stale.json()["code"]) == (400, 2055)
    read = client.get(address(row)).json()
    kept = client.send("PATCH", address(row), read | {"friendlyName": "Mill"})
    assert kept.json()["scheduledNextTermInstructions"] == planned
    read = kept.json()
    assert client.send("PATCH", address(row), read | {"status": "suspended"}).json()["status"] == "suspended"
    assert not ProductTerm.objects.get().has_plans
    wrong = client.send("PATCH", address(row), {"scheduledNextTermInstructions": wanted, "autoRenewEnabled": True})
    assert wrong.status_code == 400


def test_a_longer_term_is_listed_and_taken_as_a_transition(client, row):
    product = row.offer_id.rpartition(":")[0]
    found = client.get(address(row, "/transitionEligibilities")).json()["items"]
    assert [item["catalogItemId"] for item in found] == [f"{product}:P3Y"]
    assert found[0]["eligibilities"][0]["isEligible"] is True
    body = {"toCatalogItemId": f"{product}:P3Y", "quantity": 4, "termDuration": "P3Y"}
    reply = client.send("POST", address(row, "/transitions"), body)
    assert (reply.status_code, reply.json()["termDuration"]) == (201, "P3Y")
    changed = client.send("PATCH", address(row), {"billingCycle": "annual", "autoRenewEnabled": True})
    assert (changed.status_code, changed.json()["billingCycle"]) == (200, "annual")


def test_a_cart_names_the_last_day_of_a_first_term(client, row):
    today = timezone.now().date()
    last = (today.replace(day=1) + 64 * DAY).replace(day=1) - DAY
    line = {"catalogItemId": row.offer_id, "quantity": 2, "billingCycle": "monthly", "termDuration": "P1Y"}
    body = {"lineItems": [line | {"customTermEndDate": f"{last}T00:00:00Z"}]}
    reply = client.send("POST", f"/v1/customers/{row.customer_id}/carts", body)
    item = reply.json()["lineItems"][0]
    assert (item["customTermEndDate"][:10], item.get("error")) == (last.isoformat(), None)
    wrong = {"lineItems": [line | {"customTermEndDate": f"{last - DAY}T00:00:00Z"}]}
    reply = client.send("POST", f"/v1/customers/{row.customer_id}/carts", wrong)
    assert reply.json()["lineItems"][0]["error"]["errorCode"] == 10010
