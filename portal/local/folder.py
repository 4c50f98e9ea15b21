"""The data folder of one installation: its lock, its secrets, its logs."""

import contextlib
import fcntl
import os
import secrets
import time
from pathlib import Path
from typing import Self

from portal.local.errors import LaunchError
from portal.local.watchdog import is_running

# A launcher that was killed leaves its watchdog to stop the servers; the next start waits for it this long.
LEFTOVER_WAIT_SECONDS = 25.0
LOG_KEEP_BYTES = 5_000_000


class DataFolder:
    """A data folder that this process alone uses until ``close``."""

    def __init__(self, path: Path, lock_fd: int) -> None:
        self.path = path
        self.lock_fd = lock_fd

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Create the folder where needed and take its lock.

        Raises: LaunchError, in words, when the folder cannot be written or is in use.
        """
        folder = Path(path).expanduser().absolute()
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock_fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LaunchError(f"Cannot write to the data folder {folder}: {error.strerror}.") from error
        try:
            _take_lock(lock_fd, folder)
        except BaseException:
            os.close(lock_fd)
            raise
        return cls(folder, lock_fd)

    def close(self) -> None:
        """Give the lock back."""
        if self.lock_fd >= 0:
            os.close(self.lock_fd)
            self.lock_fd = -1

    def subfolder(self, name: str) -> Path:
        """Return a folder inside this one that only its owner can read."""
        path = self.path / name
        path.mkdir(exist_ok=True, mode=0o700)
        return path

    def secret(self, name: str) -> str:
        """Return the secret kept in the file ``name`` (mode 0600), made at first use."""
        path = self.path / name
        with contextlib.suppress(FileNotFoundError):
            if kept := path.read_text().strip():
                path.chmod(0o600)
                return kept
        write_private(path, secrets.token_urlsafe(48))
        return path.read_text().strip()

    def log(self, name: str) -> Path:
        """Return the log file of the process ``name``; a long one is put aside first."""
        path = self.subfolder("logs") / f"{name}.log"
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_size > LOG_KEEP_BYTES:
                path.replace(path.with_suffix(".log.1"))
        return path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _take_lock(lock_fd: int, folder: Path) -> None:
    deadline = time.monotonic() + LEFTOVER_WAIT_SECONDS
    while True:
        try:
            fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(lock_fd)
            if (holder and is_running(holder)) or time.monotonic() > deadline:
                raise LaunchError(_in_use(folder, holder)) from None
            time.sleep(0.1)
        else:
            os.ftruncate(lock_fd, 0)
            os.pwrite(lock_fd, str(os.getpid()).encode(), 0)
            return


def _holder(lock_fd: int) -> int | None:
    text = os.pread(lock_fd, 20, 0).decode(errors="replace").strip()
    return int(text) if text.isdecimal() else None


def _in_use(folder: Path, holder: int | None) -> str:
    who = f"process {holder}" if holder else "another process"
    return f"The data folder {folder} is in use by {who}: stop it first, or choose another folder with DATA=/some/dir."
