import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from portal.local.watchdog import is_running
from tests.portal.local.helpers import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what is asked of the kernel is Linux's")

PROJECT = Path(__file__).resolve().parents[3]
LAUNCHER = textwrap.dedent("""
    import os
    from portal.local import parent
    from portal.local.errors import Stopped
    from portal.local.processes import Supervisor
    with Supervisor() as supervisor:
        parent.follow()
        print(os.getpid(), flush=True)
        try:
            supervisor.watch()
        except Stopped as stopped:
            print(f"stopped by {stopped.signal_number}", flush=True)
""")


@pytest.fixture
def make(tmp_path):
    """A make that runs a launcher, as ``make run`` does, and the launcher's process id."""
    program = tmp_path / "launcher.py"
    program.write_text(LAUNCHER)
    (tmp_path / "Makefile").write_text(f"run:\n\t@exec '{sys.executable}' '{program}'\n")
    process = subprocess.Popen(
        ["make", "-s", "-f", str(tmp_path / "Makefile"), "run"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    yield process, int(process.stdout.readline())
    process.kill()
    process.wait()


def test_a_killed_make_stops_the_launcher(make):
    process, launcher = make

    process.kill()

    assert eventually(lambda: not is_running(launcher))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_make_alone_stops_the_launcher(make, number):
    process, launcher = make

    process.send_signal(number)

    assert eventually(lambda: not is_running(launcher))
    assert process.wait(60) != 0
    assert f"stopped by {number:d}" in process.stdout.read()
