"""Settings of a real Celery worker with a queue of its own, so that parallel test runs do not take its tasks."""

import os

from tests.live_settings import *  # noqa: F403

CELERY_TASK_DEFAULT_QUEUE = os.environ["TEST_QUEUE"]
EMAIL_TIMEOUT = 20
