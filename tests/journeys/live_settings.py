"""Settings of the web server and the worker of a whole journey: static files as they lie, and a mailbox to read."""

import os

from tests.portal.notifications.worker_settings import *  # noqa: F403

MAILBOX_DIR = os.environ["MAILBOX_DIR"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True
