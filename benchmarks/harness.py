"""Measure costs in turns, and print them as ratios."""

import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django.db import connection

ROUNDS = 5
CALLS = 60


def database_nanoseconds() -> int:
    """Return the CPU time that the open database session has used so far."""
    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def cpu_milliseconds(work: Callable[[], object], calls: int) -> float:
    """Return the CPU time of one call, this process and its database session together."""
    database = database_nanoseconds()
    process = time.process_time_ns()
    for _ in range(calls):
        work()
    process = time.process_time_ns() - process
    return (process + database_nanoseconds() - database) / calls / 1e6


@dataclass(frozen=True)
class Candidate:
    """Something to measure. ``enter`` runs before each of its turns and is not measured: choosing a database."""

    work: Callable[[], object]
    enter: Callable[[], object] = lambda: None


def measure(candidates: Mapping[str, Candidate], *, rounds: int = ROUNDS, calls: int = CALLS) -> dict[str, float]:
    """Return the median cost of each candidate in milliseconds of CPU; they take turns, so a slow spell hits all."""
    costs: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, candidate in candidates.items():
            candidate.enter()
            cost = cpu_milliseconds(candidate.work, calls if number else 5)
            if number:  # the first turn warms up templates, plans and caches
                costs[name].append(cost)
    return {name: statistics.median(found) for name, found in costs.items()}


@dataclass(frozen=True)
class Line:
    """One figure beside its floor. ``limit``: the ratio it must not pass, or with ``at_least`` must reach."""

    what: str
    value: float
    unit: str
    floor: str
    ratio: float
    limit: float
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        return self.ratio >= self.limit if self.at_least else self.ratio <= self.limit


@dataclass
class Report:
    """The table that a run prints."""

    title: str
    lines: list[Line] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def print(self) -> None:
        out = sys.stdout
        out.write(f"\n{self.title}\n")
        for line in self.lines:
            sign, verdict = ("≥" if line.at_least else "≤"), ("ok" if line.is_met else "MISSED")
            out.write(
                f"  {line.what:<58} {line.value:>10,.2f} {line.unit:<9} {line.ratio:>6.2f} × {line.floor:<28}"
                f" {sign} {line.limit:<5} {verdict}\n"
            )
        for note in self.notes:
            out.write(f"  {note}\n")
        out.flush()

    @property
    def is_met(self) -> bool:
        return all(line.is_met for line in self.lines)
