"""Settings of a real worker that calls receivers on this machine."""

from tests.live_settings import *  # noqa: F403

OUTGOING_LOOPBACK = True
