"""Webhook deliveries by one worker in a second of the clock, beside bare requests to the same receiver (issue 6)."""

import contextlib
import datetime
import http.client
import logging
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from benchmarks import databases, world
from benchmarks.harness import Line, Report
from portal.audit.models import AuditEvent, AuditEventParty
from portal.core import sealing
from portal.webhooks import processing, signing
from portal.webhooks.models import DeliveryStatus, WebhookDelivery, WebhookRegistration

COUNT, ROUNDS, BARE_CALLS = 2_000, 3, 500
WANTED_PER_SECOND = 200
NOW = datetime.datetime(2026, 11, 1, 3, tzinfo=datetime.UTC)
BODY = b'{"EventName":"create-transfer","ResourceName":"Transfer","ResourceChangeUtcDate":"2026-11-01T03:00:00+00:00"}'

EMPTY = """
TRUNCATE webhooks_deliveryattempt, webhooks_webhookdelivery, webhooks_webhookregistration, audit_auditseal,
    audit_unsealedevent, audit_auditeventparty, audit_auditevent CASCADE
"""
# A transfer's event for the partner, and its delivery to one of the webhooks in turn.
FILL = """
WITH events AS (
    INSERT INTO audit_auditevent (public_id, event_type, outcome, occurred_at, actor_name, actor_email,
        actor_organization_name, subject_type, subject_id, subject_name, customer_name, details, request_id)
    SELECT gen_random_uuid(), 'create-transfer', 'succeeded', %(now)s, '', '', '', 'transfer', n::text, '', '', '{}', ''
    FROM generate_series(1, %(count)s) AS n
    RETURNING id
), parties AS (
    INSERT INTO audit_auditeventparty (event_id, organization_id, occurred_at, event_type, outcome, customer_key,
        actor_key, details)
    SELECT id, %(partner)s, %(now)s, 'create-transfer', 'succeeded', '', '', '{}' FROM events
)
INSERT INTO webhooks_webhookdelivery (id, registration_id, event_id, event_type, body, status, created_at,
    next_attempt_at, attempts)
SELECT gen_random_uuid(), (%(webhooks)s::uuid[])[1 + id %% %(webhook_count)s], id, 'create-transfer', %(body)s,
    'waiting', %(now)s, %(now)s, 0
FROM events
"""


def run() -> Report:
    """Measure deliveries to one webhook and to ten, and the bare calls: each a second of the clock."""
    databases.use(databases.prepare("bench_webhooks", content="a partner, version 1", fill=lambda: world.fill(100)))
    logging.disable(logging.INFO)
    settings.OUTGOING_LOOPBACK = True
    rates: dict[str, list[float]] = {"bare": [], "one": [], "ten": []}
    with _receiver() as url:
        for _ in range(ROUNDS):
            rates["bare"].append(_per_second(lambda: _call_bare(url), BARE_CALLS))
            for name, webhooks in (("one", 1), ("ten", 10)):
                _back(url, webhooks)
                rates[name].append(_per_second(_deliver, COUNT))
    found = {name: statistics.median(figures) for name, figures in rates.items()}
    report = Report("Webhook deliveries by one worker, a second of the clock")
    for name, what in (("one", "to one webhook"), ("ten", "to ten webhooks")):
        ratio = found[name] / WANTED_PER_SECOND
        report.lines.append(
            Line(f"{COUNT:,} deliveries {what}", found[name], "each/s", "200 each/s", ratio, 1, at_least=True)
        )
    report.notes.append(f"bare calls, neither signed nor written down: {found['bare']:,.0f} each/s")
    return report


def _per_second(work: Callable[[], object], count: int) -> float:
    begun = time.perf_counter()
    work()
    return count / (time.perf_counter() - begun)


def _deliver() -> None:
    while processing.deliver_due(clock=timezone.now):
        pass
    waiting = WebhookDelivery.objects.exclude(status=DeliveryStatus.DELIVERED).count()
    if waiting:
        raise RuntimeError(f"{waiting} deliveries were not made")


def _back(url: str, webhooks: int) -> None:
    """Let everything wait again, for so many webhooks."""
    with connection.cursor() as cursor:
        cursor.execute(EMPTY)
        made = WebhookRegistration.objects.bulk_create(
            WebhookRegistration(
                organization_id=world.ORGANIZATION_ID,
                url=f"{url}/{number}",
                event_types=["create-transfer"],
                created_at=NOW,
                sealed_secret=sealing.seal(signing.new_secret().encode()),
            )
            for number in range(webhooks)
        )
        values: dict[str, Any] = {"now": NOW, "count": COUNT, "partner": world.ORGANIZATION_ID, "body": BODY}
        cursor.execute(FILL, {**values, "webhooks": [one.pk for one in made], "webhook_count": webhooks})
        cursor.execute("VACUUM (ANALYZE)")
    if (AuditEvent.objects.count(), AuditEventParty.objects.count()) != (COUNT, COUNT):
        raise RuntimeError("not everything is there")


def _call_bare(url: str) -> None:
    port = int(url.rpartition(":")[2])
    for _ in range(BARE_CALLS):
        call = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        with contextlib.closing(call):
            call.request("POST", "/", body=BODY, headers={"Content-Type": "application/json"})
            call.getresponse().read()


@contextlib.contextmanager
def _receiver() -> Iterator[str]:
    """Run a server that answers everything with 200; yield its address."""
    command = [sys.executable, "-m", "benchmarks.receiver"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=settings.BASE_DIR, text=True) as process:  # noqa: S603 - our own
        if process.stdout is None:
            raise RuntimeError("the receiver has no output")
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()
