"""The environment of the running servers, kept in the data folder for commands in another shell.

``manage.py`` with the same DATA finds the servers that ``make run`` started by ``load``.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from portal.local.folder import write_private
from portal.local.ports import answers

FILE_NAME = "environment.json"
SERVERS = {"DATABASE_URL": 5432, "REDIS_URL": 6379}


class NotRunning(SystemExit):
    """The embedded servers do not run. Uncaught, it prints its one line and ends the program with exit code 1."""


def write(folder: Path, environment: Mapping[str, str]) -> Path:
    """Write the file (mode 0600) and return its path."""
    path = folder / FILE_NAME
    write_private(path, json.dumps(dict(environment), indent=1))
    return path


def load(data_dir: Path | str) -> dict[str, str]:
    """Return the environment of the servers that run on a data folder.

    Raises: NotRunning.
    """
    folder = Path(data_dir).expanduser().absolute()
    advice = "start them with make run, or set DATABASE_URL and REDIS_URL."
    try:
        kept = json.loads((folder / FILE_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotRunning(f"The servers of {folder} are not running: {advice}") from None
    except (OSError, ValueError) as error:
        raise NotRunning(f"Cannot read {folder / FILE_NAME}: {error}") from None
    if not isinstance(kept, dict):
        raise NotRunning(f"Cannot read {folder / FILE_NAME}: it holds no settings.")
    for name, usual_port in SERVERS.items():
        address = urlsplit(str(kept.get(name, "")))
        if not address.hostname or not answers(address.port or usual_port, address.hostname):
            raise NotRunning(f"The servers of {folder} do not answer: {advice}")
    return {str(name): str(value) for name, value in kept.items()}
