"""The file of a backup: a zip of ``manifest.json``, which says what is in it, and ``database.sql``.

Written beside its name and renamed when whole; readable by its owner only. The list of members stands at the end of a
zip, so a file that was cut off is known at once.
"""

import dataclasses
import json
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from portal.backup.errors import BackupError

FORMAT = 1
DAMAGE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError)
MANIFEST, DATABASE = "manifest.json", "database.sql"


@dataclasses.dataclass(frozen=True)
class Manifest:
    """What a backup holds, to be compared with what was restored."""

    made_at: str  # ISO 8601, UTC
    postgresql: int  # the major version of the server
    migrations: list[str]  # "app.name", all that had been applied
    extensions: list[str]
    rows: dict[str, int]  # of every table
    triggers: list[str]
    log_head: str  # of the activity log's chain: POSITION:HASH
    key_proofs: list[str]  # something sealed with each key, to tell later whether it is the same
    format: int = FORMAT


@contextmanager
def created(path: Path) -> Iterator[zipfile.ZipFile]:
    """Write a backup's file: whole, or not at all.

    Raises: BackupError where something stands already.
    """
    if path.exists():
        raise BackupError(f"{path} is there already: name another file, nothing was overwritten.")
    draft = path.with_name(f"{path.name}.partial")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                yield archive
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    except OSError as error:
        raise BackupError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        draft.unlink(missing_ok=True)


def add_manifest(archive: zipfile.ZipFile, manifest: Manifest) -> None:
    """Write what the backup holds."""
    archive.writestr(MANIFEST, json.dumps(dataclasses.asdict(manifest), indent=1))


@contextmanager
def adding_database(archive: zipfile.ZipFile) -> Iterator[IO[bytes]]:
    """Give the stream into which the database is written; it may have more than 4 GB."""
    with archive.open(DATABASE, "w", force_zip64=True) as member:
        yield member


@contextmanager
def opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """Open a backup, every byte of it checked.

    Raises: BackupError in words for a wrong, a damaged and a newer file.
    """
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise BackupError(f"{path} is not there.") from None
    except zipfile.BadZipFile:
        raise BackupError(f"{path} is no backup of the portal, or its end is missing.") from None
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror or error}.") from error
    with archive:
        if not {MANIFEST, DATABASE} <= set(archive.namelist()):
            raise BackupError(f"{path} is no backup of the portal.")
        manifest = _manifest(path, archive)
        try:
            damaged = archive.testzip()
        except DAMAGE:
            damaged = DATABASE
        if damaged:
            raise BackupError(f"{path} is damaged ({damaged}): nothing was restored. Take another copy of it.")
        yield archive, manifest


def _manifest(path: Path, archive: zipfile.ZipFile) -> Manifest:
    try:
        kept = json.loads(archive.read(MANIFEST))
        number = kept["format"]
    except (*DAMAGE, KeyError, TypeError):
        raise BackupError(f"{path} is no backup of the portal, or it is damaged.") from None
    if number != FORMAT:
        raise BackupError(f"{path} was made by a newer portal (format {number}; this one reads {FORMAT}).")
    try:
        return Manifest(**kept)
    except TypeError:
        raise BackupError(f"{path} is damaged ({MANIFEST}): nothing was restored.") from None
