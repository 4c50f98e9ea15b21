"""The activity log page at 10,000 and at 1,000,000 events, and the export of all of them (quality rows 30, 31)."""

import functools
import resource
import time
from collections.abc import Iterator, Mapping
from typing import cast
from urllib.parse import urlencode

from django.urls import reverse

from benchmarks import databases, world
from benchmarks.harness import Candidate, Line, Report, measure
from portal.audit.models import AuditEventParty
from portal.audit.queries import NEWEST_FIRST
from portal.core.pages import keyset_page

SMALL, LARGE = 10_000, 1_000_000
HTMX = {"HX-Request": "true"}


class Site:
    """The portal on one database, with somebody signed in."""

    def __init__(self, count: int) -> None:
        self.database = databases.prepare(
            f"bench_audit_{count}", content=f"{count} events, version 1", fill=functools.partial(world.fill, count)
        )
        databases.use(self.database)
        self.client = world.signed_in_client()
        middle = AuditEventParty.objects.order_by("-pk")[count // 2]
        rows = AuditEventParty.objects.filter(occurred_at__lte=middle.occurred_at)
        self.deep = urlencode({"history": "all", "cursor": keyset_page(rows, order=NEWEST_FIRST).next_cursor})
        self.event = reverse("audit:event", args=[middle.event.public_id])

    def page(self, address: str, headers: Mapping[str, str] | None = None) -> Candidate:
        """Return the candidate that opens a page, and fails if it does not answer 200."""
        return Candidate(work=lambda: self._open(address, headers), enter=lambda: databases.use(self.database))

    def _open(self, address: str, headers: Mapping[str, str] | None) -> None:
        response = self.client.get(address, headers=headers)
        if response.status_code != 200:
            raise RuntimeError(f"{address} answered {response.status_code}")


def run() -> Report:
    """Measure the pages beside the floors b and c1."""
    small, large = Site(SMALL), Site(LARGE)
    log = reverse("audit:log")
    costs = measure(
        {
            "b": large.page("/floor/b/"),
            "c1": large.page("/floor/c1/"),
            "small": small.page(f"{log}?{small.deep}"),
            "large": large.page(f"{log}?{large.deep}"),
            "first": large.page(f"{log}?history=all"),
            "fragment": large.page(f"{log}?{large.deep}", HTMX),
            "name": large.page(f"{log}?history=all&customer=xwvuts"),
            "failed": large.page(f"{log}?history=all&outcome=failed"),
            "id": large.page(f"{log}?id={world.ORGANIZATION_ID}"),
            "event": large.page(large.event),
            "row": large.page(large.event, HTMX),
        }
    )
    b, c1 = costs["b"], costs["c1"]
    report = Report("Activity log, CPU per request (process and database)")
    figures = [
        ("list page, deep in 1,000,000 events", "large", c1, "c1", 1.0),
        ("the same, against 10,000 events", "large", costs["small"], "the page at 10,000", 1.15),
        ("first page of 1,000,000", "first", c1, "c1", 1.0),
        ("list as fragment", "fragment", c1, "c1", 1.0),
        ("customers by a rare part of a name", "name", c1, "c1", 2.0),
        ("events that failed (1 in 200)", "failed", c1, "c1", 1.0),
        ("an id that nothing carries", "id", c1, "c1", 1.0),
        ("page of one event", "event", b, "b", 3.0),
        ("a row opened", "row", b, "b", 1.5),
    ]
    for what, key, floor, name, limit in figures:
        report.lines.append(Line(what, costs[key], "ms", name, costs[key] / floor, limit))
    report.notes.append(f"floors: b = {b:.2f} ms, c1 = {c1:.2f} ms = {c1 / b:.1f} b")
    report.notes.append(_export(large))
    return report


def _export(site: Site) -> str:
    """Read the whole export once and say how fast it came and how far memory grew."""
    databases.use(site.database)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started, rows = time.perf_counter(), -1
    response = site.client.get(reverse("audit:export"), {"history": "all"})
    for part in cast(Iterator[bytes], response.streaming_content):  # type: ignore[attr-defined]
        rows += part.count(b"\r\n")
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    seconds = time.perf_counter() - started
    return f"export: {rows:,} rows, {rows / seconds:,.0f} rows/s, memory grew by {grown:.1f} MB"
