"""What ``make run``, ``make test``, ``make backup`` and the like do once the virtual environment stands."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from portal.local import build, chromium, environment, ports
from portal.local.errors import LaunchError, Stopped
from portal.local.folder import DataFolder
from portal.local.place import Place
from portal.local.processes import Child, Supervisor
from portal.local.stack import Announced, Stack

READY_SECONDS = 120.0
MOST_TEST_PROCESSES = 5
WEB = "--interface wsgi --workers 2 --blocking-threads 4 --respawn-failed-workers --workers-kill-timeout 8 --no-ws"
WORKER = "-A portal worker --concurrency 2 --loglevel INFO --without-gossip --without-mingle"
BEAT = "-A portal beat --loglevel INFO"


def say(text: str) -> None:
    """Tell the person at the keyboard something."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def run(place: Place, data: str, *, demo: bool) -> None:
    """Start the whole portal, say where it is, and keep it alive until asked to stop.

    Raises: LaunchError, Stopped.
    """
    began = time.monotonic()
    with _session(data, place=place, settings="portal.settings.dev", demo=demo, listens=True) as session:
        session.migrate()
        session.start_portal(place)
        if demo:
            session.step("Loading the demo world", session.manage("load_demo", "--if-empty"))
        session.wait_until_ready(place)
        took = time.monotonic() - began
        if demo:
            session.foreground([sys.executable, "manage.py", "demo_accounts"])
            say("")
        say(f"The portal is ready after {took:.1f} s: {place.address}/")
        say(f"Logs: {session.folder.path / 'logs'}    Ctrl-C stops everything.")
        try:
            session.supervisor.watch()
        except Stopped:
            say("Stopping ...")
            raise


def test(arguments: Sequence[str]) -> int:
    """Run pytest on servers and in a data folder of its own; return its exit code.

    Raises: LaunchError, Stopped.
    """
    processes = min((os.cpu_count() or 1) + 1, MOST_TEST_PROCESSES)  # one of them waits for other programs
    command = [sys.executable, "-m", "pytest", "-n", str(processes), *arguments]
    with _passing_folder() as data, _session(data, settings="portal.settings.test", durable=False) as session:
        browser = chromium.find_or_install(session.supervisor, build.BUILD_FOLDER, say)
        return session.foreground(command, {**session.as_owner, "CHROMIUM": str(browser)})


def execute(command: Sequence[str], *, data: str | None, settings: str, migrate: bool) -> int:
    """Run a command with the servers up; return its exit code. Without ``data`` nothing of it is kept.

    Raises: LaunchError, Stopped.
    """
    with contextlib.ExitStack() as stack:
        folder = data or stack.enter_context(_passing_folder())
        session = stack.enter_context(_session(folder, settings=settings, durable=data is not None))
        if migrate:
            session.migrate()
        return session.foreground(command)


def backup(file: str, *, data: str) -> int:
    """Save the portal of a data folder in one file, whether it runs or not; return the exit code.

    Raises: LaunchError, Stopped.
    """
    folder = Path(data).expanduser().absolute()
    if not (folder / "postgres").exists() and not os.environ.get("DATABASE_URL"):
        raise LaunchError(f"There is nothing to save: {folder} holds no database.")
    if not file:
        (folder / "backups").mkdir(exist_ok=True, mode=0o700)
        file = str(folder / "backups" / f"portal-{time.strftime('%Y-%m-%d-%H%M%S', time.gmtime())}.zip")
    command = [sys.executable, "manage.py", "backup", file]
    try:
        running = environment.load(folder)
    except environment.NotRunning:
        with _session(data, settings="portal.settings.dev") as session:
            return session.foreground(command, session.as_owner)
    owner = {"DATABASE_URL": running["DATABASE_OWNER_URL"]}
    return subprocess.run(command, env={**os.environ, **running, **owner}, check=False).returncode


def restore(file: str, *, data: str, replace: bool) -> int:
    """Make the portal of a data folder, which must not run, out of a backup; return the exit code.

    Raises: LaunchError, Stopped.
    """
    with _session(data, settings="portal.settings.dev") as session:
        command = [sys.executable, "manage.py", "restore", file, *(["--replace"] if replace else [])]
        return session.foreground(command, session.as_owner)


