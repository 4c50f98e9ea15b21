"""A Celery worker of its own for a benchmark, and how much memory a piece of work takes."""

import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection

from portal.celery import app

SAMPLE_SECONDS = 0.02


@contextlib.contextmanager
def worker(processes: int) -> Iterator[int]:
    """Run a worker on the database of the benchmark; yield its process id when it is ready."""
    database = connection.settings_dict
    server = f"{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.live_settings",
        "DATABASE_URL": f"postgresql://{server}/{database['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        "LIVE_CACHE_PREFIX": "bench",
    }
    command = f"-m celery -A portal worker --concurrency {processes} --loglevel INFO --without-gossip --without-mingle"
    app.control.purge()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "worker.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - arguments of ours
                [sys.executable, *command.split()], env=environment, cwd=settings.BASE_DIR, stdout=output, stderr=output
            )
            try:
                _wait_until_ready(log)
                yield process.pid
            finally:
                process.terminate()
                process.wait(30)


def _wait_until_ready(log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if '"task_succeeded"' in log.read_text():  # the worker's sign of life
            return
        time.sleep(0.1)
    raise RuntimeError(f"The worker did not start:\n{log.read_text()}")


def peak_of_children(pid: int) -> float:
    """Return how many MB the largest child of a process has held at most."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    peaks = [_status(Path(f"/proc/{child}/status"), "VmHWM") for child in children]
    return max(peaks, default=0) / 1024


def _status(path: Path, name: str) -> int:
    lines = (line.split() for line in path.read_text().splitlines())
    return next((int(words[1]) for words in lines if words[0] == f"{name}:"), 0)


class Memory:
    """How much more memory this process holds at most while something runs, in MB."""

    def __enter__(self) -> "Memory":
        self.before = self.highest = _resident()
        self.is_done = threading.Event()
        self.watcher = threading.Thread(target=self._watch, daemon=True)
        self.watcher.start()
        return self

    def _watch(self) -> None:
        while not self.is_done.wait(SAMPLE_SECONDS):
            self.highest = max(self.highest, _resident())

    def __exit__(self, *_error: object) -> None:
        self.is_done.set()
        self.watcher.join()

    @property
    def grown(self) -> float:
        return (self.highest - self.before) / 1024**2


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
