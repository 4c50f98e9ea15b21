import socket

import pytest

from portal.local import ports
from portal.local.errors import LaunchError


def test_a_taken_port_is_refused_in_one_line_that_names_another():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(LaunchError, match=rf"^Port {port} is taken .*make run PORT=\d+\.$"):
            ports.check_free("127.0.0.1", port)


def test_a_port_whose_last_connection_just_ended_is_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()
        client.close()

    ports.check_free("127.0.0.1", port)


def test_a_host_that_is_no_address_of_this_machine_is_refused():
    with pytest.raises(LaunchError, match=r"^Cannot listen on 192\.0\.2\.1"):
        ports.check_free("192.0.2.1", 8000)


def test_a_port_for_root_only_is_refused_with_what_to_do():
    refusal = ports._refusal("127.0.0.1", 80, PermissionError(13, "Permission denied"))

    assert refusal == "Port 80 needs more rights than you have: choose one above 1023, like make run PORT=8000."


def test_a_free_port_does_not_answer_and_a_listener_does():
    port = ports.free_port()
    assert not ports.answers(port)

    with socket.create_server(("127.0.0.1", port)):
        assert ports.answers(port)
