"""Tasks after the commit, and a broker that is away."""

import json
import socket
import time
import uuid

import pytest
import redis
from celery import current_app
from django.db import transaction
from kombu import pools

from portal.core import queue
from portal.core.queue import enqueue_after_commit
from tests import live

TASK = "tests.nobody-takes-this"


@pytest.fixture(autouse=True)
def no_pause():
    queue.away.end()
    yield
    queue.away.end()


@pytest.fixture
def broker_at():
    """Point Celery's producers at another address, and back afterwards."""
    before = current_app.conf.broker_url

    def point(url):
        current_app.conf.broker_url = current_app.conf.broker_write_url = url
        pools.reset()
        current_app.amqp._producer_pool = None

    yield point
    point(before)


def sent(mark, settings):
    """How many messages of the test's queue hold the mark."""
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        messages = client.lrange(settings.CELERY_TASK_DEFAULT_QUEUE, 0, -1)
        found = [message for message in messages if mark in str(json.loads(message)["headers"].get("argsrepr"))]
        for message in found:
            client.lrem(settings.CELERY_TASK_DEFAULT_QUEUE, 0, message)
    return len(found)


@pytest.mark.django_db(transaction=True)
def test_a_task_goes_out_after_the_commit_and_not_before(settings):
    mark = uuid.uuid4().hex
    with transaction.atomic():
        enqueue_after_commit(TASK, mark)
        assert sent(mark, settings) == 0

    assert sent(mark, settings) == 1


@pytest.mark.django_db(transaction=True)
def test_a_rollback_queues_nothing(settings):
    mark = uuid.uuid4().hex
    with transaction.atomic():
        enqueue_after_commit(TASK, mark)
        transaction.set_rollback(True)

    assert sent(mark, settings) == 0


@pytest.mark.django_db(transaction=True)
def test_the_same_task_of_one_transaction_is_sent_once_and_another_one_too(settings):
    mark = uuid.uuid4().hex
    with transaction.atomic():
        enqueue_after_commit(TASK, mark)
        enqueue_after_commit(TASK, mark)
        enqueue_after_commit(TASK, mark, "other")

    assert sent(mark, settings) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["refusing", "silent"])
def test_an_absent_broker_costs_at_most_two_seconds_in_all_and_no_error(kind, broker_at):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if kind == "silent":  # it takes the connection and never says a word
            listener.listen(8)
        broker_at(f"redis://127.0.0.1:{listener.getsockname()[1]}/0")

        began = time.monotonic()
        with transaction.atomic():
            for number in range(20):
                enqueue_after_commit(TASK, str(number))
        assert time.monotonic() - began < 2

    assert queue.away


@pytest.mark.django_db(transaction=True)
def test_tasks_go_out_again_once_the_broker_is_back(settings, broker_at):
    wire = live.wire_to_broker()
    broker_at(live.broker_url(wire.port))
    before, lost, after = (uuid.uuid4().hex for _ in range(3))

    for mark in (before, lost, after):
        if mark == lost:
            wire.cut()
        with transaction.atomic():
            enqueue_after_commit(TASK, mark)
        if mark == lost:
            assert queue.away
            wire.mend()
            queue.away.end()

    wire.cut()
    assert [sent(mark, settings) for mark in (before, lost, after)] == [1, 0, 1]
