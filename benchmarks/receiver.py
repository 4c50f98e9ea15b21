"""A server in a process of its own that answers every request with 200: ``python -m benchmarks.receiver``."""

import contextlib
import socket
import sys
import threading

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


def main() -> None:
    """Write the port, then answer whoever connects, several at once."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    while True:
        caller, _address = listener.accept()
        threading.Thread(target=_answer, args=(caller,), daemon=True).start()


def _answer(caller: socket.socket) -> None:
    with contextlib.suppress(OSError), caller:
        received = b""
        while b"\r\n\r\n" not in received or len(received) < _length(received):
            part = caller.recv(65536)
            if not part:
                return
            received += part
        caller.sendall(ANSWER)


def _length(received: bytes) -> int:
    """Return how long the whole request is."""
    head = received.partition(b"\r\n\r\n")[0]
    line = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return len(head) + 4 + int(line.partition(b":")[2])


if __name__ == "__main__":
    main()
