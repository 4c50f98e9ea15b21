"""The one way to call an address that somebody else chose: publishers' and partners' webhooks (issues 4 and 6).

Such an address may point anywhere, so a call is fenced in: https, public addresses only, and exactly the address that
was looked at is connected to (a name that changes its answer in between gains nothing); no redirect is followed, no
proxy of the environment is used, and all of it ends after a fixed time, however slowly the other side speaks.
"""

import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as LookupTimeout
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from portal.core.errors import InvalidInput

ANSWER_BYTES = 16 * 1024  # more of an answer is not read
LONGEST_ADDRESS = 500
NAME_SECONDS = 5
PORTS = {"https": 443, "http": 80}
NETWORK_ADDRESS = ipaddress.IPv4Address | ipaddress.IPv6Address

# Why nothing came back. Codes: they stand in delivery logs.
NOT_ALLOWED, NAME_UNKNOWN, NOT_CONNECTED, TIMED_OUT, NONSENSE, WRONG_CERTIFICATE = (
    "address-not-allowed",
    "name-unknown",
    "not-connected",
    "timed-out",
    "not-http",
    "wrong-certificate",
)
_lookups = ThreadPoolExecutor(max_workers=8, thread_name_prefix="outgoing-names")


class AddressRefused(InvalidInput):
    """The address cannot be called from here."""

    code = "outgoing-address-refused"


class _NotNow(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Outcome:
    """What came back: a status and the beginning of a body, or a code that says why nothing did."""

    http_status: int | None
    text: str = ""
    error: str = ""
    milliseconds: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_success(self) -> bool:
        return self.http_status is not None and 200 <= self.http_status < 300

    @property
    def is_refused(self) -> bool:
        """4xx, and 3xx, which is never followed."""
        return self.http_status is not None and 300 <= self.http_status < 500


def check_address(url: str, *, field: str | None = None, resolve: bool = True, is_sandbox: bool = False) -> None:
    """Refuse an address that will never be called, when it is registered. Raises: AddressRefused.

    ``is_sandbox``: a sandbox asks, which the operator may allow private networks (OUTGOING_PRIVATE_FOR_SANDBOX).
    With ``resolve`` a name that leads to a private address now is refused as well; an unknown name is not: it may come.
    """
    try:
        private = _may_be_private(is_sandbox)
        parts = _parts(url, private=private)
        if resolve:
            _allowed_addresses(parts, deadline=time.monotonic() + NAME_SECONDS, private=private)
    except _NotNow as fault:
        if fault.code in (NAME_UNKNOWN, TIMED_OUT):
            return
        raise AddressRefused(
            _("This address cannot be used: it must begin with https:// and lead to a public server."),
            field=field,
            next_step=_("Give an address that is reachable from the internet, without user name and “#”."),
        ) from fault


def post(url: str, *, body: bytes, headers: Mapping[str, str], seconds: float, is_sandbox: bool = False) -> Outcome:
    """Send a POST and return what came back, never raising for a fault of the other side. Takes ``seconds`` at most."""
    return request("POST", url, body=body, headers=headers, seconds=seconds, is_sandbox=is_sandbox)


def request(
    method: str, url: str, *, body: bytes, headers: Mapping[str, str], seconds: float, is_sandbox: bool = False
) -> Outcome:
    """Send one request; see ``post``. No call inside a transaction: it would hold locks meanwhile."""
    begun = time.monotonic()
    status: int | None = None
    text, error = "", ""
    found: dict[str, str] = {}
    try:
        private = _may_be_private(is_sandbox)
        status, text, found = _exchange(method, url, body, headers, deadline=begun + seconds, private=private)
    except _NotNow as fault:
        error = fault.code
    except ssl.SSLCertVerificationError:
        error = WRONG_CERTIFICATE
    except TimeoutError:
        error = TIMED_OUT
    except (HTTPException, ValueError):
        error = NONSENSE
    except OSError:
        error = NOT_CONNECTED
    elapsed = time.monotonic() - begun
    if error in (NOT_CONNECTED, NONSENSE) and elapsed >= seconds:
        error = TIMED_OUT  # the connection was cut off at the deadline
    return Outcome(status, text, error, int(elapsed * 1000), found)


def _exchange(
    method: str, url: str, body: bytes, headers: Mapping[str, str], *, deadline: float, private: bool
) -> tuple[int, str, dict[str, str]]:
    parts = _parts(url, private=private)
    addresses = _allowed_addresses(parts, deadline=deadline, private=private)
    fuse = _Fuse()
    watch = threading.Timer(max(deadline - time.monotonic(), 0), fuse.blow)
    watch.daemon = True
    watch.start()
    try:
        connection = _connect(parts, addresses, fuse, deadline)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body=body, headers={"Host": parts.netloc, "Connection": "close", **headers})
        response = connection.getresponse()
        text = _beginning(response)
        if fuse.is_blown:
            raise TimeoutError
        return response.status, text, {_plain(name.lower()): _plain(value) for name, value in response.getheaders()}
    finally:
        watch.cancel()
        fuse.close()


