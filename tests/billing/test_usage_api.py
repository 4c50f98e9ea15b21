"""Daily usage of Azure subscriptions through the API (A7)."""

import pytest

from billing.models import UsageImport, UsageRecord
from portal.accounts.enums import OrganizationKind, Role
from portal.api.enums import AppKind
from portal.api.workflow.apps import register_app
from portal.audit.models import AuditEvent
from tests.billing.usage_factories import METER, make_azure, make_meter, make_operator
from tests.factories import NOON, make_organization, make_partner
from tests.portal.api.factories import api_client

pytestmark = pytest.mark.django_db

ADDRESS = "/v1/programme/usagerecords"


@pytest.fixture
def operator():
    return api_client(make_organization(OrganizationKind.OPERATOR), Role.OPERATOR_ADMIN)


def record(subscription, number=1, **values):
    return {
        "recordId": f"record-{number}",
        "EntitlementId": str(subscription.entitlement),
        "usageDate": "2026-11-01T00:00:00Z",
        "meterId": METER,
        "meterName": "Compute hours, large\n(West)",
        "quantity": 2.5,
        "resourceUri": "/vm/1",
    } | values


def send(client, *records):
    answer = client.send("POST", ADDRESS, {"items": records})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_records_are_kept_once_and_each_has_its_result(operator):
    subscription = make_azure()
    make_meter("0.50")
    good, wrong = record(subscription), record(subscription, 2, meterId="meter-9")

    first = send(operator, good, wrong, record(subscription, 3, quantity="0.000001"))
    again = send(operator, good)
    changed = send(operator, good | {"quantity": 3})

    assert first["attributes"]["objectType"] == "UsageImport"
    assert [one["status"] for one in first["items"]] == ["accepted", "refused", "accepted"]
    assert (first["items"][1]["position"], first["items"][1]["reason"]) == (1, "no-price")
    assert first["items"][1]["description"]
    counts = ("totalCount", "newCount", "changedCount", "unchangedCount", "refusedCount")
    assert [[answer[name] for name in counts] for answer in (first, again, changed)] == [
        [3, 2, 0, 0, 1],
        [1, 0, 0, 1, 0],
        [1, 0, 1, 0, 0],
    ]
    kept = UsageRecord.objects.order_by("-quantity").first()
    assert (UsageRecord.objects.count(), kept.cost, kept.meter_name) == (2, 1.5, "Compute hours, large (West)")
    assert set(UsageImport.objects.values_list("file_name", flat=True)) == {"API: Reports"}
    assert AuditEvent.objects.filter(event_type="usage-imported").count() == 3


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, "items"),
        ({"items": []}, "items"),
        ({"items": [{"quantity": 1}] * 1_001}, "items"),
        ({"items": [{"quantity": [1]}]}, "items.0.quantity"),
        ({"items": [{"meterId": True}]}, "items.0.meterid"),
    ],
    ids=["nothing", "empty", "too many", "a list as text", "a truth as text"],
)
def test_a_body_of_another_shape_is_refused_and_changes_nothing(operator, body, named):
    answer = operator.send("POST", ADDRESS, body)

    assert (answer.status_code, answer.json()["code"]) == (400, 3000)
    assert answer.json()["data"] == ["wrong-property", named]
    assert not UsageImport.objects.exists()


def test_the_operator_registers_the_app_that_sends_usage():
    actor = make_operator()
    app = register_app(name="Meter", roles=[Role.OPERATOR_ADMIN], redirect_uris=[], actor=actor, now=NOON)
    assert (app.kind, app.organization_id) == (AppKind.PARTNER, actor.organization_id)


def test_only_the_operator_sends_usage():
    for role in (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.BILLING_ADMIN):
        answer = api_client(make_partner(), role).send("POST", ADDRESS, {"items": [{}]})
        assert (answer.status_code, answer.json()["code"]) == (403, 900150)
