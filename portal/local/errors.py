"""What the launcher tells the person at the keyboard when it cannot go on."""


class LaunchError(Exception):
    """A start that cannot go on; the text is the one line that is shown."""


class Stopped(Exception):
    """The person (or the system) asked the launcher to stop.

    ``signal_number`` is the signal that asked.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number
