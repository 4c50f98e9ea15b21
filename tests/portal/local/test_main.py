import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from portal.local.__main__ import main
from portal.local.folder import DataFolder
from portal.local.ports import free_port


def launch(*arguments, **variables):
    """Run the launcher as a process of its own."""
    command = [sys.executable, "-m", "portal.local", *arguments]
    return subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=False)


@pytest.fixture
def refusal(monkeypatch, capsys):
    """Return a function that runs the launcher here, expects it to refuse, and gives its one line."""

    def run(*arguments, **variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        assert main(arguments) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.count("\n") == 1
        return said.err.removesuffix("\n")

    return run


@pytest.mark.parametrize("port", ["0", "65536", "eight", "-1", "8000 "])
def test_a_port_that_is_none_is_refused_in_one_line(refusal, tmp_path, port):
    line = refusal("run", PORT=port, DATA=str(tmp_path))

    assert line == f"PORT must be a number from 1 to 65535, not {port!r}."


def test_a_taken_port_is_refused_in_one_line_before_anything_is_started(refusal, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        line = refusal("run", PORT=str(taken.getsockname()[1]), DATA=str(tmp_path))

    assert "is taken by another program" in line
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_a_data_folder_in_use_is_refused_in_one_line(refusal, tmp_path):
    folder = DataFolder.open(tmp_path)

    assert f"is in use by process {os.getpid()}" in refusal("run", PORT=str(free_port()), DATA=str(tmp_path))
    folder.close()


def test_a_data_folder_that_cannot_be_written_is_refused_in_one_line(refusal, tmp_path):
    (tmp_path / "file").write_text("")

    assert "Cannot write to the data folder" in refusal("run", DATA=str(tmp_path / "file"))


def test_exec_without_a_command_is_refused_in_one_line(refusal):
    assert refusal("exec").startswith("Name the command to run")


def test_any_other_trouble_with_files_is_told_in_one_line(refusal, tmp_path):
    (tmp_path / "logs").write_text("in the way")

    line = refusal("run", PORT=str(free_port()), DATA=str(tmp_path))

    assert line == f"File exists: {tmp_path / 'logs'}"


def test_the_process_ends_with_the_line_and_no_traceback(tmp_path):
    done = launch("run", PORT="eight", DATA=str(tmp_path))

    assert (done.returncode, done.stderr) == (1, "PORT must be a number from 1 to 65535, not 'eight'.\n")


def test_exec_hands_on_the_exit_code_and_throws_its_data_away():
    done = launch("exec", "--", "sh", "-c", 'echo "$DATA"; exit 7', DATABASE_URL="", REDIS_URL="", EMAIL_URL="")

    assert done.returncode == 7
    assert "portal-" in done.stdout
    assert not Path(done.stdout.strip()).exists()


def test_servers_that_the_environment_names_are_taken_instead_of_embedded_ones():
    show = 'echo "$DATABASE_URL $DATABASE_OWNER_URL $REDIS_URL"'
    given = os.environ["DATABASE_OWNER_URL"]

    done = launch("exec", "--", "sh", "-c", show, DATABASE_URL=given, DATABASE_OWNER_URL="")

    assert done.stdout == f"{given} {given} {os.environ['REDIS_URL']}\n"


def test_a_backup_needs_a_portal_and_restoring_a_file(refusal, monkeypatch, tmp_path):
    monkeypatch.delenv("DATABASE_URL", raising=False)

    assert refusal("backup", "--data", str(tmp_path)) == f"There is nothing to save: {tmp_path} holds no database."
    assert refusal("restore", "--data", str(tmp_path)) == "Name the file to restore: make restore FILE=portal.zip"
    assert list(tmp_path.iterdir()) == []
