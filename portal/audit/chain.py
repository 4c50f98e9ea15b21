"""The hash chain of the activity log, and a checker that needs nothing but Python (X7, decision 0008).

``python portal/audit/chain.py FILE`` checks a file that ``manage.py export_audit_log`` wrote, away from the portal and
its database. This file imports the standard library only, so it can be copied and read on its own.

Each line of the file is one seal: ``{"position":…,"previous_hash":"…","hash":"…","record":{…}}``. The hash of a seal is
SHA-256 over the hash before it, a line break, its position, a line break, and the bytes of its record exactly as they
stand there: nothing is parsed or written anew, so no two programs can disagree about a number or an accent.
"""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

GENESIS = "0" * 64  # what stands before the first seal
SHOWN_DIGITS = 32
PROGRESS_EVERY = 100_000
LINE = re.compile(
    rb'\{"position":([1-9][0-9]*),"previous_hash":"([0-9a-f]{64})","hash":"([0-9a-f]{64})","record":(\{.*\})\}\n?'
)


@dataclass(frozen=True)
class Head:
    """The last seal of a chain: kept elsewhere, it proves later that nothing was cut off or made anew."""

    position: int = 0
    hash: str = GENESIS

    def __str__(self) -> str:
        """Write POSITION:HASH with half of the hash: as long as proof needs, short enough for logs and mails."""
        return f"{self.position}:{self.hash[:SHOWN_DIGITS]}"

    @classmethod
    def parse(cls, text: str) -> "Head":
        """Read POSITION:HASH, the hash whole or its first half. Raises: ValueError."""
        found = re.fullmatch(r"([0-9]+):([0-9a-f]{32,64})", text.strip())
        if found is None:
            raise ValueError(f"{text!r} is not POSITION:HASH, as the checker prints it.")
        return cls(int(found[1]), found[2])


@dataclass(frozen=True)
class Link:
    """One seal and the record it seals; ``record`` None means that the event is gone."""

    position: int
    previous_hash: str
    hash: str
    record: bytes | None


@dataclass(frozen=True)
class Fault:
    """The first bad row; ``kind`` is one of changed, missing, reordered, unsealed, cut, rewritten, unreadable."""

    kind: str
    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.place}: {self.reason}"


@dataclass(frozen=True)
class Result:
    """What a check found: how far the chain is right, and the fault that ended it, if any."""

    head: Head
    fault: Fault | None = None


class UnreadableLine(ValueError):
    """A line of the file does not have the shape that the export gives it."""


def link_hash(previous_hash: str, position: int, record: bytes) -> str:
    """Return the hash of one seal."""
    return hashlib.sha256(b"%s\n%d\n%s" % (previous_hash.encode(), position, record)).hexdigest()


def check(
    links: Iterable[Link],
    *,
    expected: Head | None = None,
    progress: Callable[[int], None] = lambda position: None,
) -> Result:
    """Walk the chain from its first seal and stop at the first fault. Memory stays flat."""
    head = Head()
    remaining = iter(links)
    try:
        for link in remaining:
            fault = _order_fault(link, head, remaining) or _content_fault(link, head, expected)
            if fault is not None:
                return Result(head, fault)
            head = Head(link.position, link.hash)
            if link.position % PROGRESS_EVERY == 0:
                progress(link.position)
    except UnreadableLine as error:
        return Result(head, Fault("unreadable", str(error), "the line is not as export_audit_log writes it"))
    if expected is not None and head.position < expected.position:
        place = f"position {head.position + 1}"
        return Result(head, Fault("cut", place, f"the log ends before position {expected.position}"))
    return Result(head)


def _order_fault(link: Link, head: Head, remaining: Iterator[Link]) -> Fault | None:
    wanted = head.position + 1
    if link.position < wanted:
        return Fault("reordered", _place(link), f"it stands after position {head.position}")
    if link.position == wanted:
        return None
    if any(other.position == wanted for other in remaining):
        return Fault("reordered", f"position {wanted}", f"it stands after position {link.position}")
    return Fault("missing", f"position {wanted}", f"the next seal found is at position {link.position}")


def _content_fault(link: Link, head: Head, expected: Head | None) -> Fault | None:
    if link.previous_hash != head.hash:
        return Fault(
            "reordered", _place(link), "it does not continue the seal before it: moved, put in, or one removed"
        )
    if link.record is None:
        return Fault("missing", _place(link), "the seal is there, its event is gone")
    if link_hash(link.previous_hash, link.position, link.record) != link.hash:
        return Fault("changed", _place(link), "the event, its parties or its seal are no longer what was sealed")
    if expected is not None and link.position == expected.position and not link.hash.startswith(expected.hash):
        return Fault("rewritten", _place(link), "its hash is not the expected one: the chain was made anew")
    return None


def _place(link: Link) -> str:
    """Name a row by its position and the event's public id, if that can still be read."""
    try:
        return f"position {link.position}, event {json.loads(link.record or b'')['public_id']}"
    except (ValueError, KeyError, TypeError):
        return f"position {link.position}"


def format_line(link: Link) -> bytes:
    """Return one link as a line of the export."""
    return b'{"position":%d,"previous_hash":"%s","hash":"%s","record":%s}\n' % (
        link.position,
        link.previous_hash.encode(),
        link.hash.encode(),
        link.record or b"{}",
    )


def read_lines(lines: Iterable[bytes]) -> Iterator[Link]:
    """Yield the links of an export. Raises: UnreadableLine."""
    for number, line in enumerate(lines, start=1):
        found = LINE.fullmatch(line)
        if found is None:
            raise UnreadableLine(f"line {number}")
        position, previous_hash, own_hash, record = found.groups()
        yield Link(int(position), previous_hash.decode(), own_hash.decode(), record)


def tell_progress(position: int) -> None:
    """Say on standard error how far the check is."""
    sys.stderr.write(f"{position:,} events checked\n")


def verdict(result: Result) -> tuple[str, int]:
    """Return the sentence and the exit status of a check."""
    if result.fault is None:
        return f"The log is intact: {result.head.position:,} sealed events.\nhead {result.head}\n", 0
    right = f"The {result.head.position:,} events before it are intact." if result.head.position else ""
    return f"The log is NOT intact.\n{result.fault}\n{right}\n", 1


def main(arguments: list[str]) -> int:
    """Check one file, or standard input, and say the verdict."""
    parser = argparse.ArgumentParser(description="Check an exported activity log, without the portal.")
    parser.add_argument("file", nargs="?", type=Path, help="file of export_audit_log; standard input if left out")
    parser.add_argument("--expect-head", type=Head.parse, metavar="POSITION:HASH", help="a head noted earlier")
    given = parser.parse_args(arguments)
    with given.file.open("rb") if given.file else nullcontext(sys.stdin.buffer) as lines:
        result = check(read_lines(lines), expected=given.expect_head, progress=tell_progress)
    text, status = verdict(result)
    sys.stdout.write(text)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
