"""Deliveries are forgotten once they are old; the events stay (decision 0043)."""

import datetime

import pytest
from django.conf import settings

from portal.audit.models import AuditEvent
from portal.webhooks import queries, tasks
from portal.webhooks.models import DeliveryAttempt, DeliveryStatus, WebhookDelivery, WebhookRegistration
from portal.webhooks.workflow import replays, retention
from tests.factories import NOON, make_actor, make_member
from tests.portal.webhooks.factories import EVENT, happen, register

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
TEST = "test-created"


def make_webhook():
    return register("https://hooks.example/", events=(EVENT, TEST)).registration


def ended(webhook, *, days_ago, name=EVENT):
    """A delivery that arrived so long ago, with its attempt."""
    at = NOON - days_ago * DAY
    delivery = happen(webhook, name, now=at)
    DeliveryAttempt.objects.create(
        delivery=delivery, number=1, url=webhook.url, started_at=at, milliseconds=3, result="delivered"
    )
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        status=DeliveryStatus.DELIVERED, attempts=1, next_attempt_at=None, ended_at=at
    )
    return delivery


def forget(webhook):
    return retention.forget_deliveries(registration_id=webhook.pk, now=NOON)


def test_what_has_ended_long_ago_goes_with_its_attempts_and_its_event_stays():
    webhook, other = make_webhook(), make_webhook()
    old, young = ended(webhook, days_ago=91), ended(webhook, days_ago=89)
    test, new_test = ended(webhook, days_ago=8, name=TEST), ended(webhook, days_ago=6, name=TEST)
    waiting, foreign = happen(webhook, now=NOON - 200 * DAY), ended(other, days_ago=91)

    assert forget(webhook) == 2
    left = set(WebhookDelivery.objects.values_list("pk", flat=True))
    assert left == {young.pk, new_test.pk, waiting.pk, foreign.pk}
    assert set(DeliveryAttempt.objects.values_list("delivery_id", flat=True)) == left - {waiting.pk}
    assert AuditEvent.objects.filter(pk__in=[old.event_id, test.event_id]).count() == 2
    assert forget(webhook) == 0


def test_what_was_sent_again_lately_stays_and_goes_later_with_the_first():
    webhook = make_webhook()
    first = ended(webhook, days_ago=91)
    actor = make_actor(webhook.organization)
    again = replays.replay_one(delivery_id=first.pk, actor=actor, now=NOON)
    assert forget(webhook) == 0
    WebhookDelivery.objects.filter(pk=again.pk).update(
        status=DeliveryStatus.FAILED, next_attempt_at=None, ended_at=NOON, created_at=NOON - 91 * DAY
    )
    assert forget(webhook) == 1
    assert not WebhookDelivery.objects.filter(event=first.event).exists()


def test_the_task_takes_all_webhooks_in_batches(monkeypatch):
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    webhooks = [make_webhook(), make_webhook()]
    for webhook in webhooks:
        for _number in range(3):
            ended(webhook, days_ago=settings.WEBHOOK_DELIVERY_DAYS + 9999)
    WebhookRegistration.objects.filter(pk=webhooks[0].pk).update(removed_at=NOON)
    tasks.forget_old()
    assert not WebhookDelivery.objects.exists()


def test_the_page_says_how_long_they_are_kept(client_for):
    webhook = make_webhook()
    kept = ended(webhook, days_ago=1)
    page = client_for(make_member(webhook.organization)).get(f"/account-settings/webhooks/{webhook.pk}/deliveries/")
    assert "Kept for 90 days, test events for 7." in page.text
    assert queries.deliveries_to(webhook, queries.DeliveryFilter()).get() == kept
