"""Databases of the benchmarks: made once, kept between runs, and chosen between two measurements."""

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from psycopg import sql

_sessions: dict[str, Any] = {}


def _url(name: str) -> str:
    """Return the address of a benchmark database for the owner of the tables."""
    given = os.environ.get("DATABASE_OWNER_URL") or os.environ["DATABASE_URL"]
    return given.rsplit("/", 1)[0] + f"/{name}"


def prepare(name: str, *, content: str, fill: Callable[[], None]) -> str:
    """Make the database, bring its tables up to date, and fill it unless it holds ``content`` already."""
    with psycopg.connect(_url("postgres"), autocommit=True) as server:
        found = server.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name]
        ).fetchone()
        if found is not None and found[0] != content:
            server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
        if found is None or found[0] != content:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        _migrate(name)
        if found is None or found[0] != content:
            sys.stderr.write(f"filling {name} ({content})\n")
            use(name)
            fill()
            server.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(content)))
    return name


def _migrate(name: str) -> None:
    environment = os.environ | {"DATABASE_URL": _url(name)}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity", "0"], env=environment, cwd=settings.BASE_DIR, check=True
    )


def use(name: str) -> None:
    """Let Django's connection lead to this database; its session stays open for the next turn."""
    opened = psycopg.conninfo.conninfo_to_dict(_url(name))
    connection.settings_dict.update(
        {
            "NAME": name,
            "USER": opened.get("user", ""),
            "PASSWORD": opened.get("password", ""),
            "HOST": opened.get("host", ""),
            "PORT": opened.get("port", ""),
        }
    )
    connection.connection = _sessions.get(name)
    connection.ensure_connection()
    _sessions[name] = connection.connection
