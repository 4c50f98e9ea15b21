"""The fulfillment API as its clients know it, call by call (fulfillment reference, sections 3 and 6)."""

import datetime
import uuid
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone

from billing.models import Charge
from customers.enums import BillingFrequency, Term
from marketplace.enums import OperationAction
from marketplace.models import PlanAudience
from marketplace.workflow import activation, changes, endings
from portal.accounts.models import Organization
from tests.marketplace.factories import (
    admin_of,
    make_active,
    make_dimension,
    make_offer,
    make_operator,
    make_plan,
    make_publisher,
    make_purchase,
    reread,
)
from tests.portal.api.factories import ApiClient, api_client, make_app, token_of

pytestmark = pytest.mark.django_db
VERSION = "api-version=2018-08-31"
LIST = f"/api/saas/subscriptions?{VERSION}"


def address(saas, rest=""):
    return f"/api/saas/subscriptions/{saas.pk}{rest}?{VERSION}"


def client_of(saas):
    return api_client(saas.publisher.organization)


def stranger():
    return api_client(make_publisher().organization)


def issue(saas, now=None):
    link = activation.issue_purchase_token(subscription_id=saas.pk, actor=admin_of(saas), now=now or timezone.now())
    return parse_qs(urlsplit(link).query)["token"][0]


def resolve(client, token):
    return client.send("POST", f"/api/saas/subscriptions/resolve?{VERSION}", **{"x-ms-marketplace-token": token})


@pytest.mark.parametrize("version", [1, 2])
def test_the_whole_circle_with_either_form_of_token(version):
    saas = make_purchase(now=timezone.now(), term=Term.YEAR)
    secret = make_app(saas.publisher.organization)
    client = ApiClient(token_of(secret, version=version))

    found = resolve(client, issue(saas)).json()
    assert (found["id"], found["quantity"], found["subscriptionName"]) == (str(saas.pk), 12, "Ferndale notes")
    assert found["subscription"]["saasSubscriptionStatus"] == "PendingFulfillmentStart"
    assert found["subscription"]["term"] == {"termUnit": "P1Y"}
    assert found["subscription"]["allowedCustomerOperations"] == ["Read"]

    started = client.send("POST", address(saas, "/activate"), {"planId": found["planId"], "quantity": 12})
    assert (started.status_code, started.content) == (200, b"")
    again = client.send("POST", address(saas, "/activate"))
    assert again.status_code == 200
    assert Charge.objects.count() == 1

    one = client.send("GET", address(saas)).json()
    today = timezone.now().date()
    assert one["saasSubscriptionStatus"] == "Subscribed"
    assert one["term"]["startDate"] == f"{today:%Y-%m-%d}T00:00:00Z"
    assert one["created"].endswith("Z")
    assert len(one["created"].partition(".")[2]) == 8
    assert list(one)[:5] == ["id", "publisherId", "offerId", "name", "saasSubscriptionStatus"]
    assert client.send("GET", LIST).json() == {"subscriptions": [one]}


def test_the_last_day_of_a_term_is_inclusive():
    saas = make_active(now=datetime.datetime(2031, 1, 14, 9, tzinfo=datetime.UTC))
    term = client_of(saas).send("GET", address(saas)).json()["term"]
    assert (term["startDate"], term["endDate"]) == ("2031-01-14T00:00:00Z", "2031-02-13T00:00:00Z")
    assert "chargeDuration" not in term
    saas = make_active(term=Term.YEAR, billing_frequency=BillingFrequency.MONTHLY)
    assert client_of(saas).send("GET", address(saas)).json()["term"]["chargeDuration"] == "P1M"


def test_a_flat_rate_has_no_quantity():
    saas = make_active(plan=make_plan(is_per_seat=False))
    assert "quantity" not in client_of(saas).send("GET", address(saas)).json()


@pytest.mark.parametrize(
    ("query", "code"), [("", "ApiVersionUnspecified"), ("?api-version=2016", "UnsupportedApiVersion")]
)
def test_the_version_is_asked_for_with_the_odd_cased_body(query, code):
    reply = stranger().send("GET", f"/api/saas/subscriptions{query}")
    assert (reply.status_code, reply.json()["Error"]["Code"]) == (400, code)


def test_a_wrong_token_is_answered_403_and_ids_are_sent_back():
    reply = ApiClient("nonsense").send("GET", LIST, **{"x-ms-requestid": "r-1", "x-ms-correlationid": "c-1"})
    assert reply.status_code == 403
    assert (reply.headers["x-ms-requestid"], reply.headers["x-ms-correlationid"]) == ("r-1", "c-1")
    fresh = stranger().send("GET", LIST)
    assert fresh.headers["x-ms-requestid"] == fresh.headers["x-ms-correlationid"]
    assert uuid.UUID(fresh.headers["x-ms-activityid"])
    assert fresh.headers["ETag"]


def test_partners_do_not_call_here():
    saas = make_purchase()
    assert api_client(saas.partner.organization).send("GET", address(saas)).status_code == 403


