"""Processes under supervision: started, restarted, and always stopped.

A child runs in a session of its own, so that a Ctrl-C reaches the launcher alone, which then stops its children in
order. Should the launcher be killed, the kernel's parent-death signal (Linux) and the watchdog stop them.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Self

from portal.local import logs, parent, watchdog
from portal.local.errors import LaunchError, Stopped

POLL_SECONDS = 0.05
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
HEALTHY_AFTER_SECONDS = 60.0
STARTS_BEFORE_GIVING_UP = 3


@dataclass(kw_only=True)
class Child:
    """One process and how to treat it. Without ``log`` it writes where the launcher writes."""

    name: str
    argv: Sequence[str | Path]
    environment: Mapping[str, str]
    log: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    restarts: bool = False
    serves_others: bool = False  # stopped last: others need it until their own end
    reads_input: bool = False

    def __post_init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.log_start = 0
        self.started_at = 0.0
        self.failures = 0
        self.restart_at: float | None = None

    @property
    def exit_code(self) -> int | None:
        """The exit code; None while it runs, negative after a signal."""
        return self.process.poll() if self.process else None

    def ending(self) -> str:
        """Say in words how the process ended, with the telling line of its log."""
        code = self.exit_code
        if code is None:
            how = "gave no answer"
        elif code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        else:
            how = f"ended with exit code {code}"
        why = logs.reason(self.log, self.log_start)
        return f"{how}: {why}" if why else how


class Supervisor:
    """Starts children and stops every one of them at the end of the ``with`` block, however that comes.

    ``keep_open`` are file descriptors (the data folder's lock) that stay open until the last child has ended.
    """

    def __init__(self, *, keep_open: Sequence[int] = (), say: Callable[[str], None] = print) -> None:
        self.children: list[Child] = []
        self._say = say
        self._signal: int | None = None
        self._in_a_hurry = False
        self._keep_open = keep_open
        self._old_handlers: dict[int, object] = {}
        self._watchdog: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        for number in STOP_SIGNALS:
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue  # nohup: it is to outlive its terminal
            self._old_handlers[number] = signal.signal(number, self._note_signal)
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", "-S", watchdog.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=tuple(self._keep_open),
            env={},
        )
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self.stop()
        finally:
            if self._watchdog and self._watchdog.stdin:
                with contextlib.suppress(BrokenPipeError):
                    self._watchdog.stdin.close()
                self._watchdog.wait()
            for number, handler in self._old_handlers.items():
                signal.signal(number, handler)  # type: ignore[arg-type]

    # --- starting ----------------------------------------------------------------------------------------------------
    def start(self, child: Child) -> Child:
        """Start a child process and look after it from now on."""
        self.check()
        self.children.append(child)
        self._spawn(child)
        return child

    def run(self, child: Child) -> int:
        """Run a child to its end and return its exit code."""
        return self.finish(self.start(child))

    def finish(self, child: Child) -> int:
        """Wait for the end of a started child and return its exit code."""
        while (code := child.exit_code) is None:
            self.check()
            time.sleep(POLL_SECONDS)
        self._collect(child)
        self.children.remove(child)
        return code

    def wait_for(self, child: Child, probe: Callable[[], bool], *, seconds: float = 60.0) -> None:
        """Wait until ``probe`` says that the child serves.

        Raises: LaunchError when it ends or does not answer in time.
        """
        deadline = time.monotonic() + seconds
        while not probe():
            self.check()
            if child.exit_code is not None or time.monotonic() > deadline:
                raise LaunchError(f"{child.name} did not start: it {child.ending()}.{_see(child)}")
            time.sleep(POLL_SECONDS)

    def remove_at_end(self, path: Path) -> None:
        """Have a file or folder deleted should the launcher be killed; otherwise its maker deletes it."""
        self._tell("remove", str(path.absolute()))

    # --- watching ----------------------------------------------------------------------------------------------------
    def check(self) -> None:
        """Raise Stopped once somebody asked the launcher to stop."""
        self._signal = self._signal or parent.signal_received()
        if self._signal is not None:
            raise Stopped(self._signal)

    def watch(self, until: Callable[[], bool] | None = None, *, seconds: float | None = None) -> bool:
        """Keep the children alive until asked to stop, or until ``until`` comes true.

        Returns False when that took longer than ``seconds``.
        Raises: Stopped, and LaunchError when a child ends that cannot be started again.
        """
        deadline = time.monotonic() + seconds if seconds is not None else None
        while True:
            self.check()
            for child in self.children:
                self._heal(child, keep_trying=until is None)
            if until is not None and until():
                return True
            if deadline is not None and time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS * 2)

    def stop(self) -> None:
        """Stop every child: first those that use the servers, then the servers. A second Ctrl-C kills at once."""
        for serves_others in (False, True):
            group = [child for child in reversed(self.children) if child.serves_others is serves_others]
            for child in group:
                if child.process and child.exit_code is None:
                    child.process.send_signal(child.stop_signal)
            for child in group:
                self._wait_or_kill(child)
                self.children.remove(child)

    # --- inside ------------------------------------------------------------------------------------------------------
    def _note_signal(self, number: int, frame: FrameType | None) -> None:
        self._in_a_hurry = self._signal is not None
        self._signal = self._signal or number

    def _spawn(self, child: Child) -> None:
        child.log_start = logs.size(child.log)
        output = child.log.open("ab") if child.log else None
        try:
            child.process = subprocess.Popen(
                [str(part) for part in child.argv],
                stdin=None if child.reads_input else subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                env=dict(child.environment),
                start_new_session=True,
                preexec_fn=parent.end_with(child.stop_signal),
            )
        finally:
            if output:
                output.close()
        child.started_at = time.monotonic()
        child.restart_at = None
        self._tell("started", child.process.pid, int(child.stop_signal))

    def _heal(self, child: Child, *, keep_trying: bool) -> None:
        now = time.monotonic()
        if child.exit_code is None:
            if now - child.started_at > HEALTHY_AFTER_SECONDS:
                child.failures = 0
        elif not child.restarts:
            raise LaunchError(f"{child.name} {child.ending()}.{_see(child)}")
        elif child.restart_at is None:
            self._collect(child)
            pause = min(FIRST_PAUSE_SECONDS * 2**child.failures, LONGEST_PAUSE_SECONDS)
            child.failures += 1
            if child.failures >= STARTS_BEFORE_GIVING_UP and not keep_trying:
                raise LaunchError(f"{child.name} does not start: it {child.ending()}.{_see(child)}")
            child.restart_at = now + pause
            self._say(f"{child.name} {child.ending()}; starting it again in {pause:g} s.")
        elif now >= child.restart_at:
            self._spawn(child)

    def _wait_or_kill(self, child: Child) -> None:
        if child.process is None or child.restart_at is not None:  # never started, or ended and collected
            return
        deadline = time.monotonic() + child.stop_seconds
        while child.exit_code is None and time.monotonic() < deadline and not self._in_a_hurry:
            time.sleep(POLL_SECONDS / 5)
        if child.exit_code is None:
            child.process.kill()
            child.process.wait()
        self._collect(child)

    def _collect(self, child: Child) -> None:
        """Kill what an ended child left in its process group."""
        if child.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        self._tell("ended", child.process.pid)

    def _tell(self, *message: str | int) -> None:
        pipe: IO[bytes] | None = self._watchdog.stdin if self._watchdog else None
        if pipe and not pipe.closed:
            with contextlib.suppress(BrokenPipeError):
                pipe.write(json.dumps(message).encode() + b"\n")
                pipe.flush()


def _see(child: Child) -> str:
    return f" (All it said: {child.log})" if child.log and child.log.exists() else ""
