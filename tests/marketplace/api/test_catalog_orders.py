"""Catalog, carts and orders of marketplace products through the partner API (API reference, section 5)."""

import datetime
import threading
import uuid

import pytest
from django.db import connection
from django.utils import timezone

from customers.catalog import WantedLine
from customers.enums import ProductFamily
from customers.models import Subscription, WireCart
from customers.workflow import carts
from marketplace.models import Cart, ExclusivePartner, Order, PlanAudience
from portal.accounts.enums import OrganizationKind, Role
from tests.customers.factories import make_relationship
from tests.factories import make_actor
from tests.marketplace.factories import (
    make_buying_relationship,
    make_indirect_buying_relationship,
    make_offer,
    make_order,
    make_plan,
)
from tests.portal.api.factories import api_client

pytestmark = pytest.mark.django_db
SAAS = "targetView=MarketplaceSaaS"


@pytest.fixture
def relationship():
    return make_buying_relationship()


@pytest.fixture
def client(relationship):
    return api_client(relationship.partner.organization, Role.SALES_AGENT)


@pytest.fixture
def plan():
    return make_plan(make_offer(name="Notes", summary="Write things down."), min_quantity=5, max_quantity=50)


def home(relationship):
    return f"/v1/customers/{relationship.customer_id}"


def item(plan, term="P1M"):
    return f"{plan.offer_id.hex}:{plan.code}:{term}"


def line(plan, **changes):
    return {"catalogItemId": item(plan), "quantity": 12, "billingCycle": "monthly", "friendlyName": "Office"} | changes


def test_a_product_leads_to_what_goes_into_a_cart(client, plan):
    listed = client.get("/v1/products?country=FR&targetView=marketplacesaas").json()
    product = listed["items"][0]
    assert (product["title"], product["isMicrosoftProduct"]) == ("Notes", False)
    assert product["productType"]["subType"]["id"] == "SaaS"
    assert client.get("/v1" + product["links"]["self"]["uri"]).json() == product
    skus = client.get("/v1" + product["links"]["skus"]["uri"]).json()
    sku = skus["items"][0]
    assert (sku["minimumQuantity"], sku["maximumQuantity"]) == (5, 50)
    assert sku["supportedBillingCycles"] == ["monthly", "annual"]
    assert client.get("/v1" + sku["links"]["self"]["uri"]).json() == sku
    sold = client.get("/v1" + sku["links"]["availabilities"]["uri"]).json()
    assert [one["catalogItemId"] for one in sold["items"]] == [item(plan), item(plan, "P1Y")]
    assert [term["billingCycle"] for term in sold["items"][1]["terms"]] == ["monthly", "annual"]
    assert sold["items"][0]["terms"][0]["cancellationPolicies"][0]["refundOptions"][0]["expiresAfter"] == "P1D"
    assert client.get("/v1" + sold["items"][0]["links"]["self"]["uri"]).json() == sold["items"][0]


def test_a_customer_s_catalog_holds_what_is_private_to_it(client, relationship, plan):
    plan.is_private = True
    plan.save()
    assert client.get(f"{home(relationship)}/products?{SAAS}").json()["totalCount"] == 0
    PlanAudience.objects.create(plan=plan, organization_id=relationship.customer_id)
    product = client.get(f"{home(relationship)}/products?{SAAS}").json()["items"][0]
    assert product["links"]["self"]["uri"] == f"/customers/{relationship.customer_id}/products/{plan.offer_id.hex}"
    assert client.get(f"/v1/products?country=FR&{SAAS}").json()["totalCount"] == 0


