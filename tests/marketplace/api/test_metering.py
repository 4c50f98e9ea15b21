"""The metering API: what is taken, what is refused, and what it costs (fulfillment reference, section 5)."""

import datetime
import uuid
from decimal import Decimal

import pytest
from django.utils import timezone

from billing.enums import ChargeKind
from billing.models import Charge
from marketplace.models import UsageRecord
from marketplace.workflow import endings, terms
from tests.marketplace.factories import (
    admin_of,
    make_active,
    make_dimension,
    make_operator,
    make_plan,
    make_publisher,
    make_purchase,
)
from tests.portal.api.factories import api_client

pytestmark = pytest.mark.django_db
ONE, MANY = "/api/usageEvent?api-version=2018-08-31", "/api/batchUsageEvent?api-version=2018-08-31"
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def saas(now):
    found = make_active(plan=make_plan(is_per_seat=False), now=now - 48 * HOUR)
    make_dimension(found.plan, code="calls", price="0.25")
    return found


def event(saas, now, **changes):
    body = {
        "resourceId": str(saas.pk),
        "quantity": 20.5,
        "dimension": "calls",
        "effectiveStartTime": (now - HOUR).isoformat(),
        "planId": saas.plan.code,
    } | changes
    return {name: value for name, value in body.items() if value is not None}


def client_of(saas):
    return api_client(saas.publisher.organization)


def test_an_event_is_taken_once_an_hour(saas, now):
    client = client_of(saas)
    sent = event(saas, now)
    taken = client.send("POST", ONE, sent)
    found = taken.json()
    assert (taken.status_code, found["status"], found["quantity"]) == (200, "Accepted", 20.5)
    assert found["effectiveStartTime"] == sent["effectiveStartTime"]
    again = client.send("POST", ONE, sent | {"quantity": 1})
    assert again.status_code == 409
    assert again.content.startswith(
        b'{"additionalInfo":{"acceptedMessage":{"usageEventId":"' + found["usageEventId"].encode()
    )
    assert again.json()["additionalInfo"]["acceptedMessage"]["status"] == "Duplicate"
    assert UsageRecord.objects.get().quantity == Decimal("20.5")
    assert client.send("POST", ONE, event(saas, now - HOUR)).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"resourceId": str(uuid.uuid4())}, "ResourceNotFound"),
        ({"resourceId": "nonsense"}, "BadArgument"),
        ({"resourceId": None}, "BadArgument"),
        ({"resourceUri": "x"}, "BadArgument"),
        ({"quantity": 0}, "InvalidQuantity"),
        ({"quantity": -1}, "InvalidQuantity"),
        ({"quantity": 1e300}, "InvalidQuantity"),
        ({"quantity": "many"}, "BadArgument"),
        ({"quantity": True}, "BadArgument"),
        ({"dimension": "other"}, "InvalidDimension"),
        ({"dimension": None}, "BadArgument"),
        ({"planId": "other"}, "BadArgument"),
        ({"effectiveStartTime": "yesterday"}, "BadArgument"),
        ({"effectiveStartTime": "2999-01-01T00:00:00"}, "BadArgument"),
        ({"effectiveStartTime": None}, "BadArgument"),
    ],
)
def test_each_reason_against_an_event_one_by_one_and_in_a_batch(saas, now, changes, status):
    client = client_of(saas)
    reply = client.send("POST", ONE, event(saas, now, **changes))
    assert reply.status_code == 400
    assert reply.json()["details"][0]["message"]
    batch = client.send("POST", MANY, {"request": [event(saas, now, **changes), event(saas, now)]}).json()
    assert [row["status"] for row in batch["result"]] == [status, "Accepted"]
    assert batch["count"] == 2
    assert "usageEventId" not in batch["result"][0]


def test_events_are_taken_for_a_day(saas, now):
    late = event(saas, now, effectiveStartTime=(now - 25 * HOUR).isoformat())
    assert client_of(saas).send("POST", ONE, late).json()["code"] == "Expired"
    row = client_of(saas).send("POST", MANY, {"request": [late]}).json()["result"][0]
    assert row["status"] == "Expired"


