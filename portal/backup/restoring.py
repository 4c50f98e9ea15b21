"""Make a portal out of a backup's file: all of it in one transaction, or nothing."""

import shutil
import time
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from psycopg import sql

from portal.backup import archive, facts, programs
from portal.backup.archive import DATABASE, Manifest
from portal.backup.errors import BackupError

OWN_TABLES = {"django_migrations", "accounts_organization", "accounts_user", "audit_auditevent"}
# What pg_dump writes before the first table, and what the place it goes to has already or does not know yet.
LEFT_OUT = {b"CREATE SCHEMA public;\n", b"SET transaction_timeout = 0;\n"}
FIRST_TABLE = b"CREATE TABLE "
CHUNK = 1 << 20
PATIENCE_SECONDS = 3.0

_DROPS = """
SELECT format('DROP TABLE %s CASCADE;', string_agg(oid::regclass::text, ', ')) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
  AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e') HAVING count(*) > 0
UNION ALL
SELECT format('DROP SEQUENCE %s CASCADE;', oid::regclass) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
  AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_class.oid AND deptype IN ('a', 'e', 'i'))
UNION ALL
SELECT format('DROP ROUTINE %s CASCADE;', oid::regprocedure) FROM pg_proc
WHERE pronamespace = 'public'::regnamespace
  AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
"""
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IN (current_user, %s)
"""
# The rights that docs/operation.md gives the portal at work.
_GRANTS = """
GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role};
"""


def restore(path: Path, *, portal_role: str, replace: bool) -> Manifest:
    """Restore a backup into the database of the settings, whose tables then belong to the role that is connected.

    Raises: BackupError; the database is then as it was.
    """
    programs.leave_pool()
    with archive.opened(path) as (file, manifest):
        _check_version(manifest)
        _check_target(portal_role=portal_role, replace=replace)
        _load(file, manifest, portal_role=portal_role)
    return manifest


def _check_version(manifest: Manifest) -> None:
    if unknown := sorted(set(manifest.migrations) - _known_migrations()):
        raise BackupError(
            f"The backup was made by a newer portal, whose migration {unknown[0]} is unknown here: restore it with the"
            " version that made it, or a later one."
        )
    if programs.server_version() < manifest.postgresql:
        raise BackupError(
            f"The backup was made on PostgreSQL {manifest.postgresql}, and this server is {programs.server_version()}:"
            " restore it on that version or a later one."
        )


def _known_migrations() -> set[str]:
    loader = MigrationLoader(None)
    replaced = {key for migration in loader.disk_migrations.values() for key in migration.replaces}
    return {f"{app}.{name}" for app, name in {*loader.disk_migrations, *replaced}}


def _check_target(*, portal_role: str, replace: bool) -> None:
    """Refuse a database that somebody uses, that holds something else, or data nobody said may be replaced."""
    name, tables = connection.settings_dict["NAME"], set(facts.tables())
    if tables and not tables >= OWN_TABLES:
        raise BackupError(f"The database {name} holds tables that are not the portal's: restore into another one.")
    with connection.cursor() as cursor:
        if tables and not replace:
            cursor.execute("SELECT EXISTS (TABLE accounts_organization) OR EXISTS (TABLE accounts_user)")
            if cursor.fetchone()[0]:
                raise BackupError(
                    f"The database {name} is not empty: nothing was restored. Name an empty one, or say --replace"
                    " (REPLACE=1 with make) to delete everything in it first."
                )
    if others := _other_connections(portal_role):
        raise BackupError(f"The database {name} is in use ({others} connections): stop web, worker and beat first.")


def _other_connections(portal_role: str) -> int:
    """Count who else is connected; whoever has just hung up, our own pool among them, gets a moment to be gone."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_OTHERS, [portal_role])
            others: int = cursor.fetchone()[0]
        if not others or time.monotonic() > deadline:
            return others
        time.sleep(0.1)


def _load(file: zipfile.ZipFile, manifest: Manifest, *, portal_role: str) -> None:
    psql, before, after = programs.find("psql"), _preparations(manifest), _grants(portal_role)
    connection.close()  # what is prepared on it speaks of tables that are dropped
    command: list[str | Path] = [psql, "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    with programs.reading([*command, "--file=-"]) as sent, file.open(DATABASE) as database:
        sent.write(before.encode())
        for line in _header(database):
            sent.write(line)
        shutil.copyfileobj(database, sent, CHUNK)
        sent.write(after.encode())


def _preparations(manifest: Manifest) -> str:
    with connection.cursor() as cursor:
        cursor.execute(_DROPS)
        drops = [row[0] for row in cursor.fetchall()]
    make = sql.SQL("CREATE EXTENSION IF NOT EXISTS {} WITH SCHEMA public;")
    extensions = [make.format(sql.Identifier(name)).as_string() for name in manifest.extensions]
    return "\n".join(["SET client_min_messages = warning;", *drops, *extensions, ""])


def _header(database: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines up to the first table, without those that would be refused."""
    for line in database:
        if line not in LEFT_OUT:
            yield line
        if line.startswith(FIRST_TABLE):
            return


def _grants(role: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s AND rolname <> current_user", [role])
        if cursor.fetchone() is None:
            return ""
    return sql.SQL(_GRANTS).format(role=sql.Identifier(role)).as_string()
