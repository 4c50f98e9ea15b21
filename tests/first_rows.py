"""Put the database back as the migrations left it, after a test with real transactions.

Django's flush would truncate every table, which gives each of them and each of their indexes a new file, make all
content types and permissions again, and leave tables empty that migrations fill. Here only the rows that are there are
deleted, and the migrations' own are copied in again: that costs far less, and such tests may run before any other.
"""

from dataclasses import dataclass
from functools import cache

from django.db import connection, transaction

KEPT = {"django_content_type", "auth_permission"}  # filled by Django once for each model; no test writes there
APPEND_ONLY = {"audit_auditevent", "audit_auditeventparty", "audit_auditseal"}  # they refuse DELETE, even to the owner


@dataclass(frozen=True)
class FirstRows:
    """The rows that the migrations wrote, by table, as COPY gives them."""

    rows: dict[str, bytes]

    @classmethod
    def read(cls) -> "FirstRows":
        """Read what stands in the database before the first test."""
        with connection.cursor() as cursor:
            return cls({table: _copied(cursor, table) for table in filled_tables()})

    def restore(self) -> None:
        """Leave these rows in the tables of the models, and no others but those of KEPT."""
        filled = filled_tables()
        statements = [f"TRUNCATE {', '.join(sorted(APPEND_ONLY & filled))} CASCADE"] if APPEND_ONLY & filled else []
        statements += [f"DELETE FROM {table}" for table in sorted(filled - APPEND_ONLY)]  # keys are checked at the end
        with transaction.atomic(), connection.cursor() as cursor:
            if statements:
                cursor.execute("; ".join(statements))
            for table, rows in self.rows.items():
                with cursor.copy(f"COPY {table} FROM STDIN") as into:
                    into.write(rows)


def filled_tables() -> set[str]:
    """Return the tables of the models that hold rows, but for those of KEPT."""
    with connection.cursor() as cursor:
        cursor.execute(_which_hold_rows())
        return {table for (table,) in cursor.fetchall()}


def _copied(cursor, table: str) -> bytes:
    with cursor.copy(f"COPY {table} TO STDOUT") as out:
        return b"".join(bytes(part) for part in out)


@cache
def _which_hold_rows() -> str:
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables if table not in KEPT
    )
