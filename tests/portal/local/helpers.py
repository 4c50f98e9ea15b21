"""Small programs to supervise, and questions about processes."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from portal.local.processes import Child

WAIT = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)


def python_child(name: str, program: str, folder: Path, **more: object) -> Child:
    """Return a child that runs a few lines of Python."""
    log = folder / f"{name}.log"
    return Child(name=name, argv=[sys.executable, "-c", program], environment={}, log=log, **more)


def eventually(probe: Callable[[], object], seconds: float = 60.0) -> bool:
    """Tell whether something comes true in time."""
    deadline = time.monotonic() + seconds
    while not probe():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
