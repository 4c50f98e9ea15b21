"""Write a whole portal into one file, as it was at one instant, while it works."""

import datetime
import shutil
from pathlib import Path

from django.db import connection, transaction

from portal.audit.chain import Head
from portal.audit.models import AuditSeal
from portal.backup import archive, facts, programs
from portal.backup.archive import Manifest
from portal.backup.errors import BackupError
from portal.core import sealing


def save(path: Path, *, now: datetime.datetime) -> Manifest:
    """Save the database; the manifest counts the very rows that are in the file.

    Raises: BackupError.
    """
    if "django_migrations" not in facts.tables():
        raise BackupError("The database holds no portal: nothing was saved.")
    pg_dump = programs.find("pg_dump")
    with archive.created(path) as file, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        manifest = _manifest(now)
        archive.add_manifest(file, manifest)
        left_out = [f"--exclude-table-data=public.{table}" for table in facts.PASSING_TABLES]
        command: list[str | Path] = [
            pg_dump,
            "--schema=public",
            "--no-owner",
            "--no-privileges",
            "--no-comments",
            *left_out,
        ]
        with (
            programs.writing([*command, f"--snapshot={snapshot}"]) as dumped,
            archive.adding_database(file) as database,
        ):
            shutil.copyfileobj(dumped, database, 1 << 20)
    return manifest


def _manifest(now: datetime.datetime) -> Manifest:
    last = AuditSeal.objects.order_by("-position").values_list("position", "hash").first()
    return Manifest(
        made_at=now.astimezone(datetime.UTC).isoformat(timespec="seconds"),
        postgresql=programs.server_version(),
        migrations=facts.migrations(),
        extensions=facts.extensions(),
        rows=facts.rows(),
        triggers=facts.triggers(),
        log_head=str(Head(*last) if last else Head()),
        key_proofs=[proof.decode() for proof in sealing.proofs()],
    )