def test_a_time_without_zone_is_utc(saas, now):
    start = (now - 2 * HOUR).replace(tzinfo=None).isoformat()
    assert client_of(saas).send("POST", ONE, event(saas, now, effectiveStartTime=start)).status_code == 200
    assert UsageRecord.objects.get().effective_at.replace(microsecond=0) == (now - 2 * HOUR).replace(microsecond=0)


def test_another_publisher_reports_nothing(saas, now):
    other = api_client(make_publisher().organization)
    assert other.send("POST", ONE, event(saas, now)).status_code == 403
    row = other.send("POST", MANY, {"request": [event(saas, now)]}).json()["result"][0]
    assert row["status"] == "ResourceNotAuthorized"


def test_nothing_is_metered_before_activation_while_suspended_or_after_the_end(now):
    plan = make_plan(is_per_seat=False)
    make_dimension(plan, code="calls")
    waiting, suspended, ended = make_purchase(plan=plan), make_active(plan=plan, now=now - HOUR * 9), None
    ended = make_active(plan=plan, now=now - HOUR * 9)
    endings.suspend_subscription(subscription_id=suspended.pk, actor=make_operator(), now=now - HOUR * 5)
    endings.cancel_subscription(subscription_id=ended.pk, actor=admin_of(ended), now=now - HOUR * 5)
    client = client_of(waiting)
    body = {"request": [event(saas, now) for saas in (waiting, suspended, ended)]}
    body["request"].append(event(ended, now - 6 * HOUR))
    statuses = [row["status"] for row in client.send("POST", MANY, body).json()["result"]]
    assert statuses == ["ResourceNotActive"] * 3 + ["Accepted"]


def test_trials_and_plans_by_license_are_not_metered(now):
    trial = make_active(plan=make_plan(is_per_seat=False, trial_days=30), now=now - 9 * HOUR)
    make_dimension(trial.plan, code="calls")
    assert client_of(trial).send("POST", ONE, event(trial, now)).status_code == 400
    seats = make_active(now=now - 9 * HOUR)
    assert client_of(seats).send("POST", ONE, event(seats, now)).status_code == 400


@pytest.mark.parametrize("body", [{}, {"request": []}, {"request": [{}] * 26}, {"request": "x"}])
def test_a_batch_holds_one_to_twenty_five_events(saas, body):
    reply = client_of(saas).send("POST", MANY, body)
    assert (reply.status_code, reply.json()["target"]) == (400, "batchUsageEventRequest")


def test_what_was_reported_is_read_by_day(saas, now):
    client = client_of(saas)
    for hours in (1, 2):
        client.send("POST", ONE, event(saas, now - hours * HOUR))
    start = (now - 24 * HOUR).strftime("%Y-%m-%dT%H:%M:%S")
    place = f"/api/usageEvents?api-version=2018-08-31&usageStartDate={start}"
    rows = client.send("GET", place).json()
    assert sum(row["submittedQuantity"] for row in rows) == 41
    assert {row["usageResourceId"] for row in rows} == {str(saas.pk)}
    assert client.send("GET", f"{place}&dimension=other").json() == []
    assert client.send("GET", f"{place}&usageenddate=2001-01-01").json() == []
    assert client.send("GET", "/api/usageEvents?api-version=2018-08-31").status_code == 400
    assert api_client(make_publisher().organization).send("GET", place).json() == []


def test_a_month_of_usage_is_charged_once_when_it_is_over(saas):
    dimension = saas.plan.dimensions.get()
    month = datetime.datetime(2026, 9, 1, tzinfo=datetime.UTC)
    for hours in range(10):
        UsageRecord.objects.create(
            saas=saas,
            dimension=dimension,
            hour=month + hours * HOUR,
            effective_at=month + hours * HOUR,
            quantity=Decimal("20.5"),
            unit_price=Decimal("0.25"),
            received_at=month,
        )
    early = datetime.datetime(2026, 10, 2, 0, 59, tzinfo=datetime.UTC)
    assert terms.charge_usage(now=early) == 0
    assert terms.charge_usage(now=early + HOUR) == 1
    assert terms.charge_usage(now=early + 2 * HOUR) == 0
    charge = Charge.objects.get(kind=ChargeKind.METERED)
    assert (charge.amount, charge.reference) == (Decimal("51.25"), "calls")
    assert (charge.starts_on, charge.ends_on) == (datetime.date(2026, 9, 1), datetime.date(2026, 10, 1))
