"""Make a portal out of a backup, and say what was found in it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.backup import checking
from portal.backup.archive import Manifest
from portal.backup.errors import BackupError
from portal.backup.restoring import restore


class Command(BaseCommand):
    """Restore, migrate what is older, and check (quality row 11). Exit status 1 if anything is not as it must be."""

    help = "Restore a backup into an empty database, as the owner of its tables, and check all that must hold."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the file that backup wrote")
        parser.add_argument("--replace", action="store_true", help="delete everything that the database holds first")
        parser.add_argument(
            "--role",
            default=os.environ.get("APP_DATABASE_ROLE") or "portal_app",
            help="the role that the portal works as, which gets its rights (portal_app)",
        )

    def handle(self, *args: Any, file: Path, replace: bool, role: str, **options: Any) -> None:
        try:
            manifest = restore(file, portal_role=role, replace=replace)
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Restored what was saved at {manifest.made_at}: {sum(manifest.rows.values()):,} rows of"
            f" {len(manifest.rows)} tables."
        )
        found = checking.differences(manifest)
        call_command("migrate", interactive=False, verbosity=0)
        found += checking.faults(manifest, portal_role=role)
        self.stdout.write("\n".join(_notes(manifest)))
        if found:
            raise CommandError("\n".join(["The restored portal is NOT as it must be:", *found]))
        self.stdout.write(
            "Checked: every table has its rows, all invariants hold, and the activity log is intact, with the head"
            f" {manifest.log_head} that it had."
        )


def _notes(manifest: Manifest) -> Iterator[str]:
    """Say what a person should know before the portal starts."""
    if missing := checking.missing_keys(manifest):
        yield (
            f"WARNING: {missing} of the {len(manifest.key_proofs)} keys of the saved portal are unknown here. Add them"
            " to SECRET_KEY_FALLBACKS: else second factors, webhook secrets and links in waiting mails cannot be read."
        )
    mails, webhooks = checking.waiting()
    yield (
        f"{mails:,} mails and {webhooks:,} webhook notifications wait, and go out as soon as a worker runs; the saved"
        " portal may have sent them since."
    )
    yield "Nobody is signed in."
