"""Import files of usage that are on this machine, as the page does with files of a browser."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing.processing.usage import operator
from billing.workflow import usage
from portal.core.errors import Refusal


class Command(BaseCommand):
    """Import each file in one transaction, in the name of a person of the programme; twice is once (A7)."""

    help = "Import files of daily usage, plain or gzip, each in one transaction."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--person", required=True, help="e-mail address of the person whose import it is")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = operator(email=options["person"])
        if actor is None:
            raise CommandError(f"{options['person']} may not import usage.")
        for path in options["files"]:
            try:
                with path.open("rb") as stream:
                    run = usage.import_usage(stream=stream, file_name=path.name, actor=actor, now=timezone.now())
            except (Refusal, OSError) as error:
                raise CommandError(f"{path}: {error}") from error
            self.stdout.write(
                f"{path}: {run.row_count} rows, {run.new_count} new, {run.changed_count} corrected,"
                f" {run.same_count} already here, {run.wrong_count} not imported"
            )
