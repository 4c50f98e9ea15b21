"""Calls to publishers' webhooks: signed, tried again, in order, and nobody held up by a slow one (section 4)."""

import datetime
import json
import time

import jwt
import pytest
from django.utils import timezone

from marketplace import wire
from marketplace.enums import CallStatus, MarketplaceEvent, OperationStatus
from marketplace.models import Operation, WebhookAttempt, WebhookCall
from marketplace.processing import calls as processing
from marketplace.workflow import calls, changes, endings, operations
from portal.api.openapi import document
from portal.api.tokens import keys
from portal.audit.models import AuditEvent
from portal.core.errors import PermissionDenied
from tests.factories import NOON
from tests.marketplace.factories import (
    admin_of,
    make_active,
    make_offer,
    make_plan,
    make_publisher,
    publisher_of,
    reread,
)
from tests.portal.api.schemas import misfits
from tests.servers import http_server, raw_server

pytestmark = pytest.mark.django_db
MINUTE, HOUR = datetime.timedelta(minutes=1), datetime.timedelta(hours=1)


@pytest.fixture
def server(settings):
    settings.OUTGOING_LOOPBACK = True
    with http_server() as found:
        yield found


class Clock:
    """A clock that a test moves."""

    def __init__(self, at=NOON):
        self.at = at

    def __call__(self):
        return self.at


def changed(url, quantity=20, plan=None, now=NOON):
    plan = plan or make_plan(make_offer(webhook_url=url))
    saas = make_active(plan=plan)
    changes.change_quantity(subscription_id=saas.pk, quantity=quantity, actor=admin_of(saas), now=now)
    return saas


def call(saas, clock):
    return processing.call_publisher(saas.publisher_id, clock=clock)


def operation_of(saas):
    return Operation.objects.latest("created_at")


def test_the_publisher_is_told_with_a_token_it_can_check(server):
    clock = Clock(timezone.now())
    saas = changed(f"{server.url}/webhook", now=clock.at)
    call(saas, clock)

    request = server.received[0]
    kept = WebhookCall.objects.get()
    assert (request.path, request.body) == ("/webhook", bytes(kept.body))
    assert request.headers["content-type"] == "application/json"
    body = json.loads(request.body)
    assert (body["action"], body["quantity"], body["status"]) == ("ChangeQuantity", 20, "InProgress")
    assert body["subscription"]["quantity"] == 12
    assert body["purchaseToken"] is None

    token = request.headers["authorization"].removeprefix("Bearer ")
    kid = jwt.get_unverified_header(token)["kid"]
    claims = jwt.decode(token, keys.public_key(kid), algorithms=["RS256"], audience=str(saas.publisher.application_id))
    assert claims["tid"] == str(saas.publisher_id)
    assert claims["azp"] == "20e940b3-4c77-4b0b-9a53-9e16a1b010a7"
    assert claims["iss"].endswith(f"/{saas.publisher_id}/v2.0")
    assert kid in [key["kid"] for key in keys.published()["keys"]]


def test_an_answer_of_200_starts_the_ten_seconds(server):
    saas, clock = changed(server.url), Clock()
    call(saas, clock)
    operation = operation_of(saas)
    assert operation.status == OperationStatus.IN_PROGRESS
    assert operation.accepts_itself_at == NOON + datetime.timedelta(seconds=10)
    assert processing.settle_operations(now=NOON + datetime.timedelta(seconds=9)) == 0
    assert processing.settle_operations(now=NOON + datetime.timedelta(seconds=10)) == 1
    assert reread(saas).subscription.quantity == 20
    attempt = WebhookAttempt.objects.get()
    assert (attempt.http_status, attempt.error, attempt.answer) == (200, "", "{}")


@pytest.mark.parametrize("status", [400, 404, 410, 302])
def test_4xx_and_redirects_refuse_a_change_and_are_final(server, status):
    server.status = status
    saas, clock = changed(server.url), Clock()
    call(saas, clock)
    operation = operation_of(saas)
    assert (operation.status, operation.error_code) == (OperationStatus.FAILED, f"PublisherAnswered{status}")
    assert WebhookCall.objects.get().status == CallStatus.REFUSED
    clock.at += HOUR
    call(saas, clock)
    assert len(server.received) == 1
    assert reread(saas).subscription.quantity == 12


@pytest.mark.parametrize("status", [400, 500])
def test_whatever_a_publisher_answers_to_news_has_no_effect(server, status):
    server.status = status
    saas = make_active(plan=make_plan(make_offer(webhook_url=server.url)))
    endings.cancel_subscription(subscription_id=saas.pk, actor=admin_of(saas), now=NOON)
    call(saas, Clock())
    assert Operation.objects.get().status == OperationStatus.SUCCEEDED
    assert WebhookCall.objects.get().status == (CallStatus.REFUSED if status == 400 else CallStatus.WAITING)


def test_5xx_is_tried_again_until_eight_hours_are_over(server, settings):
    assert settings.PUBLISHER_RETRY_HOURS * 3600 / settings.PUBLISHER_RETRY_SECONDS == 480
    settings.PUBLISHER_RETRY_SECONDS = 30 * 60
    server.status = 503
    saas, clock = changed(server.url), Clock()
    while WebhookCall.objects.get().status == CallStatus.WAITING:
        call(saas, clock)
        clock.at += 30 * MINUTE
        assert clock.at < NOON + 9 * HOUR
    kept = WebhookCall.objects.get()
    assert kept.status == CallStatus.FAILED
    assert kept.attempts == 17
    assert len({request.body for request in server.received}) == 1
    assert AuditEvent.objects.filter(event_type=MarketplaceEvent.CALL_FAILED).exists()
    assert processing.settle_operations(now=clock.at) == 1
    assert operation_of(saas).error_code == "PublisherNotReached"
    assert reread(saas).subscription.quantity == 12