def test_another_publisher_gets_403_and_an_unknown_purchase_is_404():
    saas = make_active()
    other = stranger()
    for method, rest, body in (
        ("GET", "", None),
        ("PATCH", "", {"quantity": 5}),
        ("DELETE", "", None),
        ("POST", "/activate", None),
        ("GET", "/listAvailablePlans", None),
        ("GET", "/operations", None),
        ("GET", f"/operations/{uuid.uuid4()}", None),
        ("PATCH", f"/operations/{uuid.uuid4()}", {"status": "Success"}),
    ):
        assert other.send(method, address(saas, rest), body).status_code == 403, (method, rest)
        unknown = f"/api/saas/subscriptions/{uuid.uuid4()}{rest}?{VERSION}"
        reply = other.send(method, unknown, body)
        assert (reply.status_code, reply.json()["code"]) == (404, "EntityNotFound"), (method, rest)
    assert other.send("GET", LIST).json() == {"subscriptions": []}
    assert resolve(other, issue(saas)).status_code == 403


def test_a_trailing_slash_and_a_wrong_guid():
    saas = make_active()
    assert client_of(saas).send("GET", f"/api/saas/subscriptions/?{VERSION}").status_code == 200
    assert client_of(saas).send("GET", f"/api/saas/subscriptions/nonsense?{VERSION}").status_code == 400


def test_what_is_wrong_with_a_purchase_token():
    saas = make_purchase(now=timezone.now())
    client = client_of(saas)
    missing = client.send("POST", f"/api/saas/subscriptions/resolve?{VERSION}")
    assert (missing.status_code, missing.json()["code"]) == (400, "HeaderNotPresent")
    old = issue(saas, now=timezone.now() - datetime.timedelta(hours=25))
    for token in ("nonsense", old):
        reply = resolve(client, token)
        assert (reply.status_code, reply.json()["code"], reply.json()["target"]) == (400, "InvalidValue", "token")


@pytest.mark.parametrize("body", [None, {}, {"planId": "any", "quantity": ""}, {"quantity": "12"}, {"quantity": 12}])
def test_activate_takes_what_clients_of_all_ages_send(body):
    saas = make_purchase()
    assert client_of(saas).send("POST", address(saas, "/activate"), body).status_code == 200


def test_activate_refuses():
    saas = make_purchase()
    client = client_of(saas)
    for body in (b"{", b"[]", {"quantity": "many"}):
        assert client.send("POST", address(saas, "/activate"), body).status_code == 400
    suspended = make_active()
    endings.suspend_subscription(subscription_id=suspended.pk, actor=make_operator(), now=timezone.now())
    assert client_of(suspended).send("POST", address(suspended, "/activate")).status_code == 400
    endings.cancel_subscription(subscription_id=saas.pk, actor=admin_of(saas), now=timezone.now())
    assert client.send("POST", address(saas, "/activate")).status_code == 404


def test_the_list_comes_in_pages_that_lead_to_each_other(monkeypatch):
    monkeypatch.setattr("marketplace.api.subscriptions.PAGE", 2)
    plan = make_plan()
    purchases = [make_purchase(plan=plan) for _ in range(5)]
    client, link, found = client_of(purchases[0]), LIST, []
    while link:
        page = client.send("GET", link).json()
        found += [subscription["id"] for subscription in page["subscriptions"]]
        link = page.get("@nextLink", "")
        assert not link or (link.startswith("http") and "api-version=" in link)
    assert sorted(found) == sorted(str(saas.pk) for saas in purchases)
    assert client.send("GET", f"{LIST}&continuationToken=%00x").status_code == 400


def test_the_plans_that_a_purchase_may_move_to():
    saas = make_active(plan=make_plan(make_offer(), code="basic"))
    make_plan(saas.offer, code="plus", price="7.50", min_quantity=5, max_quantity=500)
    make_plan(saas.offer, code="abroad", countries=["SE"])
    make_plan(saas.offer, code="secret", is_private=True)
    private = make_plan(saas.offer, code="ours", is_private=True)
    PlanAudience.objects.create(plan=private, organization=Organization.objects.get(pk=saas.subscription.customer_id))
    metered = make_plan(saas.offer, code="metered", is_per_seat=False)
    make_dimension(metered, code="calls", included_monthly=1000)
    client = client_of(saas)

    plans = {plan["planId"]: plan for plan in client.send("GET", address(saas, "/listAvailablePlans")).json()["plans"]}
    assert set(plans) == {"basic", "plus", "ours", "metered"}
    assert (plans["plus"]["minQuantity"], plans["plus"]["maxQuantity"]) == (5, 500)
    assert plans["plus"]["market"] == "FR"
    terms = {term["termUnit"]: term["price"] for term in plans["plus"]["planComponents"]["recurrentBillingTerms"]}
    assert terms == {"P1M": 7.5, "P1Y": 75.0}
    assert plans["ours"]["isPrivate"] is True
    components = plans["metered"]["planComponents"]
    assert components["meteringDimensions"][0]["pricePerUnit"] == 0.1
    assert components["recurrentBillingTerms"][0]["meteredQuantityIncluded"] == [
        {"dimensionId": "calls", "units": "1000"}
    ]
    assert "minQuantity" not in plans["metered"]
    only = client.send("GET", address(saas, "/listAvailablePlans") + "&planId=plus").json()["plans"]
    assert [plan["planId"] for plan in only] == ["plus"]
    assert client.send("GET", address(saas, "/listAvailablePlans") + "&planId=no").json() == {"plans": []}
    endings.cancel_subscription(subscription_id=saas.pk, actor=admin_of(saas), now=saas.purchased_at)
    assert client.send("GET", address(saas, "/listAvailablePlans")).status_code == 403


