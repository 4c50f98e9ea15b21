"""Stop the launcher's processes when the launcher itself was killed.

Run as a file in a process and session of its own, by ``python -I -S``: standard library only, and nothing of the portal
is imported. Standard input is a pipe from the launcher; each line is a JSON list:

    ["started", process id, stop signal]     look after this process
    ["ended", process id]                    it has been stopped
    ["remove", path]                         delete this file or folder at the end

The end of the pipe means that the launcher is gone, whatever killed it. The launcher's lock on its data folder is
inherited, so that the next start waits until everything has ended.
"""

import contextlib
import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

STOP_SECONDS = 10.0


def is_running(pid: int) -> bool:
    """Tell whether a process is alive; one that has ended but was not collected (a zombie) is not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return True


def follow() -> tuple[dict[int, int], list[Path]]:
    """Read the launcher's messages until it is gone; return what is left to stop and to delete."""
    processes: dict[int, int] = {}
    leftovers: list[Path] = []
    for line in sys.stdin:
        try:
            word, *values = json.loads(line)
        except ValueError:  # cut off in the middle by the kill
            continue
        if word == "started":
            processes[values[0]] = values[1]
        elif word == "ended":
            processes.pop(values[0], None)
        elif word == "remove":
            leftovers.append(Path(values[0]))
    return processes, leftovers


def stop(processes: dict[int, int]) -> None:
    """Ask each process to stop, then kill what is left of its group."""
    for pid, stop_signal in processes.items():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, stop_signal)
    deadline = time.monotonic() + STOP_SECONDS
    while time.monotonic() < deadline and any(is_running(pid) for pid in processes):
        time.sleep(0.05)
    for pid in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def main() -> None:
    """Wait for the launcher's end and clean up behind it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    processes, leftovers = follow()
    stop(processes)
    for path in leftovers:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