class Session:
    """Servers that are up, the environment that leads to them, and the steps that need them."""

    def __init__(self, supervisor: Supervisor, folder: DataFolder, variables: Mapping[str, str]) -> None:
        self.supervisor = supervisor
        self.folder = folder
        self.variables = variables
        self._environment = {**os.environ, **variables, "PYTHONUNBUFFERED": "1"}

    @property
    def as_owner(self) -> dict[str, str]:
        """Return what a command needs that makes tables or databases."""
        return {"DATABASE_URL": self.variables["DATABASE_OWNER_URL"]}

    def manage(self, *arguments: str) -> Child:
        """Return a management command to be run, its words in a log of its own."""
        return Child(
            name=arguments[0],
            argv=[sys.executable, "manage.py", *arguments],
            environment=self._environment,
            log=self.folder.log(arguments[0]),
        )

    def migrate(self) -> None:
        """Bring the database's tables up to date, as their owner.

        Raises: LaunchError.
        """
        migration = self.manage("migrate", "--noinput", "--verbosity=0")
        migration.environment = {**self._environment, **self.as_owner}
        self.step("Migrating the database", migration)

    def step(self, what: str, child: Child) -> None:
        """Run a child to its end.

        Raises: LaunchError when it fails.
        """
        if child.process is None:
            self.supervisor.start(child)
        if self.supervisor.finish(child) != 0:
            raise LaunchError(f"{what} failed: {child.name} {child.ending()}. (All it said: {child.log})")

    def foreground(self, command: Sequence[str], more: Mapping[str, str] | None = None) -> int:
        """Run a command that speaks to the person at the keyboard; return its exit code."""
        child = Child(
            name=Path(command[0]).name,
            argv=command,
            environment={**self._environment, **(more or {})},
            stop_signal=signal.SIGINT,
            stop_seconds=20.0,
            reads_input=True,
        )
        return self.supervisor.run(child)

    def start_portal(self, place: Place) -> None:
        """Start web, worker and beat: the same commands as the Procfile's."""
        address = f"--host {place.host} --port {place.port}"
        schedule = self.folder.path / "beat-schedule"
        counters = self.folder.subfolder("metrics")  # of all web processes, for /metrics; of this run alone
        for left_over in counters.glob("*.db"):
            left_over.unlink()
        web = f"{WEB} {address} portal.wsgi:application".split()
        self._start("web", "granian", web, PROMETHEUS_MULTIPROC_DIR=str(counters))
        self._start("worker", "celery", WORKER.split())
        self._start("beat", "celery", [*BEAT.split(), "--schedule", str(schedule)])

    def wait_until_ready(self, place: Place) -> None:
        """Wait until /readyz answers 200.

        Raises: LaunchError naming what is missing.
        """
        if not self.supervisor.watch(lambda: not place.missing(), seconds=READY_SECONDS):
            missing = ", ".join(f"{name}: {state}" for name, state in place.missing().items())
            raise LaunchError(
                f"The portal is not ready after {READY_SECONDS:.0f} s ({missing}). See {self.folder.path}/logs."
            )

    def _start(self, name: str, module: str, arguments: Sequence[str], **more: str) -> None:
        self.supervisor.start(
            Child(
                name=f"The {name} process",
                argv=[sys.executable, "-m", module, *arguments],
                environment={**self._environment, **more},
                log=self.folder.log(name),
                restarts=True,
            )
        )


@contextlib.contextmanager
def _session(
    data: str,
    *,
    settings: str,
    place: Place | None = None,
    demo: bool = True,
    durable: bool = True,
    listens: bool = False,
) -> Iterator[Session]:
    """Open the data folder, start the servers, build what is out of date meanwhile, and stop everything at the end."""
    place = place or Place()
    with contextlib.closing(DataFolder.open(data)) as folder:
        if listens:
            ports.check_free(place.host, place.port)
        with Supervisor(keep_open=[folder.lock_fd], say=say) as supervisor:
            stack = Stack(folder, supervisor, durable=durable)
            stack.start()
            building = None if build.is_up_to_date() else supervisor.start(_builder(folder))
            stack.finish_starting()
            variables = stack.environment(settings=settings, base_url=place.address, demo=demo)
            session = Session(supervisor, folder, variables)
            with Announced(stack, variables):
                if building:
                    session.step("Building the assets", building)
                yield session


def _builder(folder: DataFolder) -> Child:
    return Child(
        name="The build",
        argv=[sys.executable, "-m", "portal.local.build"],
        environment=os.environ,
        log=folder.log("build"),
    )


@contextlib.contextmanager
def _passing_folder() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="portal-", ignore_cleanup_errors=True) as path:
        yield path