def changeable():
    return make_active(plan=make_plan(make_offer(publisher_may_change=True)))


def test_a_publisher_changes_plan_and_quantity_and_follows_the_operation():
    saas = changeable()
    better, client = make_plan(saas.offer), client_of(saas)
    for body, action in (
        ({"quantity": 40}, OperationAction.CHANGE_QUANTITY),
        ({"planId": better.code}, OperationAction.CHANGE_PLAN),
    ):
        reply = client.send("PATCH", address(saas), body)
        assert (reply.status_code, reply.content) == (202, b"")
        assert reply.headers["Retry-After"] == "10"
        location = urlsplit(reply.headers["Operation-Location"])
        assert location.path.split("/")[6] == reply.headers["Operation-Id"]  # clients take it as the seventh segment
        operation = client.send("GET", f"{location.path}?{location.query}").json()
        assert (operation["action"], operation["status"]) == (action, "Succeeded")
        assert operation["operationRequestSource"] == "Partner"
    saas = reread(saas)
    assert (saas.subscription.quantity, saas.plan_id) == (40, better.pk)


@pytest.mark.parametrize(
    ("body", "shape"),
    [
        ({}, {"code", "message", "target"}),
        ({"quantity": 0}, {"code", "message", "target"}),
        ({"quantity": "40"}, {"code", "message", "target"}),
        ({"planId": "nothing-such"}, {"code", "message", "target"}),
        ({"quantity": 40, "planId": "basic"}, {"message"}),
        ({"quantity": 12}, {"message"}),
        ({"quantity": 1_000_001}, {"message"}),
    ],
)
def test_a_change_that_makes_no_sense_is_refused_in_the_shape_clients_know(body, shape):
    saas = changeable()
    reply = client_of(saas).send("PATCH", address(saas), body)
    assert (reply.status_code, set(reply.json())) == (400, shape)
    assert reread(saas).subscription.quantity == 12


def test_what_a_partner_bought_is_not_the_publishers_to_change():
    saas = make_active()
    client = client_of(saas)
    assert client.send("PATCH", address(saas), {"quantity": 5}).json()["target"] == "update"
    assert client.send("DELETE", address(saas)).status_code == 400


def test_a_publisher_cancels():
    saas = changeable()
    client = client_of(saas)
    reply = client.send("DELETE", address(saas))
    assert reply.status_code == 202
    assert client.send("GET", address(saas)).json()["saasSubscriptionStatus"] == "Unsubscribed"
    assert client.send("DELETE", address(saas)).status_code == 404


def test_nothing_else_changes_while_a_change_runs():
    saas = changeable()
    changes.change_quantity(subscription_id=saas.pk, quantity=20, actor=admin_of(saas), now=timezone.now())
    client = client_of(saas)
    assert client.send("PATCH", address(saas), {"quantity": 5}).json()["code"] == "Failed"
    assert client.send("DELETE", address(saas)).status_code == 409


def test_a_publisher_reads_and_decides_operations():
    saas = make_active()
    operation = changes.change_quantity(subscription_id=saas.pk, quantity=20, actor=admin_of(saas), now=timezone.now())
    client = client_of(saas)
    waiting = client.send("GET", address(saas, "/operations")).json()["operations"]
    assert [(row["id"], row["quantity"], row["status"]) for row in waiting] == [(str(operation.pk), 20, "InProgress")]
    place = address(saas, f"/operations/{operation.pk}")
    assert client.send("GET", place).json() == waiting[0]
    assert client.send("PATCH", place, {"status": "Perhaps"}).status_code == 400
    assert client.send("PATCH", place, {"status": "Success", "planId": "x", "quantity": 1}).status_code == 200
    assert client.send("PATCH", place, {"status": "Failure"}).status_code == 409
    assert reread(saas).subscription.quantity == 20
    assert client.send("GET", address(saas, "/operations")).json() == {"operations": []}
    unknown = client.send("GET", address(saas, f"/operations/{uuid.uuid4()}"))
    assert (unknown.status_code, unknown.json()["target"]) == (404, "operationId")


def test_an_unknown_address_and_a_wrong_method_are_answered_in_json():
    client = stranger()
    assert client.send("GET", f"/api/saas/nothing?{VERSION}").status_code == 404
    assert client.send("PUT", LIST).json()["code"] == "BadRequest"
