"""The pages of webhooks: from registering to sending again, by the eyes of who may and who may not (P6, X4)."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.accounts.enums import Role
from portal.webhooks.models import DeliveryStatus, WebhookDelivery, WebhookRegistration
from portal.webhooks.workflow import registrations
from tests.factories import make_actor, make_member, make_partner
from tests.portal.webhooks.factories import EVENT, deliver, happen, register

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def member():
    return make_member(make_partner(), Role.ADMIN_AGENT)


@pytest.fixture
def client(client_for, member):
    return client_for(member)


@pytest.fixture
def webhook(member, receiver):
    events = (EVENT, "test-created")
    return register(receiver.url, organization=member.organization, events=events, now=timezone.now()).registration


def page(name, *args):
    return reverse(f"webhooks:{name}", args=args)


def text_of(response):
    return response.content.decode()


def test_a_webhook_is_registered_shown_with_its_secret_once_and_changed(client, member, receiver):
    assert "No webhook is registered" in text_of(client.get(page("registrations")))
    form = text_of(client.get(page("new")))
    assert "The source partner accepted a transfer" in form
    assert 'value="subscription-updated"' in form

    wrong = client.post(page("new"), {"url": "ftp://hooks.example", "events": []})
    assert wrong.status_code == 422
    private = client.post(page("new"), {"url": "https://10.0.0.1/", "events": [EVENT]})
    assert (private.status_code, "public server" in text_of(private)) == (422, True)
    done = client.post(page("new"), {"url": receiver.url, "events": [EVENT, "test-created"]}, follow=True)
    one = WebhookRegistration.objects.get()
    assert one.organization == member.organization
    assert "whsec_" in text_of(done)
    assert "whsec_" not in text_of(client.get(page("registration", one.pk)))
    assert receiver.url in text_of(client.get(page("registrations")))

    client.post(
        page("edit", one.pk), {"url": f"{receiver.url}/v2", "events": [EVENT], "uses_ms_signature_header": "on"}
    )
    one.refresh_from_db()
    assert (one.url, one.event_types, one.uses_ms_signature_header) == (f"{receiver.url}/v2", [EVENT], True)
    assert "Change the registration so that it names this event" in text_of(client.get(page("registration", one.pk)))


def test_a_webhook_is_paused_resumed_renewed_and_deleted(client, webhook):
    client.post(page("pause", webhook.pk))
    assert "Events are kept for it" in text_of(client.get(page("registration", webhook.pk)))
    again = client.post(page("pause", webhook.pk), follow=True)
    assert "paused or disabled already" in text_of(again)
    client.post(page("resume", webhook.pk))
    webhook.refresh_from_db()
    assert webhook.paused_at is None

    assert "72 hours" in text_of(client.get(page("renew_secret", webhook.pk)))
    renewed = client.post(page("renew_secret", webhook.pk), follow=True)
    assert "whsec_" in text_of(renewed)
    assert "The old secret signs as well until" in text_of(renewed)

    happen(webhook, now=timezone.now())
    assert "1 notification that waits" in text_of(client.get(page("remove", webhook.pk)))
    client.post(page("remove", webhook.pk))
    assert client.get(page("registration", webhook.pk)).status_code == 404
    assert client.get(page("delivery", WebhookDelivery.objects.get().pk)).status_code == 200


def test_a_test_shows_its_outcome_by_itself_and_two_a_minute_are_enough(client, webhook):
    client.post(page("send_test", webhook.pk))
    running = text_of(client.get(page("registration", webhook.pk)))
    assert 'hx-trigger="every 2s"' in running
    deliver(timezone.now())
    part = client.get(page("registration", webhook.pk), headers=FRAGMENT)
    assert part.templates[0].name == "webhooks/_test.html"
    assert "every 2s" not in text_of(part)
    assert "Delivered" in text_of(part)
    client.post(page("send_test", webhook.pk))
    third = client.post(page("send_test", webhook.pk), follow=True)
    assert "Too many requests" in text_of(third)
    assert WebhookDelivery.objects.count() == 2


def test_deliveries_are_filtered_exported_and_shown_with_every_attempt(client, webhook, receiver):
    receiver.status, receiver.body = 500, b"out of <order>"
    now = timezone.now()
    failed = happen(webhook, subject_id="transfer-7", now=now)
    deliver(now)
    receiver.status = 200
    happen(webhook, "test-created", subject_id="other", now=now)
    deliver(now + datetime.timedelta(seconds=1))

    url = page("deliveries", webhook.pk)
    assert client.get(url).context["pager"]["range"] == "2 entries"
    for query, count in (
        ("q=transfer-7", 1),
        (f"q={failed.event.public_id}", 1),
        ("event=test-created", 1),
        ("state=waiting", 1),
        ("state=failed", 0),
        (f"from={now:%Y-%m-%d}&to={now:%Y-%m-%d}", 2),
        (f"from={now + datetime.timedelta(days=2):%Y-%m-%d}", 0),
    ):
        assert len(client.get(f"{url}?{query}", headers=FRAGMENT).context["rows"]) == count, query
    assert client.get(f"{url}?from=2026-02-02&to=2026-01-01").status_code == 422
    export = b"".join(client.get(page("export", webhook.pk) + "?state=waiting").streaming_content).decode()
    assert "transfer-7" in export
    assert len(export.splitlines()) == 2

    shown = text_of(client.get(page("delivery", failed.pk)))
    for part in (
        "500",
        "out of &lt;order&gt;",
        "webhook-signature: v1,",
        "X-MS-Certificate-Url",
        "&quot;EventName&quot;",
    ):
        assert part in shown
    assert "It still waits, and is sent anyway" in shown


def test_one_and_many_are_sent_again_and_the_event_proves_it(client, webhook):
    first = happen(webhook, now=timezone.now())
    happen(webhook, now=timezone.now())
    deliver(timezone.now())
    shown = client.post(page("replay_one", first.pk), follow=True)
    assert "the same event ID" in text_of(shown)
    deliver(timezone.now())

    preview = client.get(page("replay_many", webhook.pk) + "?state=delivered")
    assert "2 notifications are sent again" in text_of(preview)
    client.post(page("replay_many", webhook.pk) + "?state=delivered")
    assert WebhookDelivery.objects.filter(status=DeliveryStatus.WAITING).count() == 2
    refused = client.post(page("replay_many", webhook.pk) + "?state=failed")
    assert (refused.status_code, "nothing to send again" in text_of(refused)) == (409, True)
    assert len(client.get(page("event", first.event.public_id)).context["rows"]) == 3
    log_page = client.get(reverse("audit:event", args=[first.event.public_id]))
    assert page("event", first.event.public_id) in text_of(log_page)


def test_others_see_nothing_of_it(client_for, webhook, receiver):
    delivery = happen(webhook, now=timezone.now())
    stranger = client_for(make_member(make_partner(), Role.ADMIN_AGENT))
    for name in ("registration", "edit", "remove", "renew_secret", "deliveries", "export", "replay_many"):
        assert stranger.get(page(name, webhook.pk)).status_code == 404, name
    for name in ("pause", "resume", "send_test"):
        assert stranger.post(page(name, webhook.pk)).status_code == 404, name
    assert stranger.get(page("delivery", delivery.pk)).status_code == 404
    assert stranger.post(page("replay_one", delivery.pk)).status_code == 404
    assert stranger.get(page("event", delivery.event.public_id)).status_code == 404
    colleague = client_for(make_member(webhook.organization, Role.ACCOUNT_ADMIN))
    assert colleague.get(page("registrations")).status_code == 403


def test_the_list_costs_the_same_for_one_and_for_many(client, member, webhook, django_assert_max_num_queries):
    for _ in range(5):
        register(webhook.url, organization=member.organization)
    actor = make_actor(member.organization, Role.ADMIN_AGENT)
    registrations.pause(registration_id=webhook.pk, actor=actor, now=timezone.now())
    client.get(page("registrations"))
    with django_assert_max_num_queries(12):
        client.get(page("registrations"))
