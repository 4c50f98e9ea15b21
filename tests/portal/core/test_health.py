"""/healthz, /readyz and /metrics."""

import datetime
import re
import time

import pytest
from django.core.cache import caches
from django.utils import timezone

from portal.accounts.enums import AccountEvent
from portal.audit import log
from portal.core import cache, health
from portal.core.tasks import heartbeat
from portal.notifications.enums import EmailStatus
from portal.notifications.models import OutgoingEmail
from portal.urls import urlpatterns
from tests import live
from tests.factories import make_organization


@pytest.fixture(autouse=True)
def no_pause():
    cache.away.end()
    yield
    cache.away.end()
    caches["redis"].clear()


def figure(text, name):
    found = re.search(rf"^{name} ([0-9.e+]+)$", text, re.MULTILINE)
    assert found, name
    return float(found[1])


def test_the_probes_that_answer_early_are_those_of_the_url_map():
    mounted = {f"/{pattern.pattern}": pattern.callback for pattern in urlpatterns if hasattr(pattern, "callback")}

    assert {path: mounted[path] for path in health.PROBES} == health.PROBES


def test_the_process_lives_under_any_host_name_and_without_the_database(client):
    response = client.get("/healthz", headers={"Host": "10.0.0.7:8000"})  # without the db fixture a query would fail

    assert response.status_code == 200
    assert not response.cookies


def test_nothing_is_ready_before_a_worker_has_shown_up(client, db):
    response = client.get("/readyz", headers={"Host": "10.0.0.7"})

    assert response.status_code == 503
    assert response.json() == {"database": "ok", "broker": "ok", "worker": "no sign of life"}


def test_everything_is_ready_once_the_worker_has_shown_up(client, db):
    heartbeat()

    response = client.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"database": "ok", "broker": "ok", "worker": "ok"}


def test_a_worker_that_has_fallen_silent_is_named(client, db, settings):
    heartbeat()
    settings.READY_WORKER_SECONDS = 0

    assert client.get("/readyz").json()["worker"] == "no sign of life"


def test_an_absent_broker_is_named_and_the_worker_unknown(client, db, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.json() == {"database": "ok", "broker": "unreachable", "worker": "unknown"}


@pytest.mark.parametrize(
    ("headers", "address", "status"),
    [
        ({}, "127.0.0.1", 200),
        ({}, "::1", 200),
        ({}, "203.0.113.9", 404),
        ({}, "", 404),
        ({"X-Forwarded-For": "127.0.0.1"}, "127.0.0.1", 404),  # a proxy on this machine brings strangers
        ({"Forwarded": "for=127.0.0.1"}, "127.0.0.1", 404),
        ({"Authorization": "Bearer t0ken"}, "203.0.113.9", 200),
        ({"Authorization": "Bearer wrong"}, "203.0.113.9", 404),
        ({"Authorization": "Bearer "}, "203.0.113.9", 404),
    ],
)
def test_metrics_are_for_this_machine_or_who_has_the_token(client, db, settings, headers, address, status):
    settings.METRICS_TOKEN = "t0ken"

    assert client.get("/metrics", headers=headers, REMOTE_ADDR=address).status_code == status


def test_without_a_token_in_the_settings_no_token_opens_the_metrics(client, db):
    response = client.get("/metrics", headers={"Authorization": "Bearer "}, REMOTE_ADDR="203.0.113.9")

    assert response.status_code == 404


def test_metrics_count_what_waits(client, db, django_assert_max_num_queries):
    now = timezone.now()
    before = client.get("/metrics").content.decode()
    log.record(
        event_type=AccountEvent.ORGANIZATION_UPDATED,
        organization_ids=[make_organization().pk],
        subject_type="organization",
        subject_id="x",
        actor=None,
        occurred_at=now,
    )
    OutgoingEmail.objects.bulk_create(
        OutgoingEmail(
            event_id="5f0ff2a0-9b0f-4d5c-8a55-0f0e58b0a111",
            event_type="x",
            recipient=f"{hours}@example.com",
            language="en",
            subject="s",
            text="t",
            html="h",
            status=EmailStatus.WAITING,
            created_at=now,
            next_attempt_at=now - datetime.timedelta(hours=hours),
        )
        for hours in (2, 1, -1)
    )

    with django_assert_max_num_queries(8):
        text = client.get("/metrics").content.decode()

    assert figure(text, "portal_events_unsealed") == figure(before, "portal_events_unsealed") + 1
    assert figure(text, "portal_emails_waiting") == 3
    assert figure(text, "portal_emails_due") == 2
    assert 7200 <= figure(text, "portal_emails_oldest_due_seconds") < 7300
    assert figure(text, "portal_emails_undelivered") == 0
    assert figure(text, "portal_database_up") == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_web_processes_add_up_their_counters(tmp_path):
    counters = tmp_path / "metrics"
    counters.mkdir()
    variables = live.environment(PROMETHEUS_MULTIPROC_DIR=str(counters))

    with live.Site(tmp_path, variables, workers=2) as site:
        end = time.monotonic() + live.PATIENCE_SECONDS
        while len({file.stem.rpartition("_")[2] for file in counters.glob("*.db")}) < 2 and time.monotonic() < end:
            time.sleep(0.1)
        for _ in range(30):
            site.ask("/nowhere/")
        counted = {
            figure(site.ask("/metrics").text, r'django_http_responses_total_by_status_total\{status="404"\}')
            for _ in range(10)
        }

    assert counted == {30.0}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_real_worker_makes_the_portal_ready(tmp_path):
    variables = live.environment()
    with live.Site(tmp_path, variables) as site:
        before = site.ask("/readyz").status
        with live.worker(tmp_path, variables):
            end = time.monotonic() + live.PATIENCE_SECONDS
            while (after := site.ask("/readyz")).status != 200 and time.monotonic() < end:
                time.sleep(0.2)

    assert before == 503
    assert (after.status, after.text) == (200, '{"database": "ok", "broker": "ok", "worker": "ok"}')
