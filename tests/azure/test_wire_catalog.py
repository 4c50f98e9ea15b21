"""First-party products through the API: catalog, cart, orders, and their changes (API reference, sections 4 and 5)."""

import pytest
from django.utils import timezone

from customers.models import Subscription
from portal.accounts.enums import Role
from tests.azure.factories import LICENSE, PLAN, RESERVATION, UNDER_PLAN, buy, make_customer_of, make_prices
from tests.portal.api.factories import api_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def relationship():
    make_prices(timezone.now().date().replace(day=1))
    return make_customer_of()


@pytest.fixture
def client(relationship):
    return api_client(relationship.partner.organization, Role.ADMIN_AGENT)


def home(relationship, rest):
    return f"/v1/customers/{relationship.customer_id}/{rest}"


def line(codes, term="none", cycle="none", **changes):
    item = f"{codes['product_id']}:{codes['sku_id']}:{term}"
    return {"catalogItemId": item, "quantity": 1, "billingCycle": cycle} | changes


def test_products_stand_in_their_views(client, relationship):
    def titles(query):
        return [one["title"] for one in client.get(home(relationship, f"products{query}")).json()["items"]]

    assert titles("?targetView=OnlineServices") == ["Office Suite Standard"]
    assert titles("?targetView=SoftwarePerpetual") == ["Server 2025"]
    assert "Azure plan" in titles("?targetView=Azure")
    assert titles("?targetView=MarketplaceSaaS") == []
    assert len(titles("")) == 9
    assert client.get("/v1/products?country=SE&targetView=OnlineServices").json()["items"] == []


def test_a_product_leads_to_what_goes_into_a_cart(client, relationship):
    product = client.get(home(relationship, "products?targetView=OnlineServices")).json()["items"][0]
    sku = client.get("/v1" + product["links"]["skus"]["uri"]).json()["items"][0]
    sold = client.get("/v1" + sku["links"]["availabilities"]["uri"]).json()["items"][0]
    assert sold["catalogItemId"] == f"{LICENSE['product_id']}:{LICENSE['sku_id']}:P1Y"
    assert [term["billingCycle"] for term in sold["terms"]] == ["monthly"]
    usage = client.get(home(relationship, "products/azure-plan/skus/usage/availabilities")).json()["items"][0]
    assert usage["catalogItemId"] == "azure-plan:usage:none"


def test_each_line_becomes_an_order_of_its_own(client, relationship):
    lines = [line(PLAN), line(LICENSE, "P1Y", "monthly", quantity=4, friendlyName="Office")]
    cart = client.send("POST", home(relationship, "carts"), {"lineItems": lines}).json()
    assert [one["orderGroup"] for one in cart["lineItems"]] == ["0", "1"]
    assert [one["pricing"]["extendedPrice"] for one in cart["lineItems"]] == [0, 480]
    done = client.send("POST", f"/v1{cart['links']['self']['uri']}/checkout")
    assert done.status_code == 201, done.content
    assert [order["status"] for order in done.json()["orders"]] == ["completed", "completed"]
    bought = Subscription.objects.get(product_family="license_based")
    assert (bought.quantity, bought.friendly_name, bought.offer_id) == (4, "Office", lines[1]["catalogItemId"])
    listed = client.get(home(relationship, "orders?include_price=true")).json()["items"]
    assert {order["id"] for order in listed} == {order["id"] for order in done.json()["orders"]}


def test_what_cannot_be_bought_says_why(client, relationship):
    lines = [line(UNDER_PLAN), line(LICENSE, "P3Y", "monthly"), line(LICENSE, "P1Y", "monthly", quantity=0)]
    cart = client.send("POST", home(relationship, "carts"), {"lineItems": lines}).json()
    assert [one["error"]["errorCode"] for one in cart["lineItems"]] == [10007, 10010, 10010]


def test_a_reservation_is_limited_to_an_azure_subscription(client, relationship):
    buy(relationship, PLAN, now=timezone.now())
    azure = buy(relationship, UNDER_PLAN, now=timezone.now())
    wanted = line(
        RESERVATION, "P1Y", "monthly", provisioningContext={"scope": "single", "subscriptionId": str(azure.pk)}
    )
    cart = client.send("POST", home(relationship, "carts"), {"lineItems": [wanted]}).json()
    done = client.send("POST", f"/v1{cart['links']['self']['uri']}/checkout")
    assert done.status_code == 201, done.content
    assert Subscription.objects.get(product_family="reservation").parent_id == azure.pk


def test_a_license_changes_by_patch(client, relationship):
    row = buy(relationship, LICENSE, quantity=4, now=timezone.now())
    here = home(relationship, f"subscriptions/{row.pk}")
    reply = client.send("PATCH", here, client.get(here).json() | {"quantity": 9})
    assert (reply.status_code, reply.json()["quantity"]) == (200, 9)
    suspended = client.send("PATCH", here, reply.json() | {"status": "suspended"})
    assert suspended.json()["status"] == "suspended", suspended.content
