import json
import socket
import subprocess
import sys
from contextlib import ExitStack

import pytest

from portal.local import environment
from portal.local.ports import free_port


def addresses(database_port, redis_port):
    return {
        "DATABASE_URL": f"postgresql://portal_app:secret@127.0.0.1:{database_port}/portal",
        "REDIS_URL": f"redis://:secret@127.0.0.1:{redis_port}/0",
    }


@pytest.fixture
def listening():
    """Two ports that answer, as the servers' would."""
    with ExitStack() as stack:
        servers = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        yield [server.getsockname()[1] for server in servers]


def test_what_was_written_is_read_again_and_is_private(tmp_path, listening):
    written = addresses(*listening) | {"DEMO": "1"}

    path = environment.write(tmp_path, written)

    assert environment.load(tmp_path) == written
    assert path.stat().st_mode & 0o777 == 0o600


def test_servers_that_are_not_running_are_told_in_one_line(tmp_path):
    with pytest.raises(environment.NotRunning) as refused:
        environment.load(tmp_path)

    assert str(refused.value) == (
        f"The servers of {tmp_path} are not running: start them with make run, or set DATABASE_URL and REDIS_URL."
    )


@pytest.mark.parametrize("dead", ["DATABASE_URL", "REDIS_URL"])
def test_a_server_that_does_not_answer_is_told_in_one_line(tmp_path, listening, dead):
    one_dead = addresses(*listening) | {dead: addresses(free_port(), free_port())[dead]}
    environment.write(tmp_path, one_dead)

    with pytest.raises(environment.NotRunning, match="do not answer: start them with make run"):
        environment.load(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", json.dumps({"DATABASE_URL": "nonsense"})])
def test_a_broken_file_is_told_in_one_line(tmp_path, content):
    (tmp_path / environment.FILE_NAME).write_text(content)

    with pytest.raises(environment.NotRunning) as refused:
        environment.load(tmp_path)

    assert "\n" not in str(refused.value)


def test_a_program_that_does_not_catch_it_ends_with_the_line_and_no_traceback(tmp_path):
    program = f"from portal.local import environment; environment.load({str(tmp_path)!r})"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("The servers of ")
    assert done.stderr.count("\n") == 1
