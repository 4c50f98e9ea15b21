"""The launcher's command line: ``python -m portal.local run | test | backup | …``. The Makefile calls it."""

import argparse
import errno
import os
import signal
import sys
from collections.abc import Sequence

from portal.local import commands, parent
from portal.local.errors import LaunchError, Stopped
from portal.local.place import Place

NO = ("", "0", "no", "false", "off")


def parser() -> argparse.ArgumentParser:
    """Describe the command line. PORT, DATA and DEMO come from the environment, as with ``make``."""
    top = argparse.ArgumentParser(prog="python -m portal.local", description=__doc__)
    top.add_argument("--stop-with-parent", action="store_true", help="stop when the process that started this one dies")
    actions = top.add_subparsers(dest="action", required=True)
    run = actions.add_parser("run", help="start the portal on its embedded servers")
    run.add_argument("--host", default="127.0.0.1")
    run.add_argument("--port", default=os.environ.get("PORT") or "8000")
    run.add_argument("--data", default=os.environ.get("DATA") or ".local")
    run.add_argument("--demo", default=os.environ.get("DEMO", "1"))
    test = actions.add_parser("test", help="run pytest on servers of its own")
    test.add_argument("arguments", nargs=argparse.REMAINDER)
    for name, words in (("backup", "save the portal in one file"), ("restore", "make a portal out of a backup")):
        about_file = actions.add_parser(name, help=words)
        about_file.add_argument("--data", default=os.environ.get("DATA") or ".local")
        about_file.add_argument("file", nargs="?", default="")
        if name == "restore":
            about_file.add_argument("--replace", action="store_true", help="delete what the data folder holds first")
    execute = actions.add_parser("exec", help="run a command with the servers up")
    execute.add_argument("--data", help="a folder to keep; without it everything is thrown away afterwards")
    execute.add_argument("--settings", default="portal.settings.dev")
    execute.add_argument("--migrate", action="store_true", help="bring the tables up to date first")
    execute.add_argument("command", nargs=argparse.REMAINDER)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; whatever stands in the way is told in one line."""
    options = parser().parse_args(arguments)
    try:
        if options.stop_with_parent:
            parent.follow()
        return _act(options)
    except Stopped as stopped:
        return 0 if options.action == "run" else 128 + stopped.signal_number
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    except LaunchError as error:
        message = str(error)
    except OSError as error:
        message = in_words(error)
    sys.stderr.write(f"{message}\n")
    return 1


def in_words(error: OSError) -> str:
    """Say in one line what the system refused."""
    if error.errno == errno.ENOSPC:
        return "The disk is full (no space left on device)."
    return f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")


def _act(options: argparse.Namespace) -> int:
    if options.action == "run":
        place = Place(options.host, _port(options.port))
        commands.run(place, options.data, demo=options.demo.lower() not in NO)
        return 0
    if options.action == "test":
        return commands.test(_without_dashes(options.arguments))
    if options.action == "backup":
        return commands.backup(options.file, data=options.data)
    if options.action == "restore":
        if not options.file:
            raise LaunchError("Name the file to restore: make restore FILE=portal.zip")
        return commands.restore(options.file, data=options.data, replace=options.replace)
    command = _without_dashes(options.command)
    if not command:
        raise LaunchError("Name the command to run: python -m portal.local exec -- some command")
    return commands.execute(command, data=options.data, settings=options.settings, migrate=options.migrate)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 65536):
        raise LaunchError(f"PORT must be a number from 1 to 65535, not {text!r}.")
    return int(text)


def _without_dashes(words: list[str]) -> list[str]:
    return words[1:] if words[:1] == ["--"] else words


if __name__ == "__main__":
    sys.exit(main())
