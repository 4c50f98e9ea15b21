import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from portal.local import processes
from portal.local.errors import LaunchError, Stopped
from portal.local.folder import DataFolder
from portal.local.processes import Supervisor
from portal.local.watchdog import is_running
from tests.portal.local.helpers import STUBBORN, WAIT, eventually, python_child


@pytest.fixture
def said():
    return []


@pytest.fixture
def supervisor(said):
    with Supervisor(say=said.append) as supervisor:
        yield supervisor


def test_every_child_is_stopped_at_the_end(tmp_path):
    with Supervisor() as supervisor:
        pids = [supervisor.start(python_child(name, WAIT, tmp_path)).process.pid for name in ("one", "two")]
        assert all(is_running(pid) for pid in pids)

    assert not any(is_running(pid) for pid in pids)


def test_servers_stop_after_those_who_use_them(tmp_path):
    noted = tmp_path / "order"
    program = textwrap.dedent("""
        import signal, sys, time
        def end(*_):
            open({path!r}, "a").write({name!r} + " ")
            sys.exit()
        signal.signal(signal.SIGTERM, end)
        print("up", flush=True)
        time.sleep(600)
    """)
    with Supervisor() as supervisor:
        for name, serves in (("user", False), ("server", True), ("user", False)):
            child = python_child(name, program.format(path=str(noted), name=name), tmp_path, serves_others=serves)
            supervisor.start(child)
        assert eventually(lambda: (tmp_path / "user.log").read_text() == "up\nup\n")
        assert eventually(lambda: (tmp_path / "server.log").read_text() == "up\n")

    assert noted.read_text() == "user user server "


def test_a_child_that_does_not_listen_is_killed(tmp_path):
    with Supervisor() as supervisor:
        child = supervisor.start(python_child("stubborn", STUBBORN, tmp_path, stop_seconds=0.2))
        assert eventually(lambda: (tmp_path / "stubborn.log").read_text() == "up\n")

    assert child.exit_code == -signal.SIGKILL


def test_what_a_child_leaves_behind_in_its_group_is_killed(tmp_path):
    program = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {WAIT!r}]).pid, flush=True)"
    with Supervisor() as supervisor:
        assert supervisor.run(python_child("parent", program, tmp_path)) == 0
        orphan = int((tmp_path / "parent.log").read_text().split()[0])  # the orphan writes there too

        assert eventually(lambda: not is_running(orphan))


def test_a_child_that_ends_is_started_again_with_growing_pauses(supervisor, said, tmp_path):
    supervisor.start(python_child("weak", "raise SystemExit(3)", tmp_path, restarts=True))

    supervisor.watch(lambda: len(said) == 2, seconds=60)

    assert said == [
        "weak ended with exit code 3; starting it again in 0.5 s.",
        "weak ended with exit code 3; starting it again in 1 s.",
    ]


def test_a_killed_child_lives_again(supervisor, tmp_path):
    child = supervisor.start(python_child("worker", WAIT, tmp_path, restarts=True))
    first = child.process.pid
    os.kill(first, signal.SIGKILL)

    assert supervisor.watch(lambda: child.process.pid != first and child.exit_code is None, seconds=60)


def test_a_start_that_keeps_failing_is_given_up_with_its_reason(supervisor, monkeypatch, tmp_path):
    monkeypatch.setattr(processes, "FIRST_PAUSE_SECONDS", 0.01)
    supervisor.start(python_child("web", "raise SystemExit('no such module')", tmp_path, restarts=True))

    with pytest.raises(LaunchError, match=r"^web does not start: it ended with exit code 1: no such module\."):
        supervisor.watch(lambda: False, seconds=60)


def test_the_end_of_a_child_that_all_need_ends_the_run_in_one_line(supervisor, tmp_path):
    supervisor.start(python_child("PostgreSQL", "raise SystemExit('FATAL: broken')", tmp_path))

    with pytest.raises(LaunchError, match=r"^PostgreSQL ended with exit code 1: FATAL: broken\. \(All it said: .*\)$"):
        supervisor.watch(seconds=60)


def test_a_server_that_ends_before_it_answers_is_told_in_one_line(supervisor, tmp_path):
    child = supervisor.start(python_child("server", "raise SystemExit('could not bind')", tmp_path))

    with pytest.raises(LaunchError, match=r"^server did not start: it ended with exit code 1: could not bind\."):
        supervisor.wait_for(child, lambda: False, seconds=60)


def test_a_server_that_never_answers_is_told_in_one_line(supervisor, tmp_path):
    child = supervisor.start(python_child("server", WAIT, tmp_path))

    with pytest.raises(LaunchError, match=r"^server did not start: it gave no answer"):
        supervisor.wait_for(child, lambda: False, seconds=0.2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_asks_the_launcher_to_stop(supervisor, number, tmp_path):
    supervisor.start(python_child("one", WAIT, tmp_path))
    os.kill(os.getpid(), number)

    with pytest.raises(Stopped) as stopped:
        supervisor.watch(seconds=60)

    assert stopped.value.signal_number == number


def test_a_second_signal_stops_waiting_for_a_stubborn_child(tmp_path):
    with Supervisor() as supervisor:
        supervisor.start(python_child("stubborn", STUBBORN, tmp_path, stop_seconds=60))
        assert eventually(lambda: (tmp_path / "stubborn.log").read_text() == "up\n")
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        began = time.monotonic()

    assert time.monotonic() - began < 10


def test_nohup_is_respected():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Supervisor():
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_signals_are_as_before_afterwards():
    before = signal.getsignal(signal.SIGTERM)
    with Supervisor():
        assert signal.getsignal(signal.SIGTERM) != before

    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize("program", [WAIT, STUBBORN], ids=["polite", "stubborn"])
def test_a_killed_launcher_leaves_no_process_and_no_file_behind(program, tmp_path):
    launcher_program = textwrap.dedent(f"""
        import time
        from pathlib import Path
        from portal.local import watchdog
        from portal.local.folder import DataFolder
        from portal.local.processes import Supervisor
        from tests.portal.local.helpers import python_child
        folder = DataFolder.open({str(tmp_path)!r})
        with Supervisor(keep_open=[folder.lock_fd]) as supervisor:
            supervisor.remove_at_end(Path({str(tmp_path / "leftover")!r}))
            (folder.path / "leftover").write_text("x")
            children = [supervisor.start(python_child(name, {program!r}, folder.path)) for name in ("one", "two")]
            print(supervisor._watchdog.pid, *[child.process.pid for child in children], flush=True)
            time.sleep(600)
    """)
    launcher = subprocess.Popen([sys.executable, "-c", launcher_program], stdout=subprocess.PIPE, text=True)
    pids = [int(pid) for pid in launcher.stdout.readline().split()]
    assert len(pids) == 3
    logs = [tmp_path / "one.log", tmp_path / "two.log"]
    assert eventually(lambda: all(log.read_text() == "up\n" for log in logs))

    launcher.kill()
    launcher.wait()

    assert eventually(lambda: not any(is_running(pid) for pid in pids))
    assert not (tmp_path / "leftover").exists()
    DataFolder.open(tmp_path).close()


def test_the_lock_is_held_until_the_last_process_of_a_killed_launcher_has_ended(tmp_path):
    held, release = os.pipe()
    with Supervisor(keep_open=[release]) as supervisor:
        os.close(release)
        watchdog = supervisor._watchdog
        assert watchdog.poll() is None
    assert os.read(held, 1) == b""  # nobody holds the other end any more
    os.close(held)
