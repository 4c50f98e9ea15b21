"""The whole of ``make run``, with its real servers and processes."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from portal.local.place import Place
from portal.local.ports import free_port
from portal.local.watchdog import is_running
from tests.portal.local.helpers import eventually

OF_THE_TEST_RUN = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "EMAIL_URL", "BASE_URL", "DJANGO_SETTINGS_MODULE")


@pytest.fixture
def environment(tmp_path):
    kept = {name: value for name, value in os.environ.items() if name not in OF_THE_TEST_RUN}
    return {**kept, "DATA": str(tmp_path / "my data"), "DEMO": "0"}


@pytest.fixture
def portal(environment):
    """The running launcher, and where its web server listens."""
    place = Place(port=free_port())
    command = [sys.executable, "-m", "portal.local", "run", "--port", str(place.port)]
    launcher = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    line = launcher.stdout.readline()
    assert re.fullmatch(rf"The portal is ready after [\d.]+ s: {place.address}/\n", line), line + launcher.stdout.read()
    yield launcher, place
    launcher.kill()
    launcher.wait()


def told_by(path):
    """What the kernel tells of a process; nothing of one that has just ended."""
    try:
        return Path(path).read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def family(pid):
    children = told_by(f"/proc/{pid}/task/{pid}/children").split()
    return [pid, *(descendant for child in children for descendant in family(int(child)))]


def manage(environment, *arguments):
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def is_worker(pid):
    return b"worker" in told_by(f"/proc/{pid}/cmdline").split(b"\0")


@pytest.mark.slow
def test_the_portal_runs_heals_and_stops_as_a_whole(portal, environment, tmp_path):
    launcher, place = portal
    assert place.missing() == {}
    assert (tmp_path / "my data" / "environment.json").stat().st_mode & 0o777 == 0o600
    assert "System check identified no issues" in manage(environment, "check", "--database", "default").stdout

    worker = next(pid for pid in family(launcher.pid) if is_worker(pid))
    os.kill(worker, signal.SIGKILL)
    assert launcher.stdout.readline().startswith("Logs: ")
    assert launcher.stdout.readline() == "The worker process was killed by SIGKILL; starting it again in 0.5 s.\n"
    assert eventually(lambda: any(is_worker(pid) for pid in family(launcher.pid) if pid != worker))

    processes = family(launcher.pid)
    launcher.send_signal(signal.SIGINT)
    assert launcher.wait(120) == 0
    assert launcher.stdout.read() == "Stopping ...\n"
    assert not any(is_running(pid) for pid in processes)
    refused = manage(environment, "check")
    assert refused.returncode == 1
    assert refused.stderr.startswith("The servers of ")
    assert refused.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_portal_that_is_killed_leaves_nothing_behind(portal, tmp_path):
    launcher, _ = portal
    processes = family(launcher.pid)
    assert len(processes) > 12

    launcher.kill()
    launcher.wait()

    assert eventually(lambda: not any(is_running(pid) for pid in processes))
    assert not (tmp_path / "my data" / "environment.json").exists()
