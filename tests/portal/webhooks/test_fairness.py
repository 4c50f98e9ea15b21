"""A receiver that hangs holds up nobody else, even where one process does all the work (issue 6)."""

import datetime
import time

import pytest
from django.utils import timezone

from portal.webhooks.models import DeliveryStatus, WebhookDelivery
from tests import live
from tests.portal.webhooks.factories import happen, register
from tests.servers import http_server

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
HANGS_SECONDS, LONGEST_SECONDS = 30, 5
EVENTS, PAUSE_SECONDS = 20, 0.15


def wait_for(condition, log):
    end = time.monotonic() + live.PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, log.read_text()
        time.sleep(0.05)


def test_one_that_hangs_for_half_a_minute_leaves_the_others_their_seconds(receiver, tmp_path):
    with http_server() as hanging:
        hanging.delay = HANGS_SECONDS
        stuck = register(hanging.url).registration
        others = [register(f"{receiver.url}/{number}").registration for number in range(3)]
        variables = live.environment(DJANGO_SETTINGS_MODULE="tests.portal.webhooks.worker_settings")
        with live.worker(tmp_path, variables) as log:
            for _ in range(5):
                happen(stuck, now=timezone.now())
            wait_for(lambda: hanging.received, log)
            for number in range(EVENTS):
                happen(others[number % len(others)], now=timezone.now())
                time.sleep(PAUSE_SECONDS)
            arrived = WebhookDelivery.objects.filter(registration__in=others, status=DeliveryStatus.DELIVERED)
            wait_for(lambda: arrived.count() == EVENTS, log)
            assert len(hanging.received) == 1, "the hanging receiver was not busy all the time"

    took = sorted(ended - begun for begun, ended in arrived.values_list("created_at", "ended_at"))
    assert took[int(EVENTS * 0.95) - 1] < datetime.timedelta(seconds=LONGEST_SECONDS)
