"""PostgreSQL's own programs, run on the database of the settings. No password stands on a command line."""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

from django.db import connection

from portal.backup.errors import BackupError
from portal.core.postgres_programs import folders_with, major_version

TOLD_LINES = 3
VARIABLES = {
    "PGHOST": "HOST",
    "PGPORT": "PORT",
    "PGUSER": "USER",
    "PGPASSWORD": "PASSWORD",
    "PGDATABASE": "NAME",
    "PGSSLMODE": "sslmode",
    "PGSSLROOTCERT": "sslrootcert",
    "PGSSLCERT": "sslcert",
    "PGSSLKEY": "sslkey",
}  # of a program: what the settings call it


def server_version() -> int:
    """Return the major version of the database's server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        return int(cursor.fetchone()[0])


def leave_pool() -> None:
    """Work on one connection from here on: those that a pool keeps open look like somebody else's."""
    if "pool" in connection.settings_dict["OPTIONS"]:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]  # unknown to the stubs
        del connection.settings_dict["OPTIONS"]["pool"]


def find(program: str) -> Path:
    """Return a program that is not older than the server; pg_dump reads no newer server than itself.

    Raises: BackupError.
    """
    needed = server_version()
    for folder in folders_with(program):
        if (major_version(folder / program) or 0) >= needed:
            return folder / program
    raise BackupError(
        f"No {program} of PostgreSQL {needed} or newer here: install requirements.txt, or the system's client programs."
    )


@contextmanager
def writing(command: Sequence[str | Path]) -> Iterator[IO[bytes]]:
    """Run a program and give what it writes. Raises: BackupError when it fails."""
    with _failures_told(command) as complaints, _started(command, stdout=subprocess.PIPE, stderr=complaints) as process:
        yield cast("IO[bytes]", process.stdout)


@contextmanager
def reading(command: Sequence[str | Path]) -> Iterator[IO[bytes]]:
    """Run a program and give the stream it reads. Raises: BackupError when it fails."""
    with (
        _failures_told(command) as complaints,
        _started(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=complaints) as process,
        suppress(BrokenPipeError),  # it stopped listening: its exit code and what it said tell why
        cast("IO[bytes]", process.stdin) as stream,
    ):
        yield stream


@contextmanager
def _failures_told(command: Sequence[str | Path]) -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as complaints:
        try:
            yield complaints
        except subprocess.CalledProcessError:
            complaints.seek(0)
            said = complaints.read().decode(errors="replace").strip().splitlines()
            raise BackupError(" ".join([f"{Path(command[0]).name} failed:", *said[:TOLD_LINES]])) from None


@contextmanager
def _started(command: Sequence[str | Path], **streams: Any) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, env=_environment(), **streams) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, str(command[0]))


def _environment() -> dict[str, str]:
    """Return the environment that leads a program to the database; a PGSSLMODE that is set stays as it is."""
    given = {**connection.settings_dict, **connection.settings_dict["OPTIONS"]}
    found = {variable: str(given[name]) for variable, name in VARIABLES.items() if given.get(name)}
    return {**os.environ, **found, "PGCLIENTENCODING": "UTF8", "PGAPPNAME": "portal-backup"}