def test_what_may_not_be_sold_is_not_in_the_catalog(client, relationship):
    make_plan(make_offer(status="draft"))
    make_plan(make_offer(is_sold_by_partners=False))
    make_plan(make_offer(), countries=["SE"])
    make_plan(make_offer(), is_stopped=True)
    make_plan(make_offer(), price=None)
    exclusive = make_plan(make_offer(is_exclusive=True))
    assert client.get(f"/v1/products?country=FR&{SAAS}").json()["totalCount"] == 0
    assert client.get(f"/v1/products?country=se&{SAAS}").json()["totalCount"] == 1
    ExclusivePartner.objects.create(offer=exclusive.offer, partner=relationship.partner)
    assert client.get(f"/v1/products?country=FR&{SAAS}").json()["totalCount"] == 1
    assert (
        client.get("/v1/products?country=FR&targetSegment=education&targetView=MarketplaceSaaS").json()["totalCount"]
        == 0
    )
    assert client.get("/v1/products?country=FR&targetView=OnlineServices").json()["totalCount"] == 0


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("products", 400, 2000),
        ("products?country=France", 400, 2000),
        ("products?country=FR&targetView=Everything", 403, 400036),
        ("products?country=FR&targetSegment=rich", 403, 400030),
        ("products/x?country=FR", 404, 400013),
        ("products/{product}/skus/x?country=FR", 404, 400018),
        ("products/{product}/skus/{sku}/availabilities/P9Y?country=FR", 404, 400019),
    ],
)
def test_what_the_catalog_does_not_have_is_refused(client, plan, path, status, code):
    reply = client.get("/v1/" + path.format(product=plan.offer_id.hex, sku=plan.code))
    assert (reply.status_code, reply.json()["code"]) == (status, code)


def test_an_inventory_leaves_out_what_is_unknown(client, plan):
    wanted = {"targetItems": [{"productId": plan.offer_id.hex, "skuId": plan.code}, {"productId": "x"}]}
    reply = client.send("POST", "/v1/extensions/product/checkinventory?country=FR", wanted)
    assert reply.json() == [
        {"productId": plan.offer_id.hex, "skuId": plan.code, "isRestricted": False, "restrictions": []}
    ]


def test_a_cart_becomes_one_order(client, relationship, plan):
    made = client.send("POST", f"{home(relationship)}/carts", {"LineItems": [line(plan)]})
    assert made.status_code == 201, made.content
    cart = made.json()
    assert (cart["status"], cart["lineItems"][0]["orderGroup"]) == ("Active", "0")
    assert cart["lineItems"][0]["pricing"]["extendedPrice"] == 120
    here = "/v1" + cart["links"]["self"]["uri"]
    changed = client.send("PUT", here, cart | {"lineItems": [line(plan, quantity=20)]})
    assert changed.json()["lineItems"][0]["quantity"] == 20
    done = client.send("POST", f"{here}/checkout")
    assert done.status_code == 201, done.content
    order = done.json()["orders"][0]
    assert (order["status"], order["totalPrice"], done.json()["orderErrors"]) == ("pending", 200, [])
    assert Subscription.objects.get(pk=order["lineItems"][0]["subscriptionId"]).quantity == 20
    again = client.send("POST", f"{here}/checkout")
    assert (again.status_code, again.json()["code"]) == (400, 800065)
    assert client.send("PUT", here, {"lineItems": [line(plan)]}).json()["code"] == 800065
    assert client.get(here).json()["status"] == "Ordered"
    assert Order.objects.count() == 1
    assert Cart.objects.filter(status="open").count() == 0


def test_a_line_that_cannot_be_bought_says_why(client, relationship, plan):
    dear = make_plan(price=None)
    lines = [
        line(plan, quantity=500),
        line(dear),
        line(plan, catalogItemId="a:b:c"),
        line(plan, billingCycle="triennial"),
    ]
    cart = client.send("POST", f"{home(relationship)}/carts", {"lineItems": lines}).json()
    assert [one["error"]["errorCode"] for one in cart["lineItems"]] == [10015, 10001, 10001, 10000]
    reply = client.send("POST", f"/v1{cart['links']['self']['uri']}/checkout")
    assert (reply.status_code, reply.json()["code"]) == (404, 400019)
    assert Order.objects.count() == 0


