"""Webhooks paused, resumed, deleted, their secrets renewed, their trouble told of (P6)."""

import base64
import datetime
import hashlib
import hmac
import runpy

import pytest
import time_machine
from cryptography import x509
from django.test import Client

from portal.accounts.enums import Role
from portal.api.models import SigningKey
from portal.api.tokens import keys
from portal.audit.models import AuditEvent
from portal.notifications.models import ActionItem, OutgoingEmail
from portal.webhooks import invariants, metrics, processing, rules, signing
from portal.webhooks.enums import WebhookState
from portal.webhooks.models import DeliveryStatus, WebhookDelivery
from portal.webhooks.workflow import registrations
from tests import live
from tests.factories import NOON, make_actor, make_member
from tests.portal.webhooks.factories import EVENT, deliver, happen, register

pytestmark = pytest.mark.django_db
EXAMPLE = runpy.run_path(str(live.PROJECT / "docs" / "examples" / "verify_webhook.py"))
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


@pytest.fixture
def webhook(registered):
    return registered.registration


@pytest.fixture
def acting(webhook):
    return {"registration_id": webhook.pk, "actor": make_actor(webhook.organization, Role.HELPDESK_AGENT)}


def standard_signature(secret, request):
    """What Standard Webhooks says the signature is."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def test_a_paused_webhook_is_not_called_and_gets_all_once_it_is_resumed(webhook, acting, receiver):
    happen(webhook)
    registrations.pause(**acting, now=NOON)
    happen(webhook)
    deliver()
    assert receiver.received == []
    with pytest.raises(rules.WebhookPausedAlready):
        registrations.pause(**acting, now=NOON)
    registrations.resume(**acting, now=NOON)
    deliver()
    assert len(receiver.received) == 2
    with pytest.raises(rules.WebhookNotPaused):
        registrations.resume(**acting, now=NOON)


def test_a_deleted_webhook_is_told_nothing_and_keeps_no_secret(webhook, acting, receiver):
    waiting = happen(webhook)
    registrations.remove(**acting, now=NOON)
    assert happen(webhook) is None
    deliver()
    assert receiver.received == []
    waiting.refresh_from_db()
    webhook.refresh_from_db()
    assert (waiting.status, bytes(webhook.sealed_secret)) == (DeliveryStatus.FAILED, b"")
    assert AuditEvent.objects.get(event_type="webhook-removed").before == {"waiting": 1}


def test_both_secrets_sign_while_they_overlap_and_the_old_one_is_forgotten_then(registered, acting, receiver):
    renewed = registrations.renew_secret(**acting, now=NOON)
    assert renewed.secret != registered.secret
    happen(renewed.registration)
    deliver()
    [request] = receiver.received
    both = {standard_signature(secret, request) for secret in (registered.secret, renewed.secret)}
    assert set(request.headers["webhook-signature"].split(" ")) == both

    until = renewed.registration.previous_secret_until
    assert until == NOON + 72 * HOUR
    happen(renewed.registration)
    deliver(until)
    assert receiver.received[1].headers["webhook-signature"] == standard_signature(renewed.secret, receiver.received[1])
    assert registrations.forget_old_secrets(now=until) == 1
    renewed.registration.refresh_from_db()
    assert bytes(renewed.registration.sealed_previous_secret) == b""


def fetch_from_portal(address):
    answer = Client().get("/" + address.split("/", 3)[3])
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pkix-cert")
    return answer.content


@pytest.mark.parametrize(("own", "header"), [(False, "authorization"), (True, "x-ms-signature")])
def test_receivers_check_both_signatures_as_the_documentation_says(registered, receiver, settings, own, header):
    registered.registration.uses_ms_signature_header = own
    registered.registration.save()
    happen(registered.registration)
    deliver()
    [request] = receiver.received
    assert {"authorization", "x-ms-signature"} & request.headers.keys() == {header}

    def by_certificate(body=request.body, portal=settings.BASE_URL, now=NOON):
        return EXAMPLE["is_signed_with_certificate"](request.headers, body, portal, fetch=fetch_from_portal, now=now)

    def by_secret(body=request.body, secret=registered.secret, now=NOON):
        return EXAMPLE["is_signed_with_secret"](request.headers, body, secret, now=now.timestamp())

    assert by_certificate()
    assert by_secret()
    assert not by_certificate(body=request.body + b" ")
    assert not by_certificate(portal="https://elsewhere.example")
    assert not by_certificate(now=NOON + datetime.timedelta(days=365))
    assert not by_secret(body=request.body + b" ")
    assert not by_secret(secret=signing.new_secret())
    assert not by_secret(now=NOON + HOUR)


def test_the_certificate_is_one_that_signs_itself(webhook, receiver):
    happen(webhook)
    deliver()
    content = fetch_from_portal(receiver.received[0].headers["x-ms-certificate-url"])
    certificate = x509.load_der_x509_certificate(content)
    certificate.verify_directly_issued_by(certificate)
    assert "Webhook notifications" in certificate.subject.rfc4514_string()


def test_the_key_rotates_and_certificates_stay_while_their_key_is_published(webhook, receiver):
    first = keys.signing_key(NOON)
    later = NOON + keys.ROTATION
    happen(webhook)
    deliver(later)
    assert first.kid not in receiver.received[0].headers["x-ms-certificate-url"]
    path = f"/webhooks/certificates/{first.kid}.cer"
    assert Client().get(path).content == Client().get(path).content
    SigningKey.objects.all().delete()
    assert Client().get(path).status_code == 404


def test_a_410_is_told_to_admins_until_somebody_resumes(webhook, acting, receiver):
    admin = make_member(webhook.organization, Role.GLOBAL_ADMIN)
    receiver.status = 410
    happen(webhook)
    deliver()
    mail = OutgoingEmail.objects.get(event_type="webhook-disabled", recipient=admin.user.email)
    assert receiver.url in mail.text
    item = ActionItem.objects.get(event_type="webhook-disabled")
    assert item.completed_at is None
    assert str(Role.HELPDESK_AGENT) not in item.roles
    webhook.refresh_from_db()
    assert webhook.state == WebhookState.DISABLED
    registrations.resume(**acting, now=NOON)
    item.refresh_from_db()
    assert item.completed_at == NOON


def test_a_day_of_failures_is_told_once_and_over_with_the_first_success(webhook, receiver):
    make_member(webhook.organization, Role.GLOBAL_ADMIN)
    receiver.status = 500
    happen(webhook)
    deliver()
    assert processing.tell_of_failing(now=NOON + DAY - HOUR) == 0
    assert processing.tell_of_failing(now=NOON + DAY) == 1
    assert processing.tell_of_failing(now=NOON + DAY) == 0
    assert OutgoingEmail.objects.filter(event_type="webhook-failing").exists()
    receiver.status = 200
    deliver(NOON + DAY)
    webhook.refresh_from_db()
    assert webhook.state == WebhookState.ACTIVE
    assert ActionItem.objects.get(event_type="webhook-failing").completed_at == NOON + DAY


def test_several_webhooks_hear_of_the_same_event_and_one_alone_of_a_test(webhook, receiver):
    other = register(receiver.url, organization=webhook.organization, events=(EVENT, "test-created")).registration
    happen(webhook)
    assert WebhookDelivery.objects.count() == 2
    actor = make_actor(webhook.organization, Role.ADMIN_AGENT)
    registrations.send_test(registration_id=other.pk, actor=actor, now=NOON)
    assert WebhookDelivery.objects.get(event_type="test-created").registration == other
    with pytest.raises(rules.TestNotWanted):
        registrations.send_test(registration_id=webhook.pk, actor=actor, now=NOON)


def test_an_organization_has_ten_webhooks_at_most(webhook, receiver):
    for _ in range(rules.MOST_WEBHOOKS - 1):
        register(receiver.url, organization=webhook.organization)
    with pytest.raises(rules.TooManyWebhooks):
        register(receiver.url, organization=webhook.organization)


def test_figures_and_overdue_checks_see_what_lies_around(webhook):
    def figure(name):
        return next(one.value for one in metrics.figures() if one.name == name)

    with time_machine.travel(NOON, tick=False):
        happen(webhook)
        assert figure("portal_webhooks_due") == 1
    with time_machine.travel(NOON + HOUR, tick=False):
        assert figure("portal_webhooks_oldest_due_seconds") == HOUR.total_seconds()
    WebhookDelivery.objects.update(next_attempt_at=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
    assert len(list(invariants.overdue())) == 1
    type(webhook).objects.update(failing_since=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
    assert figure("portal_webhooks_failing") == 1
    assert "nobody was told" in next(iter(invariants.overdue()))
