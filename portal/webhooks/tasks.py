"""Celery entry points of webhooks."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from portal.core.queue import enqueue_after_commit
from portal.webhooks import processing


@shared_task(name="webhooks.deliver")
def deliver(registration_id: str) -> None:
    """Deliver what is due to one registration; leave the rest to another task after a full turn."""
    if processing.deliver(UUID(registration_id), clock=timezone.now):
        enqueue_after_commit("webhooks.deliver", registration_id)


@shared_task(name="webhooks.sweep")
def sweep() -> None:
    """Find what is due again, and what a killed process or an emptied Redis left behind."""
    for registration_id in processing.registrations_due(now=timezone.now()):
        enqueue_after_commit("webhooks.deliver", str(registration_id))
