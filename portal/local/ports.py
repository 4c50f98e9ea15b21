"""TCP ports on this machine."""

import errno
import socket

from portal.local.errors import LaunchError

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int, host: str = LOOPBACK) -> bool:
    """Tell whether something accepts connections there."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def check_free(host: str, port: int) -> None:
    """Refuse an address that the web server could not listen on.

    Raises: LaunchError, in words, with what to do.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        raise LaunchError(f"HOST={host} is no address of this machine.") from None
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
            probe.listen(1)
        except OSError as error:
            raise LaunchError(_refusal(host, port, error)) from None


def _refusal(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken by another program: choose another, like make run PORT={min(port + 1, 65535)}."
    if error.errno == errno.EACCES:
        return f"Port {port} needs more rights than you have: choose one above 1023, like make run PORT=8000."
    return f"Cannot listen on {host}, port {port}: {error.strerror}."
