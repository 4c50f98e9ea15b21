"""The servers that the portal needs, as one thing: a database, a broker, a mail server."""

import contextlib
import os
import sys
from collections.abc import Mapping
from typing import Self

from portal.local import environment as environment_file
from portal.local.broker import Broker, EmbeddedBroker, GivenBroker
from portal.local.database_roles import APPLICATION
from portal.local.folder import DataFolder
from portal.local.ports import LOOPBACK, answers, free_port
from portal.local.postgres import Database, EmbeddedDatabase, GivenDatabase, find_binaries
from portal.local.processes import Child, Supervisor


class Stack:
    """Servers in one data folder. ``given`` is the launcher's own environment: what it names is not started.

    Order of preference: DATABASE_URL, REDIS_URL and EMAIL_URL of the environment; the wheels; the system's servers.
    """

    def __init__(
        self, folder: DataFolder, supervisor: Supervisor, *, given: Mapping[str, str] = os.environ, durable: bool = True
    ) -> None:
        self.folder = folder
        self.supervisor = supervisor
        self._given = given
        self.database = self._choose_database(durable=durable)
        self.broker: Broker = (
            GivenBroker(given["REDIS_URL"])
            if given.get("REDIS_URL")
            else EmbeddedBroker(folder, supervisor, durable=durable)
        )
        self.mailbox = folder.subfolder("mailbox")
        self._mail_port = 0 if given.get("EMAIL_URL") else free_port()
        self._mail_server: Child | None = None

    def start(self) -> None:
        """Begin to start every server.

        Raises: LaunchError.
        """
        self.broker.start()
        if self._mail_port:
            self._mail_server = self.supervisor.start(self._mail_child())
        self.database.start()

    def finish_starting(self) -> None:
        """Return once every server answers.

        Raises: LaunchError.
        """
        self.database.finish_starting()
        self.broker.finish_starting()
        if self._mail_server:
            self.supervisor.wait_for(self._mail_server, lambda: answers(self._mail_port))

    def environment(self, *, settings: str, base_url: str, demo: bool) -> dict[str, str]:
        """Return what the portal's processes find in their environment, and nothing of the launcher's own."""
        address = self._given.get("BASE_URL") or base_url
        return {
            "DATABASE_URL": self.database.application_url,
            "DATABASE_OWNER_URL": self.database.owner_url,
            "APP_DATABASE_ROLE": self._given.get("APP_DATABASE_ROLE", APPLICATION),
            "REDIS_URL": self.broker.url,
            "EMAIL_URL": self._given.get("EMAIL_URL") or f"smtp://{LOOPBACK}:{self._mail_port}",
            "MAILBOX_DIR": str(self.mailbox),
            "SECRET_KEY": self._given.get("SECRET_KEY") or self.folder.secret("secret-key"),
            "BASE_URL": address,
            "DEMO_PUBLISHER_URL": self._given.get("DEMO_PUBLISHER_URL") or f"{address}/demo-publisher",
            "DATA": str(self.folder.path),
            "DEMO": "1" if demo else "0",
            "DJANGO_SETTINGS_MODULE": settings,
        }

    def _choose_database(self, *, durable: bool) -> Database:
        if url := self._given.get("DATABASE_URL"):
            return GivenDatabase(application_url=url, owner_url=self._given.get("DATABASE_OWNER_URL") or url)
        return EmbeddedDatabase(self.folder, self.supervisor, durable=durable, binaries=find_binaries())

    def _mail_child(self) -> Child:
        return Child(
            name="The mail server",
            argv=[
                *(sys.executable, "-m", "portal.local.mail_server"),
                *("--port", str(self._mail_port), "--folder", self.mailbox),
            ],
            environment=self._given,
            log=self.folder.log("mail-server"),
            serves_others=True,
            restarts=True,
        )


class Announced:
    """While the ``with`` block runs, ``manage.py`` in another shell finds the servers through a file."""

    def __init__(self, stack: Stack, environment: Mapping[str, str]) -> None:
        self._path = stack.folder.path / environment_file.FILE_NAME
        self._stack = stack
        self._environment = environment

    def __enter__(self) -> Self:
        self._stack.supervisor.remove_at_end(self._path)
        environment_file.write(self._stack.folder.path, self._environment)
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
