"""Notifications reach their receivers, signed and tried again; registration by API (API reference, section 7; T9)."""

import base64
import contextlib
import datetime
import hashlib
import hmac
import itertools
import json

import pytest
from django.db import connection
from django.utils import timezone

from portal.accounts.enums import Role
from portal.audit.models import AuditEvent
from portal.webhooks import processing, rules
from portal.webhooks.models import DeliveryAttempt, DeliveryStatus, WebhookDelivery, WebhookRegistration
from portal.webhooks.workflow import sending
from tests.factories import NOON, make_partner
from tests.portal.api.factories import api_client
from tests.portal.webhooks.factories import EVENT, deliver, happen

pytestmark = pytest.mark.django_db
HERE = "/webhooks/v1/registration"


def test_a_notification_arrives_as_it_was_stored_and_signed(registered, receiver):
    happen(registered.registration)
    happen(registered.registration, "update-transfer")
    deliver()

    [request], row = receiver.received, WebhookDelivery.objects.get()
    assert request.body == bytes(row.body)
    assert request.headers["content-type"] == "application/json"
    key = base64.b64decode(registered.secret.removeprefix("whsec_"))
    signed = f"{row.event.public_id}.{int(NOON.timestamp())}.".encode() + request.body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert request.headers["webhook-id"] == str(row.event.public_id)
    assert request.headers["webhook-timestamp"] == str(int(NOON.timestamp()))
    assert request.headers["webhook-signature"] == f"v1,{expected}"
    assert (row.status, row.attempts) == (DeliveryStatus.DELIVERED, 1)
    attempt = DeliveryAttempt.objects.get()
    assert (attempt.http_status, attempt.answer, attempt.url) == (200, "{}", receiver.url)
    deliver(NOON + datetime.timedelta(days=1))
    assert len(receiver.received) == 1


def test_a_refused_notification_is_tried_at_least_ten_times_over_72_hours(registered, receiver):
    receiver.status, now = 500, NOON
    happen(registered.registration)
    while (row := WebhookDelivery.objects.get()).status == DeliveryStatus.WAITING:
        now = max(now, row.next_attempt_at)
        deliver(now)

    assert row.status == DeliveryStatus.FAILED
    assert len(receiver.received) == row.attempts == DeliveryAttempt.objects.count() >= 10
    assert now - NOON >= datetime.timedelta(hours=72)
    assert len({request.headers["webhook-id"] for request in receiver.received}) == 1


def test_one_that_fails_first_arrives_later_and_keeps_others_from_nothing(registered, receiver):
    receiver.status = 503
    happen(registered.registration)
    deliver()
    receiver.status = 200
    deliver()
    assert WebhookDelivery.objects.get().status == DeliveryStatus.WAITING
    deliver(NOON + datetime.timedelta(minutes=1))
    assert WebhookDelivery.objects.get().status == DeliveryStatus.DELIVERED


def test_gone_disables_the_webhook_and_ends_what_waits(registered, receiver):
    receiver.status = 410
    happen(registered.registration)
    happen(registered.registration)
    deliver()

    registered.registration.refresh_from_db()
    assert not registered.registration.is_active
    assert len(receiver.received) == 1
    assert set(WebhookDelivery.objects.values_list("status", flat=True)) == {DeliveryStatus.FAILED}
    assert AuditEvent.objects.filter(event_type="webhook-disabled").exists()
    happen(registered.registration)
    assert WebhookDelivery.objects.count() == 2


def test_redirects_are_not_followed(registered, receiver):
    receiver.status, receiver.headers = 302, {"Location": receiver.url + "/elsewhere"}
    happen(registered.registration)
    deliver()
    assert [request.path for request in receiver.received] == ["/"]
    assert WebhookDelivery.objects.get().status == DeliveryStatus.WAITING


def test_private_addresses_are_neither_registered_nor_called(registered, receiver, settings):
    settings.OUTGOING_LOOPBACK = False
    happen(registered.registration)
    deliver()
    assert receiver.received == []
    assert DeliveryAttempt.objects.get().error == "address-not-allowed"
    reply = api_client().send("POST", HERE, {"WebhookUrl": receiver.url, "WebhookEvents": [EVENT]})
    assert (reply.status_code, reply.json()["data"][0]) == (400, "outgoing-address-refused")


def test_one_worker_at_a_time_delivers_and_a_dead_ones_turn_ends(registered, receiver):
    happen(registered.registration)
    later = NOON + datetime.timedelta(minutes=1)
    assert sending.take_turns(most=5, until=later, now=NOON) == [registered.registration.pk]
    deliver()
    assert receiver.received == []
    deliver(later)
    assert len(receiver.received) == 1
    registered.registration.refresh_from_db()
    assert registered.registration.busy_until is None


def test_only_webhooks_with_something_due_take_a_turn(registered):
    taking = {"most": 5, "until": NOON + processing.TURN}
    assert sending.take_turns(**taking, now=NOON) == []
    happen(registered.registration)
    assert sending.take_turns(**taking, now=NOON - datetime.timedelta(seconds=1)) == []
    assert sending.take_turns(**taking, now=NOON) == [registered.registration.pk]
    assert sending.take_turns(**taking, now=NOON) == []


