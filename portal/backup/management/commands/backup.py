"""Save the whole portal in one file."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from portal.backup.errors import BackupError
from portal.backup.saving import save


class Command(BaseCommand):
    """Write a backup while the portal works (quality row 11)."""

    help = "Save everything in one file: tables, attached files and the activity log. The portal may go on working."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the file to write; it must not be there yet")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            manifest = save(file, now=timezone.now())
        except BackupError as error:
            raise CommandError(str(error)) from error
        rows, size = sum(manifest.rows.values()), file.stat().st_size
        self.stdout.write(
            f"{file}: {rows:,} rows of {len(manifest.rows)} tables, {size / 1e6:,.1f} MB.\n"
            f"The activity log ends with {manifest.log_head}: noted elsewhere, it proves that nothing was cut off.\n"
            "The file holds everything but what is encrypted in plain text: keep it as safe as the database.\n"
            "SECRET_KEY and SECRET_KEY_FALLBACKS are not in it. Keep them apart from it: without them second factors,\n"
            "webhook secrets and links in waiting mails of a restored portal cannot be read."
        )
