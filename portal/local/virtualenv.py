"""Make the virtual environment ``.venv`` from the locked, hashed requirements.

Run as a file by the system's Python, before anything is installed: standard library only. ``check`` answers by its exit
code whether the environment is up to date; ``install`` brings it there and says in one line what stands in the way.
"""

import fcntl
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
ENVIRONMENT = PROJECT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
BUILD_FOLDER = PROJECT / ".build"
LOCKS = {"run": ["requirements.txt"], "dev": ["requirements.txt", "requirements-dev.txt"]}


class NotPossible(Exception):
    """The environment cannot be made; the text is the one line that is shown."""


def is_up_to_date(wanted: str) -> bool:
    """Tell whether the environment works and holds what the locks say, for ``run`` or for ``dev``."""
    return _marker(wanted).is_file() and _marker(wanted).read_text() == _fingerprint(wanted)


def install(wanted: str) -> None:
    """Make the environment where there is none that works, and install the locked packages.

    Raises: NotPossible, OSError.
    """
    with _alone():
        if is_up_to_date(wanted) and _python_works():
            return
        log = BUILD_FOLDER / "install.log"
        if not _python_works():
            sys.stdout.write("Making the virtual environment ...\n")
            _run([sys.executable, "-I", "-m", "venv", "--clear", str(ENVIRONMENT)], log, "The virtual environment")
        sys.stdout.write("Installing the Python packages (takes a minute the first time) ...\n")
        sys.stdout.flush()
        lock = PROJECT / LOCKS[wanted][-1]
        options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:"]
        _run([str(PYTHON), "-m", "pip", "install", *options, "-r", str(lock)], log, "The Python packages")
        for kind in ("run", wanted):  # what the tests need includes what the portal needs
            _marker(kind).write_text(_fingerprint(kind))


def _marker(wanted: str) -> Path:
    return ENVIRONMENT / f"installed-{wanted}"


def _fingerprint(wanted: str) -> str:
    digest = hashlib.sha256()
    for name in LOCKS[wanted]:
        digest.update((PROJECT / name).read_bytes())
    return digest.hexdigest()


def _python_works() -> bool:
    """Tell whether the environment's Python starts: the one it was made from may be gone, or another user's."""
    try:
        probe = [str(PYTHON), "-I", "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"]
        done = subprocess.run(probe, capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def _run(command: list[str], log: Path, what: str) -> None:
    with log.open("wb") as file:
        done = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise NotPossible(f"{what} could not be installed: {_reason(log)} (All it said: {log})")


def _reason(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    if any("no space left on device" in line.lower() for line in lines):
        return "the disk is full (no space left on device)."
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith(("ERROR:", "Error:"))]
    return (errors or lines or ["no reason given."])[-1]


@contextmanager
def _alone() -> Iterator[None]:
    """Let a second ``make`` wait while the first one installs."""
    BUILD_FOLDER.mkdir(exist_ok=True)
    with (BUILD_FOLDER / "install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> int:
    """Do what the command line asks."""
    action, wanted = sys.argv[1:]
    if action == "check":
        return 0 if is_up_to_date(wanted) else 1
    try:
        install(wanted)
    except NotPossible as problem:
        message = str(problem)
    except OSError as error:
        message = f"Cannot write to {error.filename or PROJECT}: {error.strerror or error}."
    except KeyboardInterrupt:
        return 130
    else:
        return 0
    sys.stderr.write(f"{message}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
