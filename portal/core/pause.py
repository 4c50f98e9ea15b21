"""Leave a server alone for a moment after it failed, so that a hundred requests do not each wait for it."""

import time


class Pause:
    """Say for some seconds after a fault that the server is not worth asking. One per server and process."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until = 0.0

    def __bool__(self) -> bool:
        return time.monotonic() < self._until

    def start(self) -> None:
        self._until = time.monotonic() + self._seconds

    def end(self) -> None:
        self._until = 0.0
