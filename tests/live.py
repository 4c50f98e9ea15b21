"""Real processes for tests about faults: a web server of its own, and a wire to a server that can be cut."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.db import connection

PROJECT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 120.0  # for what surely happens: on a slow and busy machine a process starts in half of it


def end(process: subprocess.Popen, *, group: bool = False) -> None:
    """Ask a process to end; kill it, with the ``group`` it leads, if it does not, or its sessions outlive the test.

    Raises: subprocess.TimeoutExpired when it had to be killed.
    """
    process.terminate()
    try:
        process.wait(PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        kill(process, group=group)
        raise


def kill(process: subprocess.Popen, *, group: bool = False) -> None:
    """Kill -9 a process, with the ``group`` it leads, and wait until it is gone."""
    with contextlib.suppress(ProcessLookupError):
        if group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait(PATIENCE_SECONDS)


class Wire:
    """A port that leads to a server until ``cut()``, and again after ``mend()``."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._open: list[socket.socket] = []
        self._listener: socket.socket | None = None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.mend()

    def mend(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Refuse new connections and break those that stand."""
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self._target)
                self._open += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    @staticmethod
    def _carry(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)


def wire_to_database() -> Wire:
    """Return a wire to the PostgreSQL that holds the test database."""
    parameters = connection.get_connection_params()
    return Wire(parameters.get("host") or "127.0.0.1", int(parameters.get("port") or 5432))


def wire_to_broker() -> Wire:
    """Return a wire to the test run's Redis."""
    address = urlsplit(settings.REDIS_URL)
    return Wire(address.hostname or "127.0.0.1", address.port or 6379)


def database_url(port: int | None = None) -> str:
    """Return the address of the test database, through a wire's port if given."""
    parameters = connection.get_connection_params()
    user, password = parameters.get("user", ""), parameters.get("password", "")
    name = connection.settings_dict["NAME"]
    host = f"{parameters.get('host') or '127.0.0.1'}:{parameters.get('port') or 5432}"
    return f"postgresql://{user}{':' + password if password else ''}@{f'127.0.0.1:{port}' if port else host}/{name}"


def broker_url(port: int | None = None) -> str:
    """Return the address of the test run's Redis, through a wire's port if given."""
    address = urlsplit(settings.REDIS_URL)
    return (
        address._replace(
            netloc=f"{(address.netloc.rpartition('@')[0] + '@') if '@' in address.netloc else ''}127.0.0.1:{port}"
        ).geturl()
        if port
        else settings.REDIS_URL
    )


def environment(*, database: Wire | None = None, broker: Wire | None = None, **more: str) -> dict[str, str]:
    """Return the environment of a process that uses the test database."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.live_settings",
        "DATABASE_URL": database_url(database.port if database else None),
        "REDIS_URL": broker_url(broker.port if broker else None),
        "SECRET_KEY": settings.SECRET_KEY,
        "LIVE_CACHE_PREFIX": f"live-{uuid.uuid4().hex}",  # no sign of life of another test's worker is seen here
        "PYTHONPATH": str(PROJECT),
        "PYTHONUNBUFFERED": "1",
        **more,
    }


class Site:
    """granian with one worker on a free port; ``log`` is everything it wrote. A context manager."""

    def __init__(self, folder: Path, variables: dict[str, str], *, workers: int = 1) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._log = folder / "web.log"
        command = (
            f"-m granian --interface wsgi --host 127.0.0.1 --port {self.port} --workers {workers} --blocking-threads 4"
            " --workers-kill-timeout 8"
        )
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, *command.split(), "portal.wsgi:application"],
                env={**variables, "BASE_URL": f"http://127.0.0.1:{self.port}"},
                cwd=PROJECT,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Kill -9 the server and its worker processes."""
        kill(self._process, group=True)

    def __enter__(self) -> "Site":
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError):
                if self.ask("/healthz").status == 200:
                    return self
            time.sleep(0.1)
        self.kill()
        raise AssertionError(f"The web server did not start:\n{self.log}")

    def __exit__(self, *_: object) -> None:
        end(self._process, group=True)

    @property
    def log(self) -> str:
        return self._log.read_text()

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        form: dict[str, str] | None = None,
    ) -> "Answer":
        """Send one request over a connection of its own."""
        wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        body = urlencode(form) if form is not None else None
        sent = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        began = time.monotonic()
        with contextlib.closing(wire):
            wire.request(method, path, body=body, headers={**sent, **(headers or {})})
            answer = wire.getresponse()
            names = {name for name, _ in answer.getheaders()}
            merged = {name: ", ".join(answer.headers.get_all(name)) for name in names}
            return Answer(answer.status, merged, answer.read().decode(), time.monotonic() - began)


@contextlib.contextmanager
def worker(folder: Path, variables: dict[str, str]) -> Iterator[Path]:
    """Run a Celery worker with one process; yield the file of what it writes."""
    log = folder / "worker.log"
    command = "-m celery -A portal worker --concurrency 1 --loglevel INFO --without-gossip --without-mingle"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *command.split()],
            env=variables,
            cwd=PROJECT,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield log
        finally:
            end(process, group=True)


class Answer:
    """What came back: ``headers`` by lower-case name, ``seconds`` until the last byte."""

    def __init__(self, status: int, headers: dict[str, str], text: str, seconds: float) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.text = text
        self.seconds = seconds
