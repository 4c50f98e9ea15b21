"""What a process does when the one that started it is killed or interrupted."""

import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from portal.local.errors import Stopped

ASK_SECONDS = 0.5
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def end_with(stop_signal: signal.Signals) -> Callable[[], None]:
    """Return what a new child does first, to be sent ``stop_signal`` when this process dies (Linux).

    The kernel's signal follows the thread that forks, so that must be the main one.
    """
    starter = os.getpid()

    def before_exec() -> None:
        _signal_at_death_of_parent(stop_signal)
        if os.getppid() != starter:
            os._exit(1)

    return before_exec


class _Followed:
    """The process with which the launcher stops: make."""

    pid: int | None = None
    caught = 0
    asked_at = 0.0


def follow() -> None:
    """Stop with the process that started this one: when it dies, and when it alone is interrupted.

    Raises: Stopped when it is dead already.
    """
    _Followed.pid = os.getppid()
    _Followed.caught = _caught_signals(_Followed.pid)
    _signal_at_death_of_parent(signal.SIGTERM)
    if os.getppid() != _Followed.pid:
        raise Stopped(signal.SIGTERM)


def signal_received() -> int | None:
    """Return the signal that the followed process was interrupted by, if it was.

    A Ctrl-C reaches the launcher as well. A signal to make alone does not: make waits for its child to end by itself.
    But it stops catching that signal first, and this can be seen.
    """
    if _Followed.pid is None or not _Followed.caught or time.monotonic() - _Followed.asked_at < ASK_SECONDS:
        return None
    _Followed.asked_at = time.monotonic()
    still_caught = _caught_signals(_Followed.pid)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        bit = 1 << (number - 1)
        if _Followed.caught & bit and not still_caught & bit:
            return number
    return None


def _signal_at_death_of_parent(number: signal.Signals) -> None:
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)


def _caught_signals(pid: int) -> int:
    """Return the mask of the signals that a process has a handler for; 0 where that cannot be seen."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return int(line.split()[1], 16)
    return 0
