"""The roles of the embedded database: an owner who migrates, and the portal at work with as few rights as it needs."""

from collections.abc import Callable, Mapping

import psycopg
from psycopg import sql

SUPERUSER = "portal_admin"
OWNER = "portal_owner"
APPLICATION = "portal_app"
DATABASE = "portal"

Connect = Callable[[str], psycopg.Connection]

# Written into template1, from which the test databases are copied, and into the database itself.
IN_EVERY_DATABASE = f"""
GRANT USAGE ON SCHEMA public TO {APPLICATION};
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APPLICATION};
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public
    GRANT USAGE, SELECT ON SEQUENCES TO {APPLICATION};
"""


def set_up_roles(connect: Connect, *, passwords: Mapping[str, str], with_statistics: bool) -> None:
    """Make the roles, the database and its privileges; change nothing that is right already.

    ``connect`` opens a superuser's connection to the database it is given.
    """
    with connect("template1") as connection:
        _make_role(connection, OWNER, "CREATEDB", passwords[OWNER])  # test databases are the owner's
        _make_role(connection, APPLICATION, "NOCREATEDB", passwords[APPLICATION])
        connection.execute(f"GRANT {APPLICATION} TO {OWNER}")  # so that a test can step down to the portal's rights
        _prepare(connection, with_statistics=with_statistics)
    with connect("postgres") as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
        connection.execute(f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC")
        # TEMPORARY: files of prices and usage are copied into tables that are gone with the transaction.
        connection.execute(f"GRANT CONNECT, TEMPORARY ON DATABASE {DATABASE} TO {APPLICATION}")
    with connect(DATABASE) as connection:
        _prepare(connection, with_statistics=with_statistics)


def _make_role(connection: psycopg.Connection, role: str, creates_databases: str, password: str) -> None:
    if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
        connection.execute(f"CREATE ROLE {role}")
    # Hashed here: the statement may end up in a log or in pg_stat_statements.
    verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    connection.execute(
        sql.SQL("ALTER ROLE {} LOGIN NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS {} PASSWORD {}").format(
            sql.Identifier(role), sql.SQL(creates_databases), sql.Literal(verifier)
        )
    )


def _prepare(connection: psycopg.Connection, *, with_statistics: bool) -> None:
    connection.execute(IN_EVERY_DATABASE)
    if with_statistics:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
