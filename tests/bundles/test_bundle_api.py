"""Bundles through the API: what the pages do, for programs (A13)."""

import uuid

import pytest
from django.utils import timezone

from bundles.models import BundleSale, BundleVersion
from customers.models import Subscription
from portal.accounts.enums import Role
from tests.azure.factories import make_customer_of, make_prices
from tests.bundles.factories import make_bundle, number_of
from tests.factories import make_partner
from tests.portal.api.factories import api_client

pytestmark = pytest.mark.django_db
PRODUCT = {"catalogItemId": "CFQ7TTC0LDPB:0001:P1Y", "quantity": 5, "billingCycle": "monthly"}


@pytest.fixture
def relationship():
    make_prices(month=timezone.now().date().replace(day=1))
    return make_customer_of()


@pytest.fixture
def partner(relationship):
    return relationship.partner.organization


@pytest.fixture
def admin(partner):
    return api_client(partner, Role.ADMIN_AGENT)


def body(**fields):
    own = {"name": "Office start", "price": "60.00", "effectiveStartDate": timezone.now().date().isoformat()}
    return own | {"products": [PRODUCT]} | fields


def test_a_bundle_is_defined_changed_listed_and_withdrawn(admin, partner):
    made = admin.send("POST", "/v1/bundles", body(terms="Twelve months."))
    assert made.status_code == 201
    found = made.json()
    assert (found["price"], found["currencyCode"], found["billingFrequency"]) == (60.0, "EUR", "monthly")
    assert found["products"] == [PRODUCT | {"title": "Office Suite Standard", "termDuration": "P1Y"}]
    address = f"/v1/bundles/{found['id']}"

    changed = admin.send("PUT", address, body(price="70.00")).json()
    assert (changed["version"], changed["price"]) == (2, 70.0)
    make_bundle(make_partner(), now=timezone.now())
    listed = admin.send("GET", "/v1/bundles").json()
    assert [one["id"] for one in listed["items"]] == [found["id"]]
    assert admin.send("POST", f"{address}/withdraw").json()["status"] == "withdrawn"
    assert admin.send("POST", f"{address}/withdraw").status_code == 409
    assert admin.send("GET", address).json()["status"] == "withdrawn"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"products": []}, 400),
        ({"products": [PRODUCT, PRODUCT]}, 400),
        ({"products": [PRODUCT | {"catalogItemId": "NOTHING:1:P1Y"}]}, 400),
        ({"price": 0}, 400),
        ({"effectiveEndDate": "2020-01-01"}, 400),
        ({"customerId": str(uuid.UUID(int=1))}, 404),
    ],
    ids=["none", "twice", "unknown", "free", "days", "stranger"],
)
def test_what_makes_no_bundle_is_refused(admin, sent, status):
    assert admin.send("POST", "/v1/bundles", body(**sent)).status_code == status
    assert not BundleVersion.objects.exists()


def test_a_bundle_is_sold_once_however_often_the_call_is_sent(admin, relationship, partner):
    version = make_bundle(partner, now=timezone.now())
    address = f"/v1/customers/{relationship.customer_id}/bundlesales"
    sale = {"bundleId": str(version.bundle_id), "quantity": 2, "id": str(uuid.uuid4())}
    sale["partnerIdOnRecord"] = number_of(partner)

    first, second = admin.send("POST", address, sale), admin.send("POST", address, sale)

    assert (first.status_code, first.json()) == (201, second.json())
    assert first.json()["price"] == 120.0
    assert [part["unitPrice"] for part in first.json()["parts"]] == [12.0]
    assert Subscription.objects.get().quantity == 10
    assert BundleSale.objects.count() == 1
    unknown = sale | {"bundleId": str(uuid.uuid4())}
    assert admin.send("POST", address, unknown).status_code == 404


def test_others_find_no_bundle_and_a_sales_agent_defines_none(admin, partner):
    version = make_bundle(partner, now=timezone.now())
    stranger = api_client(make_partner(), Role.ADMIN_AGENT)

    assert stranger.send("GET", f"/v1/bundles/{version.bundle_id}").status_code == 404
    assert stranger.send("PUT", f"/v1/bundles/{version.bundle_id}", body()).status_code == 404
    sales = api_client(partner, Role.SALES_AGENT)
    assert sales.send("GET", "/v1/bundles").status_code == 200
    assert sales.send("POST", "/v1/bundles", body()).status_code == 403
