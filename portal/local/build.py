"""Make what is built from sources: message catalogues, the icon sprite, the static files as they are served.

``python -m portal.local.build`` needs no server and does nothing when everything is up to date.
"""

import fcntl
import hashlib
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po

from portal.core.icons import build_sprite
from portal.local.errors import LaunchError

PROJECT = Path(__file__).resolve().parents[2]
BUILD_FOLDER = PROJECT / ".build"
COLLECTED = BUILD_FOLDER / "collected"
MARKER = BUILD_FOLDER / "built"
# Nothing is asked of these servers while static files are collected.
UNUSED_SERVERS = {
    "DATABASE_URL": "postgresql://unused@127.0.0.1:1/unused",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "EMAIL_URL": "smtp://127.0.0.1:1",
}


def is_up_to_date() -> bool:
    """Tell whether everything was built from the sources as they are now."""
    if not MARKER.exists() or not COLLECTED.is_dir() or any(_stale_catalogues()):
        return False
    return MARKER.read_text() == _fingerprint()


def build() -> None:
    """Build whatever is out of date; a second builder waits for the first.

    Raises: LaunchError.
    """
    BUILD_FOLDER.mkdir(exist_ok=True)
    with (BUILD_FOLDER / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for catalogue in _stale_catalogues():
            compile_catalogue(catalogue)
        if is_up_to_date():
            return
        fingerprint = _fingerprint()
        build_sprite()
        _collect_static_files()
        MARKER.write_text(fingerprint)


def compile_catalogue(catalogue: Path) -> Path:
    """Compile a ``.po`` file into the ``.mo`` beside it (no msgfmt needed) and return its path.

    Raises: LaunchError.
    """
    try:
        with catalogue.open("rb") as file:
            messages = read_po(file, locale=catalogue.parent.parent.name, abort_invalid=True)
    except PoFileError as error:
        raise LaunchError(f"{catalogue.relative_to(PROJECT)} cannot be read: {error}.") from error
    target = catalogue.with_suffix(".mo")
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    with draft.open("wb") as file:
        write_mo(file, messages)
    draft.replace(target)
    return target


def _stale_catalogues() -> Iterator[Path]:
    for catalogue in sorted((PROJECT / "locale").glob("*/LC_MESSAGES/*.po")):
        compiled = catalogue.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < catalogue.stat().st_mtime:
            yield catalogue


def _sources() -> Iterator[Path]:
    yield from (PROJECT / name for name in ("requirements.txt", "portal/settings/base.py", "portal/core/icons.py"))
    for folder in (PROJECT / "static", *sorted(PROJECT.glob("*/static")), *sorted(PROJECT.glob("portal/*/static"))):
        yield from sorted(path for path in folder.rglob("*") if path.is_file())


def _fingerprint() -> str:
    """Return a digest of the sources' names, sizes and times: reading them all would take longer than building."""
    digest = hashlib.sha256()
    for path in _sources():
        state = path.stat()
        digest.update(f"{path.relative_to(PROJECT)} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _collect_static_files() -> None:
    environment = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        **UNUSED_SERVERS,
        **{name: value for name, value in os.environ.items() if value},
        "DJANGO_SETTINGS_MODULE": "portal.settings.dev",  # its static files are the same as production's
    }
    command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--clear", "--verbosity=0"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last_line = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise LaunchError(f"The static files could not be collected: {last_line}")


def main() -> int:
    """Build, and say in one line what went wrong."""
    try:
        build()
    except (LaunchError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
