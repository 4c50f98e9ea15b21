"""Calls to addresses that somebody else chose: fenced in, whatever stands at the other end."""

import contextlib
import ipaddress
import socket
import time

import pytest

from portal.core import outgoing
from tests.servers import http_server, raw_server

GLOBAL = "93.184.215.14"


@pytest.fixture
def loopback(settings):
    settings.OUTGOING_LOOPBACK = True


@pytest.fixture
def names(monkeypatch):
    """Answers of the name service: a host name -> its addresses."""
    known = {}

    def lookup(host, port, **kwargs):
        if host not in known:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in known[host]]

    monkeypatch.setattr("portal.core.outgoing.socket.getaddrinfo", lookup)
    return known


def send(url, seconds=5.0, body=b"{}"):
    return outgoing.post(url, body=body, headers={"Content-Type": "application/json", "X-Test": "1"}, seconds=seconds)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/in",
        "ftp://hooks.example/in",
        "https://user:password@hooks.example/in",
        "https://hooks.example/in#part",
        "https://hooks.example:0/in",
        "https://hooks.example:99999/in",
        "https:///in",
        "https://hooks.example/a b",
        "https://hooks.example/a\r\nX: 1",
        "javascript:alert(1)",
        "nonsense",
        "https://hooks.example/" + "x" * 500,
    ],
)
def test_an_address_of_the_wrong_form_is_refused_and_not_called(url, names):
    names["hooks.example"] = [GLOBAL]
    with pytest.raises(outgoing.AddressRefused) as refusal:
        outgoing.check_address(url, field="webhook_url")
    assert refusal.value.field == "webhook_url"
    assert send(url).error == outgoing.NOT_ALLOWED


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.9", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1"),
        *(
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
            "2001:db8::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
        ),
    ],
)
def test_private_and_special_networks_are_refused_when_registered_and_when_called(address, names):
    names["hooks.example"] = [GLOBAL, address]  # one is enough
    with pytest.raises(outgoing.AddressRefused):
        outgoing.check_address("https://hooks.example/in")
    assert send("https://hooks.example/in").error == outgoing.NOT_ALLOWED
    assert not outgoing.is_allowed(ipaddress.ip_address(address))


def test_an_operator_may_let_sandboxes_call_private_networks_and_no_more(names, settings):
    names |= {"near.example": ["10.1.2.3"], "clouds.example": ["169.254.169.254"], "far.example": [GLOBAL]}
    names |= {"own.example": ["127.0.0.1"], "disguised.example": ["::ffff:7f00:1"]}

    def is_refused(url, *, is_sandbox):
        with contextlib.suppress(outgoing.AddressRefused):
            outgoing.check_address(url, is_sandbox=is_sandbox)
            return False
        return True

    assert is_refused("https://near.example/", is_sandbox=True)
    settings.OUTGOING_PRIVATE_FOR_SANDBOX = True
    for url in ("https://near.example/", "http://near.example/", "https://far.example/"):
        assert not is_refused(url, is_sandbox=True), url
    own = ("https://own.example/", "https://disguised.example/")
    for url in ("https://clouds.example/", "http://far.example/", *own):
        assert is_refused(url, is_sandbox=True), url
    assert is_refused("https://near.example/", is_sandbox=False)


@pytest.mark.parametrize(
    "written", ["127.0.0.1", "[::1]", "2130706433", "0x7f.1", "0177.0.0.1", "localhost", "[::ffff:7f00:1]"]
)
def test_this_machine_is_refused_however_it_is_written(written):
    assert send(f"https://{written}/in").error in (outgoing.NOT_ALLOWED, outgoing.NAME_UNKNOWN)


def test_a_public_address_passes_and_an_unknown_name_may_still_come(names):
    names["hooks.example"] = [GLOBAL]
    outgoing.check_address("https://hooks.example/in?x=1")
    outgoing.check_address("https://unknown.example/in")
    assert send("https://unknown.example/in").error == outgoing.NAME_UNKNOWN
    for address in (GLOBAL, "2606:2800:21f:cb07:6820:80da:af6b:8b2c"):
        assert outgoing.is_allowed(ipaddress.ip_address(address))


def test_exactly_the_address_that_was_checked_is_connected_to(names, monkeypatch, loopback):
    """A name that leads elsewhere the second time gains nothing: it is looked up once."""
    asked = []

    def connect(address, timeout):
        asked.append(address)
        raise ConnectionRefusedError

    names["hooks.example"] = [GLOBAL]
    monkeypatch.setattr("portal.core.outgoing.socket.create_connection", connect)
    assert send("https://hooks.example/in").error == outgoing.NOT_CONNECTED
    assert asked == [(GLOBAL, 443)]


def test_the_body_arrives_as_it_is_and_the_answer_comes_back(loopback):
    with http_server() as server:
        server.body, server.status = b'{"ok":1}', 201
        outcome = send(f"{server.url}/in?x=1", body=b'{"id": 7}')
    request = server.received[0]
    assert (request.path, request.body, request.headers["x-test"]) == ("/in?x=1", b'{"id": 7}', "1")
    assert (outcome.http_status, outcome.text, outcome.error, outcome.is_success) == (201, '{"ok":1}', "", True)


def test_plain_http_leaves_this_machine_never(loopback, names):
    names["hooks.example"] = [GLOBAL]
    assert send("http://hooks.example/in").error == outgoing.NOT_ALLOWED


def test_a_redirect_is_an_answer_and_not_followed(loopback):
    with http_server() as server:
        server.status, server.headers = 302, {"Location": f"{server.url}/other"}
        assert send(server.url).http_status == 302
        assert len(server.received) == 1


def test_a_proxy_of_the_environment_is_not_asked(loopback, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with http_server() as server:
        assert send(server.url).is_success


def test_no_more_of_an_answer_is_read_than_is_kept(loopback):
    with http_server() as server:
        server.body = b"x" * 1_000_000
        assert len(send(server.url).text) == outgoing.ANSWER_BYTES


@pytest.mark.parametrize("pieces", [(b"",), (b"HTTP/1.1 200 OK\r\n", *[b"X: 1\r\n"] * 50), (b"H",)])
def test_a_server_that_hangs_or_drips_is_left_at_the_deadline(loopback, pieces):
    with raw_server(*pieces, pause=0.15) as url:
        begun = time.monotonic()
        outcome = send(url, seconds=0.6)
        assert time.monotonic() - begun < 2
    assert (outcome.http_status, outcome.error) == (None, outgoing.TIMED_OUT)


def test_nonsense_is_told_from_silence(loopback):
    with raw_server(b"this is no HTTP at all\r\n\r\n") as url:
        assert send(url).error == outgoing.NONSENSE


def test_nobody_there(loopback):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    assert send(f"http://127.0.0.1:{port}/").error == outgoing.NOT_CONNECTED


def test_a_server_that_speaks_no_tls(loopback):
    with raw_server(b"HTTP/1.1 200 OK\r\n\r\n") as url:
        assert send(url.replace("http:", "https:"), seconds=2).error in (outgoing.NOT_CONNECTED, outgoing.TIMED_OUT)
