"""What can be counted and named in a database: told in a backup's manifest, and compared after it was restored."""

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from psycopg import sql

# Who is signed in where. Left out: a file that held keys of open sessions would open them, and everybody signs in anew.
PASSING_TABLES = ("django_session", "usersessions_usersession")

_TABLES = """
SELECT tables.relname FROM pg_class AS tables
WHERE tables.relnamespace = 'public'::regnamespace AND tables.relkind = 'r'
  AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = tables.oid AND deptype = 'e')
ORDER BY tables.relname
"""
_TRIGGERS = """
SELECT format('%s %s %s', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger
WHERE NOT tgisinternal AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
ORDER BY 1
"""
# Those that the owner of a database may make: what only an administrator makes is none of the portal's.
_EXTENSIONS = """
SELECT there.extname FROM pg_extension AS there
JOIN pg_available_extension_versions AS known ON known.name = there.extname AND known.version = there.extversion
WHERE known.trusted AND there.extname <> 'plpgsql' ORDER BY 1
"""


def tables() -> list[str]:
    """Return the tables there are, those of extensions left out."""
    return _column(_TABLES)


def rows() -> dict[str, int]:
    """Count the rows of every table that a backup holds; of those left out it holds none."""
    counted = {}
    with connection.cursor() as cursor:
        for table in tables():
            if table in PASSING_TABLES:
                counted[table] = 0
                continue
            cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier("public", table)))
            counted[table] = cursor.fetchone()[0]
    return counted


def triggers() -> list[str]:
    """Name every trigger and whether it is enabled: they keep the activity log from being changed."""
    return _column(_TRIGGERS)


def extensions() -> list[str]:
    """Return the extensions that restoring needs."""
    return _column(_EXTENSIONS)


def migrations() -> list[str]:
    """Return the migrations that have been applied, as "app.name"."""
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


def _column(query: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [row[0] for row in cursor.fetchall()]
