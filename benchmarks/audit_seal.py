"""Sealing events, beside the set-based insert of as many seals without a chain (quality row 32)."""

import logging
import statistics
from collections.abc import Callable

from django.db import connection, transaction
from django.utils import timezone

from benchmarks import databases, world
from benchmarks.floors import set_based_chain
from benchmarks.harness import Line, Report, cpu_milliseconds
from portal.audit import processing
from portal.audit.checking import check_log
from portal.audit.records import RECORD_SQL

FEW, MANY, ROUNDS = 5_000, 50_000, 3

# The same rows as the sealer writes, each hash from its own record only, all in one statement.
INSERT = f"""
INSERT INTO audit_auditseal (position, event_id, previous_hash, hash)
SELECT row_number() OVER (ORDER BY event.id), event.id, repeat('0', 64), encode(sha256({RECORD_SQL}::bytea), 'hex')
FROM audit_auditevent AS event
"""  # noqa: S608 - made of constants


def run() -> Report:
    """Measure sealing at two backlogs and checking, beside the two floors: events per second of CPU."""
    databases.use(databases.prepare("bench_audit_seal", content="empty", fill=lambda: None))
    logging.disable(logging.INFO)
    rates: dict[str, list[float]] = {}

    def note(name: str, work: Callable[[], object], count: int) -> None:
        rates.setdefault(name, []).append(1000 * count / cpu_milliseconds(work, 1))

    for _ in range(ROUNDS):
        _empty()
        note("A", lambda: set_based_chain(MANY), MANY)
        _vacuum()
        note("insert", _insert_and_take_back, MANY)
        note("many", processing.seal_waiting, MANY)
        note("check", _check, MANY)
        _empty()
        world.write_events(FEW)
        _vacuum()
        note("few", processing.seal_waiting, FEW)
    found = {name: statistics.median(figures) for name, figures in rates.items()}
    many, insert, few, chain = (found[name] for name in ("many", "insert", "few", "A"))
    report = Report("Sealing events, per second of CPU (process and database)")
    report.lines += [
        Line(f"sealing {MANY:,} events", many, "events/s", "set-based insert", many / insert, 0.6, at_least=True),
        Line("the same, against writing them", many, "events/s", "A", many / chain, 0.6, at_least=True),
        Line(f"sealing {FEW:,} events", few, "events/s", f"{MANY:,} events", few / many, 0.8, at_least=True),
    ]
    report.notes.append(f"floors: insert = {insert:,.0f} events/s, A = {chain:,.0f} events/s")
    report.notes.append(f"checking the chain: {found['check']:,.0f} events/s")
    return report


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE audit_auditseal, audit_unsealedevent, audit_auditeventparty, audit_auditevent CASCADE")


def _vacuum() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")


def _insert_and_take_back() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(INSERT)
        transaction.set_rollback(True)


def _check() -> None:
    fault = check_log(now=timezone.now(), expected=None, progress=lambda position: None).fault
    if fault is not None:
        raise RuntimeError(str(fault))
