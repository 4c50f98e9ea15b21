"""One migrated database that the processes of a run copy theirs from: migrating takes each of them a long while."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from django.db import connection


def use_template(folder: Path) -> None:
    """Let the test database of this process be a copy; the first process that comes makes what is copied.

    ``folder`` is the run's own, shared by its processes.
    """
    folder.mkdir(exist_ok=True)
    with _one_at_a_time(folder):
        if not (folder / "made").exists():
            _make()
            (folder / "made").touch()
    connection.settings_dict["TEST"]["TEMPLATE"] = _name()


def note_copy(folder: Path, *, processes: int) -> None:
    """Drop what was copied once the last of the processes has its copy; one that comes later makes it anew."""
    connection.settings_dict["TEST"]["TEMPLATE"] = None
    with _one_at_a_time(folder), (folder / "copies").open("a") as copies:
        copies.write(".")
        if copies.tell() == processes:
            with connection.creation._nodb_cursor() as cursor:
                cursor.execute(f"DROP DATABASE {connection.ops.quote_name(_name())}")
            (folder / "made").unlink()


def _name() -> str:
    return connection.settings_dict["TEST"]["NAME"].rpartition("_")[0] + "_template"


def _make() -> None:
    named = connection.settings_dict["NAME"], connection.settings_dict["TEST"]["NAME"]
    connection.settings_dict["TEST"]["NAME"] = _name()
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.creation.destroy_test_db(named[0], verbosity=0, keepdb=True)  # only leaves it
    connection.settings_dict["TEST"]["NAME"] = named[1]


@contextlib.contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a process that dies lets go of it
        yield
