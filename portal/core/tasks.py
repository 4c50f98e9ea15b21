"""Celery's sign of life."""

import time

from celery import shared_task
from django.core.cache import caches

WORKER_HEARTBEAT = "worker-heartbeat"


@shared_task(name="core.heartbeat")
def heartbeat() -> None:
    """Note that a worker is alive; /readyz reads it."""
    caches["redis"].set(WORKER_HEARTBEAT, time.time(), timeout=300)
