"""Settings of a journey to a publisher and back: as any journey's, with the demo publishers' site on this machine."""

import os

from tests.journeys.live_settings import *  # noqa: F403

OUTGOING_LOOPBACK = True
DEMO_PUBLISHER_STORE = os.environ["DEMO_PUBLISHER_STORE"]