class _Fuse:
    """Ends a call whose time is over, wherever it hangs: a socket's own timeout begins anew with every byte."""

    def __init__(self) -> None:
        self.socket: socket.socket | None = None
        self.is_blown = False

    def blow(self) -> None:
        self.is_blown = True
        if self.socket is not None:
            with contextlib.suppress(OSError):  # it ended by itself
                self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()


def _beginning(response: HTTPResponse) -> str:
    return _plain(response.read(ANSWER_BYTES).decode(errors="replace"))


def _plain(text: str) -> str:
    """Return text that PostgreSQL can keep."""
    return text.replace("\x00", "")


def _connect(parts: SplitResult, addresses: list[tuple[str, int]], fuse: _Fuse, deadline: float) -> HTTPConnection:
    """Connect to a network address that was checked, and prove the name to it by its certificate."""
    raw = _first_open(addresses, deadline)
    fuse.socket = raw
    host, port = parts.hostname or "", addresses[0][1]
    connection = HTTPConnection(host, port)
    if parts.scheme == "https":
        connection = HTTPSConnection(host, port)
        wrapped = ssl.create_default_context().wrap_socket(raw, server_hostname=host, do_handshake_on_connect=False)
        fuse.socket = raw = wrapped
        wrapped.do_handshake()
    connection.sock = raw
    return connection


def _first_open(addresses: list[tuple[str, int]], deadline: float) -> socket.socket:
    """Return a connection to the first of the addresses that takes one."""
    for address in addresses[:-1]:
        with contextlib.suppress(OSError):
            return socket.create_connection(address, timeout=max((deadline - time.monotonic()) / 2, 0.01))
    return socket.create_connection(addresses[-1], timeout=max(deadline - time.monotonic(), 0.01))


def _may_be_private(is_sandbox: bool) -> bool:
    return is_sandbox and bool(settings.OUTGOING_PRIVATE_FOR_SANDBOX)


def _parts(url: str, *, private: bool) -> SplitResult:
    """Take an address apart. Raises: _NotNow."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _NotNow(NOT_ALLOWED) from error
    is_plain = not any(letter.isspace() or not letter.isprintable() for letter in url)
    schemes = ("https", "http") if settings.OUTGOING_LOOPBACK or private else ("https",)
    if (
        len(url) > LONGEST_ADDRESS
        or not is_plain
        or parts.scheme not in schemes
        or not parts.hostname
        or parts.username is not None
        or parts.password is not None
        or "#" in url
        or port == 0
    ):
        raise _NotNow(NOT_ALLOWED)
    return parts


def _allowed_addresses(parts: SplitResult, *, deadline: float, private: bool) -> list[tuple[str, int]]:
    """Look the name up. One address among several that is not allowed is enough to refuse it. Raises: _NotNow."""
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    found_texts = [host] if _is_address(host) else _looked_up(host, port, deadline=deadline)
    addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in found_texts]
    if not addresses or not all(is_allowed(address, private=private) for address in addresses):
        raise _NotNow(NOT_ALLOWED)
    if parts.scheme == "http" and not all(address.is_loopback or _is_private(address) for address in addresses):
        raise _NotNow(NOT_ALLOWED)
    return [(text, port) for text in found_texts]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _looked_up(host: str, port: int, *, deadline: float) -> list[str]:
    """Return the addresses of a name. Raises: _NotNow."""
    lookup = _lookups.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = lookup.result(timeout=max(deadline - time.monotonic(), 0))
    except LookupTimeout as error:
        lookup.cancel()
        raise _NotNow(TIMED_OUT) from error
    except (OSError, UnicodeError) as error:
        raise _NotNow(NAME_UNKNOWN) from error
    return list(dict.fromkeys(str(row[4][0]) for row in found))


def is_allowed(address: NETWORK_ADDRESS, *, private: bool = False) -> bool:
    """Say whether a network address may be called: a public one, or this machine where the settings allow it.

    ``private``: also one of a private network, such as 10.0.0.0/8; never a link's own, where clouds keep their secrets.
    """
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if isinstance(address, ipaddress.IPv6Address) and address in _TRANSLATED:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is not None:
        return is_allowed(inner, private=private)
    if address.is_loopback:
        return bool(settings.OUTGOING_LOOPBACK)
    if address.is_multicast or address.is_reserved:
        return False
    return address.is_global or (private and _is_private(address))


def _is_private(address: NETWORK_ADDRESS) -> bool:
    return any(address in network for network in _PRIVATE)


_PRIVATE = [ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")]
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # IPv4 behind a translator
