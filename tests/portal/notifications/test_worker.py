"""The outbox in a real Celery worker: killed in the middle, three times at once, with an emptied Redis."""

import datetime
import subprocess
import sys
import time
import uuid

import pytest
import redis
from celery import current_app
from django.utils import timezone

from portal.notifications import processing, rules
from portal.notifications.enums import EmailStatus
from portal.notifications.models import OutgoingEmail
from tests import live
from tests.portal.notifications.builders import make_email

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


class Worker:
    """A Celery worker in a process group of its own."""

    def __init__(self, folder, mail_server, *, processes=1):
        self.queue = f"test-{uuid.uuid4()}"
        self._command = [
            *(sys.executable, "-m", "celery", "-A", "portal.celery", "worker"),
            *("--concurrency", str(processes), "--queues", self.queue, "--loglevel", "WARNING"),
        ]
        self._environment = live.environment(
            DJANGO_SETTINGS_MODULE="tests.portal.notifications.worker_settings",
            EMAIL_URL=f"smtp://127.0.0.1:{mail_server.port}",
            TEST_QUEUE=self.queue,
        )
        self._log = folder / "worker.log"
        self._process = None

    def start(self):
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=live.PROJECT,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self):
        """Kill -9 the worker and its pool."""
        live.kill(self._process, group=True)

    def ask(self, task, *, until):
        """Send the task every few seconds, as beat does with the sweeper, until something is true."""
        end = time.monotonic() + live.PATIENCE_SECONDS
        asked = 0.0
        while not until():
            assert time.monotonic() < end, f"It did not happen. The worker says:\n{self._log.read_text()}"
            if time.monotonic() - asked > 3:
                asked = time.monotonic()
                current_app.send_task(task, queue=self.queue)
            time.sleep(0.1)

    @property
    def log(self):
        return self._log.read_text()


@pytest.fixture(params=[3], ids=["three processes"])
def worker(request, tmp_path, mail_server):
    """A worker that is not yet started, and is gone after the test."""
    worker = Worker(tmp_path, mail_server, processes=request.param)
    yield worker
    if worker._process is not None:
        worker.kill()


def make_mails(number):
    now = timezone.now()
    return {
        make_email(f"p{index}@example.com", now=now - datetime.timedelta(seconds=60 - index)) for index in range(number)
    }


def count(status):
    return OutgoingEmail.objects.filter(status=status).count()


@pytest.mark.parametrize("worker", [1], ids=["one process"], indirect=True)
def test_a_worker_killed_in_the_middle_leaves_one_mail_unconfirmed_and_sends_none_twice(worker, mail_server):
    make_mails(12)
    mail_server.hang_at = 5
    worker.start()
    worker.ask("notifications.send_waiting", until=mail_server.hanging.is_set)

    worker.kill()
    mail_server.released.set()
    assert count(EmailStatus.SENDING) == 1
    worker.start()
    worker.ask("notifications.send_waiting", until=lambda: count(EmailStatus.WAITING) == 0)
    worker.ask("notifications.sweep", until=lambda: count(EmailStatus.SENT) == 11)

    assert count(EmailStatus.SENDING) == 1  # the time of grace is not over
    processing.sweep(now=timezone.now() + rules.UNCONFIRMED_AFTER)
    assert count(EmailStatus.UNCONFIRMED) == 1
    processing.send_waiting(clock=timezone.now)
    assert sorted(mail_server.recipients) == sorted(f"p{index}@example.com" for index in range(12))


def test_a_task_run_three_times_at_once_sends_each_mail_once(worker, mail_server):
    make_mails(30)
    worker.start()
    for _number in range(3):
        current_app.send_task("notifications.send_waiting", queue=worker.queue)

    worker.ask("notifications.send_waiting", until=lambda: count(EmailStatus.SENT) == 30)

    assert sorted(mail_server.recipients) == sorted(f"p{index}@example.com" for index in range(30))
    assert '"event": "email_sent"' in worker.log


def test_an_emptied_redis_loses_no_mail(worker, mail_server, settings):
    make_mails(3)
    current_app.send_task("notifications.send_waiting", queue=worker.queue)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
    worker.start()

    worker.ask("notifications.sweep", until=lambda: count(EmailStatus.SENT) == 3)

    assert len(mail_server.mails) == 3
