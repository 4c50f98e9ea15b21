"""Find the one line in a process's log that says why it ended."""

import re
from pathlib import Path

READ_BYTES = 64_000
DISK_FULL = re.compile(r"no space left on device", re.IGNORECASE)
TELLING = re.compile(r"\b(FATAL|PANIC|fatal error|initdb: error|could not)\b")
PREFIX = re.compile(r"^\S+ \S+ \S+ \[\d+\] (?=\w+:)")  # PostgreSQL's time stamp and process id


def size(log: Path | None) -> int:
    """Return the length of a log in bytes, 0 where there is none."""
    return log.stat().st_size if log and log.exists() else 0


def reason(log: Path | None, since: int = 0) -> str:
    """Return the most telling line written to ``log`` after byte ``since``; empty when there is none."""
    if log is None or not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(since, size(log) - READ_BYTES))
        lines = [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]
    if any(DISK_FULL.search(line) for line in lines):
        return "the disk is full (no space left on device)"
    telling = [line for line in lines if TELLING.search(line)]
    chosen = telling[0] if telling else (lines[-1] if lines else "")
    return PREFIX.sub("", chosen)[:300]