def test_a_publisher_may_decide_before_it_has_answered_the_call(server):
    saas = changed(server.url)
    operation = operation_of(saas)
    operations.decide_operation(
        subscription_id=saas.pk, operation_id=operation.pk, succeeded=True, actor=publisher_of(saas), now=NOON
    )
    call(saas, Clock())
    assert operation_of(saas).status == OperationStatus.SUCCEEDED
    assert operation_of(saas).accepts_itself_at is None


def test_events_of_one_subscription_arrive_in_order(server):
    server.status = 500
    saas, clock = changed(server.url), Clock()
    operation = Operation.objects.get()
    call(saas, clock)
    operations.decide_operation(
        subscription_id=saas.pk, operation_id=operation.pk, succeeded=True, actor=publisher_of(saas), now=NOON
    )
    endings.cancel_subscription(subscription_id=saas.pk, actor=admin_of(saas), now=NOON + datetime.timedelta(seconds=5))
    server.status = 200
    clock.at += datetime.timedelta(seconds=10)
    call(saas, clock)  # the first waits for its minute, and the second behind it
    assert [json.loads(request.body)["action"] for request in server.received] == ["ChangeQuantity"]
    clock.at += MINUTE
    call(saas, clock)
    actions = [json.loads(request.body)["action"] for request in server.received]
    assert actions == ["ChangeQuantity", "ChangeQuantity", "Unsubscribe"]


def test_a_hanging_publisher_costs_one_call_a_turn_and_holds_nobody_else_up(settings, server):
    settings.PUBLISHER_CALL_SECONDS = 0.3
    with raw_server() as url:
        plan = make_plan(make_offer(webhook_url=url))
        hanging = [changed(url, plan=plan) for _ in range(5)]
        quick = changed(server.url)
        clock = Clock()
        begun = time.monotonic()
        call(hanging[0], clock)
        call(quick, clock)
        assert time.monotonic() - begun < 3
    assert WebhookAttempt.objects.filter(error="timed-out").count() == 1
    assert len(server.received) == 1
    assert set(processing.publishers_due(now=clock.at)) == {hanging[0].publisher_id}


def test_only_one_worker_calls_a_publisher_and_a_killed_ones_claim_runs_out(server):
    saas, clock = changed(server.url), Clock()
    assert calls.claim_publisher(publisher_id=saas.publisher_id, now=NOON)
    call(saas, clock)
    assert not server.received
    clock.at += MINUTE
    call(saas, clock)
    assert len(server.received) == 1
    assert calls.claim_publisher(publisher_id=saas.publisher_id, now=clock.at)


def test_a_private_address_is_not_called(settings):
    settings.OUTGOING_LOOPBACK = False
    saas = changed("https://127.0.0.1/webhook")
    call(saas, Clock())
    assert WebhookAttempt.objects.get().error == "address-not-allowed"


def test_a_withdrawn_offer_without_webhook_changes_without_being_asked():
    saas = make_active()
    saas.offer.status, saas.offer.webhook_url = "withdrawn", ""
    saas.offer.save()
    changes.change_quantity(subscription_id=saas.pk, quantity=20, actor=admin_of(saas), now=NOON)
    assert processing.settle_operations(now=NOON) == 1
    assert reread(saas).subscription.quantity == 20


def test_a_publisher_has_a_call_repeated_with_the_same_body(server):
    saas, clock = changed(server.url), Clock()
    call(saas, clock)
    kept = WebhookCall.objects.get()
    calls.repeat_call(call_id=kept.pk, actor=publisher_of(saas), now=NOON + MINUTE)
    clock.at += MINUTE
    call(saas, clock)
    assert server.received[0].body == server.received[1].body
    assert AuditEvent.objects.filter(event_type=MarketplaceEvent.CALL_REPEATED).count() == 1
    with pytest.raises(WebhookCall.DoesNotExist):
        calls.repeat_call(
            call_id=kept.pk, actor=publisher_of(make_active(plan=make_plan(make_offer(make_publisher())))), now=NOON
        )
    with pytest.raises(PermissionDenied):
        calls.repeat_call(call_id=kept.pk, actor=admin_of(saas), now=NOON)


def test_the_body_is_the_operation_with_the_subscription_at_that_moment():
    saas = changed("https://notes.example/webhook")
    operation = Operation.objects.select_related("plan").get()
    operation.saas = reread(saas)
    body = json.loads(bytes(WebhookCall.objects.get().body))
    assert body == wire.call(operation)
    described = document()["webhooks"]["publisherNotification"]["post"]["requestBody"]["content"]["application/json"]
    assert misfits(body, described["schema"], document()) == []


def test_an_operation_that_cannot_be_settled_keeps_no_other_waiting(monkeypatch):
    first, second = changed("https://a.example/hook"), changed("https://b.example/hook")
    Operation.objects.update(accepts_itself_at=NOON)
    original = calls.settle_operation

    def failing(*, operation_id, now):
        if Operation.objects.get(pk=operation_id).saas_id == first.pk:
            raise ValueError("broken")
        return original(operation_id=operation_id, now=now)

    monkeypatch.setattr(calls, "settle_operation", failing)
    assert processing.settle_operations(now=NOON) == 1
    assert reread(second).subscription.quantity == 20