def test_a_cart_for_two_resellers_becomes_two_orders(plan):
    of_provider, of_reseller = make_indirect_buying_relationship()
    client = api_client(of_provider.partner.organization)
    number = of_reseller.partner.locations.get().partner_id_number
    credited = [{"key": "transaction_reseller", "value": number}]
    lines = [line(plan, participants=credited), line(make_plan(), participants=credited), line(plan)]
    cart = client.send("POST", f"{home(of_provider)}/carts", {"lineItems": lines}).json()
    assert [one["orderGroup"] for one in cart["lineItems"]] == ["0", "0", "1"]
    done = client.send("POST", f"/v1{cart['links']['self']['uri']}/checkout").json()
    assert [len(order["lineItems"]) for order in done["orders"]] == [2]
    assert done["orders"][0]["lineItems"][0]["partnerIdOnRecord"] == number
    assert [one["orderGroupId"] for one in done["orderErrors"]] == ["1"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 3000),
        ({"lineItems": []}, 3000),
        ({"lineItems": [{"catalogItemId": "x", "quantity": -1, "billingCycle": "monthly"}]}, 3000),
        ({"lineItems": [{"catalogItemId": "x", "quantity": 1, "billingCycle": "weekly"}]}, 900126),
    ],
)
def test_a_cart_that_cannot_be_read_is_refused(client, relationship, body, code):
    assert client.send("POST", f"{home(relationship)}/carts", body).json()["code"] == code


def test_carts_belong_to_the_partner_and_the_customer(client, relationship, plan):
    cart = client.send("POST", f"{home(relationship)}/carts", {"lineItems": [line(plan)]}).json()
    colleague = api_client(relationship.partner.organization)
    assert colleague.get("/v1" + cart["links"]["self"]["uri"]).status_code == 200
    other = make_buying_relationship(partner=relationship.partner.organization)
    assert client.get(f"{home(other)}/carts/{cart['id']}").json()["code"] == 800008
    stranger = api_client(make_buying_relationship(customer=relationship.customer).partner.organization)
    assert stranger.get("/v1" + cart["links"]["self"]["uri"]).json()["code"] == 800008
    assert (
        api_client(relationship.partner.organization, Role.HELPDESK_AGENT)
        .get("/v1" + cart["links"]["self"]["uri"])
        .json()["code"]
        == 900150
    )
    WireCart.objects.update(created_at=timezone.now() - datetime.timedelta(days=9), expires_at=timezone.now())
    assert client.get("/v1" + cart["links"]["self"]["uri"]).status_code == 404
    assert carts.forget_old(now=timezone.now()) == 1


def test_nothing_is_bought_without_an_agreement_or_an_attestation(plan):
    unsigned = make_relationship()
    client = api_client(unsigned.partner.organization)
    reply = client.send("POST", f"{home(unsigned)}/carts", {"lineItems": [line(plan)]})
    assert (reply.status_code, reply.json()["code"]) == (403, 13605)
    signed = make_buying_relationship()
    client = api_client(signed.partner.organization)
    body = {"lineItems": [line(plan)], "partnerOnRecordAttestationAccepted": False}
    cart = client.send("POST", f"{home(signed)}/carts", body).json()
    refused = client.send("POST", f"/v1{cart['links']['self']['uri']}/checkout")
    assert (refused.status_code, refused.json()["code"]) == (400, 900206)
    assert client.get("/v1" + cart["links"]["self"]["uri"]).json()["status"] == "Active"


def order_body(plan, **changes):
    lines = [{"LineItemNumber": 0, "OfferId": item(plan), "Quantity": 12, "FriendlyName": "Office"} | changes]
    return {"BillingCycle": "Monthly", "LineItems": lines}