def test_one_process_sends_and_sees_what_came_meanwhile(registered, receiver):
    happen(registered.registration)
    other = connection.copy()
    with contextlib.closing(other), other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, 0)", [processing.SENDER_LOCK])
        assert deliver() is False
        assert receiver.received == []
        cursor.execute("SELECT pg_advisory_unlock(%s, 0)", [processing.SENDER_LOCK])
    assert deliver() is False
    assert len(receiver.received) == 1


def test_what_a_full_turn_leaves_is_told(registered, receiver):
    happen(registered.registration)
    times = itertools.chain([NOON], itertools.repeat(NOON + processing.TURN))
    assert processing.deliver_due(clock=lambda: next(times)) is True
    assert receiver.received == []


def test_pauses_only_grow():
    assert list(rules.PAUSES) == sorted(rules.PAUSES)
    assert rules.next_attempt_at(len(rules.PAUSES) + 1, now=NOON) is None


def test_a_client_registers_reads_and_changes_its_webhook(receiver):
    client = api_client()
    assert client.get(HERE).status_code == 404
    assert client.send("PUT", HERE, {"WebhookUrl": receiver.url, "WebhookEvents": [EVENT]}).status_code == 404
    body = {"WebhookUrl": f"{receiver.url}/pc?tenant=1", "WebhookEvents": ["test-created", EVENT]}
    reply = client.send("POST", HERE, body)
    assert reply.status_code == 200, reply.content
    secret = reply.json().pop("secret")
    assert secret.startswith("whsec_")
    registration = WebhookRegistration.objects.get()
    assert secret.encode() not in bytes(registration.sealed_secret)
    assert client.get(HERE + "/").json() == {
        "subscriberId": str(registration.organization_id),
        "webhookUrl": f"{receiver.url}/pc?tenant=1",
        "webhookEvents": ["test-created", EVENT],
        "signatureTokenToMsSignatureHeader": False,
        "lastModifiedTimestamp": reply.json()["lastModifiedTimestamp"],
        "isActive": True,
    }
    assert client.send("POST", HERE, body).status_code == 409
    assert client.send("PUT", HERE, body | {"webhookEvents": [EVENT]}).json()["webhookEvents"] == [EVENT]
    for events in ([], ["no-such-event"]):
        assert client.send("PUT", HERE, body | {"WebhookEvents": events}).status_code == 400
    assert {EVENT, "complete-transfer", "test-created"} <= set(client.get(f"{HERE}/events").json())
    events = AuditEvent.objects.filter(subject_type="webhook").order_by("pk").values_list("event_type", flat=True)
    assert list(events) == ["webhook-registered", "webhook-changed"]


def test_a_disabled_webhook_works_again_once_it_is_changed(receiver):
    client = api_client()
    body = {"webhookUrl": receiver.url, "webhookEvents": [EVENT]}
    client.send("POST", HERE, body)
    WebhookRegistration.objects.update(is_active=False, modified_at=timezone.now())
    assert client.send("PUT", HERE, body).json()["isActive"] is True


def test_a_test_event_is_sent_and_its_outcome_read(receiver):
    client, path = api_client(), f"{HERE}/validationEvents"
    assert client.send("POST", path).status_code == 404
    client.send("POST", HERE, {"webhookUrl": receiver.url, "webhookEvents": [EVENT]})
    assert client.send("POST", path).json()["data"] == ["webhook-test-not-registered"]
    client.send("PUT", HERE, {"webhookUrl": receiver.url, "webhookEvents": ["test-created"]})
    correlation = client.send("POST", path).json()["correlationId"]
    assert client.get(f"{path}/{correlation}").json()["status"] == "Submitted"

    processing.deliver_due(clock=timezone.now)

    body = json.loads(receiver.received[0].body)
    assert body["ResourceUri"].endswith(f"{path}/{correlation}")
    assert (body["EventName"], body["ResourceName"], body["AuditUri"]) == ("test-created", "test", None)
    outcome = client.get(f"{path}/{correlation}").json()
    assert (outcome["status"], outcome["callbackUrl"]) == ("completed", receiver.url)
    assert [result["responseCode"] for result in outcome["results"]] == ["OK"]
    assert api_client().get(f"{path}/{correlation}").status_code == 404


def test_a_third_test_in_a_minute_is_refused_as_the_original_does(receiver):
    client, path = api_client(), f"{HERE}/validationEvents"
    client.send("POST", HERE, {"webhookUrl": receiver.url, "webhookEvents": ["test-created"]})
    assert [client.send("POST", path).status_code for _ in range(2)] == [200, 200]
    refused = client.send("POST", path)
    assert refused.status_code == 429
    assert refused.json()["statusCode"] == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60


@pytest.mark.parametrize(("seconds", "is_refused"), [((5, 10), True), ((5, 60), False), ((61,), False), ((), False)])
def test_two_tests_a_minute_are_enough(seconds, is_refused):
    last = [NOON - datetime.timedelta(seconds=one) for one in seconds]
    if not is_refused:
        rules.check_test_limit(last=last, now=NOON)
        return
    with pytest.raises(rules.TooManyTests) as refused:
        rules.check_test_limit(last=last, now=NOON)
    assert refused.value.seconds == 50


def test_other_roles_and_organizations_see_no_webhook(receiver):
    body = {"webhookUrl": receiver.url, "webhookEvents": [EVENT]}
    assert api_client().send("POST", HERE, body).status_code == 200
    assert api_client().get(HERE).status_code == 404
    people = api_client(make_partner(), Role.USER_MANAGEMENT_ADMIN)
    assert people.get(HERE).json()["code"] == 900150
