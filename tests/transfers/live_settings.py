"""Settings of a real web server and worker that move items slowly, so that a test can kill them in the middle."""

from tests.portal.notifications.worker_settings import *  # noqa: F403

TRANSFER_COMMERCE = "tests.transfers.slow_commerce.Commerce"