def test_an_order_without_a_cart_is_listed_and_read(client, relationship, plan):
    made = client.send("POST", f"{home(relationship)}/orders", order_body(plan))
    assert made.status_code == 201, made.content
    here = f"{home(relationship)}/orders/{made.json()['id']}"
    assert client.get(f"{here}?include_price=true").json() == made.json()
    assert "totalPrice" not in client.get(here).json()
    assert client.get(f"{home(relationship)}/orders?billingType=monthly").json()["totalCount"] == 1
    assert client.get(f"{home(relationship)}/orders?billingType=onetime").json()["totalCount"] == 0
    bought = client.get(f"{home(relationship)}/subscriptions?order_id={made.json()['id']}").json()
    assert bought["totalCount"] == 1
    for address in ("activationlinks", "lineitems/0/activationlinks"):
        links = client.get(f"{here}/{address}").json()["items"]
        assert [one["lineItemNumber"] for one in links] == [0]
    assert client.get(f"{here}/lineitems/7/activationlinks").json()["items"] == []
    person = api_client(relationship.partner.organization, Role.SALES_AGENT, person=True)
    assert person.get(f"{here}/provisioningStatus").json()["items"][0]["status"] == "prefulfillment_pending"
    assert client.send("PATCH", here, {"status": "cancelled"}).json()["code"] == 800077


def test_an_order_that_cannot_be_made_is_refused(client, relationship, plan):
    here = f"{home(relationship)}/orders"
    assert client.send("POST", here, order_body(plan, LineItemNumber=3)).json()["code"] == 800071
    assert client.send("POST", here, order_body(plan, OfferId="x:y:z")).json()["code"] == 400019
    assert client.send("POST", here, order_body(plan, Quantity=1)).json()["code"] == 2002
    assert client.get(f"{here}/{uuid.uuid4()}").json()["code"] == 20000
    assert client.get(f"{here}/9af04b11c2de/activationlinks").json()["code"] == 20000


def test_a_reseller_reads_its_provider_s_orders_without_prices(plan):
    of_provider, of_reseller = make_indirect_buying_relationship()
    order = make_order(of_provider, plan)
    here = f"{home(of_reseller)}/orders/{order.pk}?include_price=true"
    read = api_client(of_reseller.partner.organization).get(here).json()
    assert read["lineItems"][0]["quantity"] == 12
    assert "totalPrice" not in read
    assert "pricing" not in read["lineItems"][0]
    refused = api_client(of_reseller.partner.organization).send("POST", f"{home(of_reseller)}/orders", order_body(plan))
    assert (refused.status_code, refused.json()["code"]) == (403, 900308)


def test_a_trial_is_bought_with_the_original_s_billing_cycle(client, relationship):
    trial = make_plan(trial_days=30)
    body = {"lineItems": [line(trial, billingCycle="none", renewsTo={"termDuration": "P1M"})]}
    cart = client.send("POST", f"{home(relationship)}/carts", body).json()
    assert client.send("POST", f"/v1{cart['links']['self']['uri']}/checkout").status_code == 201
    bought = Subscription.objects.get(product_family=ProductFamily.THIRD_PARTY)
    assert (bought.is_trial, bought.billing_frequency) == (True, "monthly")


@pytest.mark.django_db(transaction=True)
def test_two_checkouts_at_once_make_one_order(plan):
    relationship = make_buying_relationship()
    actor = make_actor(relationship.partner.organization, Role.ADMIN_AGENT)
    wanted = [WantedLine(item(plan), 12, "monthly")]
    cart = carts.create_cart(
        customer_id=relationship.customer_id, lines=wanted, is_attested=True, actor=actor, now=timezone.now()
    )
    results, gate = [], threading.Barrier(4)

    def buy():
        gate.wait()
        try:
            results.append(carts.checkout(cart_id=cart.pk, actor=actor, now=timezone.now()).order_ids)
        except carts.CartOrderedAlready:
            results.append([])
        finally:
            connection.close()

    threads = [threading.Thread(target=buy) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, results)) == [0, 0, 0, 1]
    assert Order.objects.count() == 1


def test_an_app_only_provider_of_the_wrong_kind_sees_no_cart(client, relationship, plan):
    cart = client.send("POST", f"{home(relationship)}/carts", {"lineItems": [line(plan)]}).json()
    provider = make_indirect_buying_relationship()[0].partner.organization
    assert provider.kind == OrganizationKind.INDIRECT_PROVIDER
    assert api_client(provider).get("/v1" + cart["links"]["self"]["uri"]).status_code == 404
