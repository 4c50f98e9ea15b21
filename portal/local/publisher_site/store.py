"""What the demo publishers keep: who they are at the portal, whom they serve, what they were told."""

import contextlib
import datetime
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

TABLES = """
    CREATE TABLE IF NOT EXISTS site (
        name TEXT PRIMARY KEY, title TEXT NOT NULL, tenant_id TEXT NOT NULL, client_id TEXT NOT NULL,
        client_secret TEXT NOT NULL, resource TEXT NOT NULL, habit TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS account (
        site TEXT NOT NULL, id TEXT NOT NULL, subscription TEXT NOT NULL, seen_at TEXT NOT NULL,
        PRIMARY KEY (site, id));
    CREATE TABLE IF NOT EXISTS message (
        site TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, answer TEXT NOT NULL, received_at TEXT NOT NULL,
        deliveries INTEGER NOT NULL DEFAULT 1, PRIMARY KEY (site, id));
"""
NEWEST = 20  # messages that the page shows


class Habit(models.TextChoices):
    """How a demo publisher answers when it is told of a change."""

    WAIT = "wait", _("Leave it to a person: accept or refuse by hand within ten seconds")
    ACCEPT = "accept", _("Accept every change at once")
    REFUSE = "refuse", _("Refuse every change")
    HANG = "hang", _("Hang: give no answer")
    BREAK = "break", _("Be broken: answer with an error")


@dataclass(frozen=True)
class Site:
    """One publisher: its name in addresses, and what it signs in to the portal with."""

    name: str
    title: str
    tenant_id: str
    client_id: str
    client_secret: str
    resource: str
    habit: str = Habit.WAIT


@dataclass(frozen=True)
class Message:
    """What a publisher was told by the portal, and what it answered."""

    body: dict[str, Any]
    answer: str
    received_at: datetime.datetime
    deliveries: int


class Store:
    """The file. Every call opens it anew: several processes share it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def of_this_run(cls) -> "Store | None":
        """Return the file of the embedded run; ``None`` in every other."""
        return cls(Path(settings.DEMO_PUBLISHER_STORE)) if settings.DEMO_PUBLISHER_STORE else None

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.touch(mode=0o600)
        with contextlib.closing(sqlite3.connect(self._path, timeout=10)) as connection, connection:
            connection.row_factory = sqlite3.Row
            connection.executescript(TABLES)
            yield connection

    def write_site(self, site: Site) -> None:
        """Keep who a publisher is; a habit that was chosen before stays."""
        values = vars(site)
        with self._open() as connection:
            connection.execute(
                "INSERT INTO site VALUES (:name, :title, :tenant_id, :client_id, :client_secret, :resource, :habit) "
                "ON CONFLICT (name) DO UPDATE SET title = :title, tenant_id = :tenant_id, client_id = :client_id, "
                "client_secret = :client_secret, resource = :resource",
                {name: str(value) for name, value in values.items()},
            )

    def site(self, name: str) -> Site | None:
        with self._open() as connection:
            row = connection.execute("SELECT * FROM site WHERE name = ?", [name]).fetchone()
        return Site(**dict(row)) if row else None

    def choose_habit(self, site: Site, habit: Habit) -> None:
        with self._open() as connection:
            connection.execute("UPDATE site SET habit = ? WHERE name = ?", [str(habit), site.name])

    def keep_account(self, site: Site, subscription: dict[str, Any], *, now: datetime.datetime) -> None:
        """Keep a subscription as the portal last told of it."""
        with self._open() as connection:
            connection.execute(
                "INSERT INTO account VALUES (?, ?, ?, ?) ON CONFLICT (site, id) DO UPDATE "
                "SET subscription = excluded.subscription, seen_at = excluded.seen_at",
                [site.name, subscription["id"], json.dumps(subscription), now.isoformat()],
            )

    def accounts(self, site: Site) -> list[dict[str, Any]]:
        """Return the subscriptions that the publisher knows, the newest purchase first."""
        with self._open() as connection:
            rows = connection.execute("SELECT subscription FROM account WHERE site = ?", [site.name]).fetchall()
        found = [json.loads(row["subscription"]) for row in rows]
        return sorted(found, key=lambda one: str(one.get("created", "")), reverse=True)

    def note_message(self, site: Site, body: dict[str, Any], *, now: datetime.datetime) -> bool:
        """Keep what the portal tells; say whether it is news. A repeated delivery is only counted."""
        with self._open() as connection:
            connection.execute(
                "INSERT INTO message VALUES (?, ?, ?, '', ?, 1) "
                "ON CONFLICT (site, id) DO UPDATE SET deliveries = deliveries + 1",
                [site.name, body["id"], json.dumps(body), now.isoformat()],
            )
            row = connection.execute(
                "SELECT deliveries FROM message WHERE site = ? AND id = ?", [site.name, body["id"]]
            ).fetchone()
            return bool(row["deliveries"] == 1)

    def note_answer(self, site: Site, message_id: str, answer: str) -> None:
        with self._open() as connection:
            connection.execute(
                "UPDATE message SET answer = ? WHERE site = ? AND id = ?", [answer, site.name, message_id]
            )

    def messages(self, site: Site) -> list[Message]:
        """Return what the publisher was told of late, newest first."""
        with self._open() as connection:
            rows = connection.execute(
                "SELECT * FROM message WHERE site = ? ORDER BY received_at DESC LIMIT ?", [site.name, NEWEST]
            ).fetchall()
        return [
            Message(
                json.loads(row["body"]),
                row["answer"],
                datetime.datetime.fromisoformat(row["received_at"]),
                row["deliveries"],
            )
            for row in rows
        ]
