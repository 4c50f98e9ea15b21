"""Check the hash chain of the activity log: exit status 0, or 1 and the first bad row."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from portal.audit.chain import Head, verdict
from portal.audit.checking import check_log
from portal.audit.models import UnsealedEvent


class Command(BaseCommand):
    """Walk all sealed events in constant memory (quality row 29)."""

    help = "Check that no event of the activity log was changed, removed, moved or put in. Exit status 1 if so."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--expect-head",
            type=_head,
            metavar="POSITION:HASH",
            help="a head noted at an earlier check: proves that nothing up to there was cut off or made anew",
        )

    def handle(self, *args: Any, expect_head: Head | None, **options: Any) -> None:
        result = check_log(now=timezone.now(), expected=expect_head, progress=self._tell)
        text, status = verdict(result)
        self.stdout.write(text, ending="")
        if status:
            raise SystemExit(status)
        self.stdout.write(f"{UnsealedEvent.objects.count():,} events wait for their seal.")

    def _tell(self, position: int) -> None:
        self.stderr.write(f"{position:,} events checked")


def _head(text: str) -> Head:
    try:
        return Head.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
