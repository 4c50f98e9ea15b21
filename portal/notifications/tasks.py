"""Celery entry points of the outbox."""

from celery import shared_task
from django.utils import timezone

from portal.core.queue import enqueue_after_commit
from portal.notifications import processing


@shared_task(name="notifications.send_waiting")
def send_waiting() -> None:
    """Send what waits; leave the rest to another task after a full batch."""
    if processing.send_waiting(clock=timezone.now):
        enqueue_after_commit("notifications.send_waiting")


@shared_task(name="notifications.sweep")
def sweep() -> None:
    """Find what a killed process or an emptied Redis left behind."""
    if processing.sweep(now=timezone.now()):
        enqueue_after_commit("notifications.send_waiting")
