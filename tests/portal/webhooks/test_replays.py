"""Deliveries sent again: one, or all that a filter finds (P6, X4)."""

import datetime

import pytest

from portal.accounts.enums import Role
from portal.audit.models import AuditEvent
from portal.webhooks import rules
from portal.webhooks.models import DeliveryStatus, WebhookDelivery
from portal.webhooks.queries import DeliveryFilter
from portal.webhooks.workflow import registrations, replays
from tests.factories import NOON, make_actor, make_partner
from tests.portal.webhooks.factories import deliver, happen

pytestmark = pytest.mark.django_db
LATER = NOON + datetime.timedelta(hours=1)


@pytest.fixture
def webhook(registered):
    return registered.registration


@pytest.fixture
def actor(webhook):
    return make_actor(webhook.organization, Role.ADMIN_AGENT)


def test_a_delivered_one_goes_again_with_the_same_bytes_and_event_id(webhook, actor, receiver):
    first = happen(webhook)
    deliver()
    again = replays.replay_one(delivery_id=first.pk, actor=actor, now=LATER)
    assert (again.replay_of, again.status, again.created_at) == (first, DeliveryStatus.WAITING, LATER)
    with pytest.raises(rules.NothingToReplay):
        replays.replay_one(delivery_id=first.pk, actor=actor, now=LATER)
    deliver(LATER)
    once, twice = receiver.received
    assert once.body == twice.body
    assert once.headers["webhook-id"] == twice.headers["webhook-id"] == str(first.event.public_id)

    third = replays.replay_one(delivery_id=again.pk, actor=actor, now=LATER)
    assert third.replay_of == first
    first.refresh_from_db()
    assert (first.status, first.attempts) == (DeliveryStatus.DELIVERED, 1)


def test_a_range_goes_again_once_per_event_and_without_what_waits(webhook, actor, receiver):
    delivered = [happen(webhook, subject_id="one"), happen(webhook, subject_id="two")]
    deliver()
    replays.replay_one(delivery_id=delivered[0].pk, actor=actor, now=NOON)
    deliver()
    waiting = happen(webhook, now=LATER)
    asking = {"registration_id": webhook.pk, "actor": actor, "now": LATER}

    assert replays.replay_many(wanted=DeliveryFilter(), **asking) == 2
    assert {row.replay_of for row in WebhookDelivery.objects.filter(status="waiting")} == {*delivered, None}
    deliver(LATER)
    assert replays.replay_many(wanted=DeliveryFilter(text="two"), **asking) == 1
    with pytest.raises(rules.NothingToReplay):
        replays.replay_many(wanted=DeliveryFilter(first_day=datetime.date(2027, 1, 1)), **asking)
    logged = AuditEvent.objects.filter(event_type="webhook-deliveries-replayed").order_by("pk")
    assert [event.after for event in logged] == [{"deliveries": 1}, {"deliveries": 2}, {"deliveries": 1}]
    assert len(receiver.received) == 6
    assert not waiting.replays.exists()


def test_nothing_is_sent_again_to_a_webhook_that_takes_nothing(webhook, actor, receiver):
    receiver.status = 410
    first = happen(webhook)
    deliver()
    with pytest.raises(rules.WebhookDisabled):
        replays.replay_one(delivery_id=first.pk, actor=actor, now=LATER)
    registrations.remove(registration_id=webhook.pk, actor=actor, now=LATER)
    with pytest.raises(WebhookDelivery.DoesNotExist):
        replays.replay_one(delivery_id=first.pk, actor=actor, now=LATER)


def test_others_send_nothing_again(webhook, receiver):
    first = happen(webhook)
    deliver()
    with pytest.raises(WebhookDelivery.DoesNotExist):
        replays.replay_one(delivery_id=first.pk, actor=make_actor(make_partner()), now=LATER)
