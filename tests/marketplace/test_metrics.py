"""What Prometheus reads of calls to publishers."""

import datetime

import pytest
from django.utils import timezone

from marketplace import metrics
from marketplace.models import WebhookCall
from marketplace.workflow import changes
from tests.marketplace.factories import admin_of, make_active

pytestmark = pytest.mark.django_db


def test_calls_that_wait_and_those_tried_in_vain_are_counted_and_the_first_is_timed(django_assert_num_queries):
    now = timezone.now() - datetime.timedelta(minutes=5)
    for _number in range(2):
        saas = make_active(now=now)
        changes.change_quantity(subscription_id=saas.pk, quantity=20, actor=admin_of(saas), now=now)
    waiting = WebhookCall.objects.filter(status="waiting")
    assert waiting.count() == 2
    waiting.filter(pk=waiting.first().pk).update(attempts=3)
    with django_assert_num_queries(1):
        found = {figure.name: figure.value for figure in metrics.figures()}
    assert found["portal_publisher_calls_waiting"] == 2
    assert found["portal_publisher_calls_failing"] == 1
    assert 300 <= found["portal_publisher_calls_oldest_seconds"] < 400
    WebhookCall.objects.all().delete()
    assert {figure.value for figure in metrics.figures()} == {0}
