"""Celery entry points of webhooks."""

from celery import shared_task
from django.utils import timezone

from portal.core.queue import enqueue_after_commit
from portal.webhooks import processing
from portal.webhooks.workflow import registrations


@shared_task(name="webhooks.deliver")
def deliver() -> None:
    """Deliver what is due; leave what is left after a turn to another task."""
    if processing.deliver_due(clock=timezone.now):
        enqueue_after_commit("webhooks.deliver")


@shared_task(name="webhooks.sweep")
def sweep() -> None:
    """Deliver what is due again, and what a killed process or an emptied Redis left behind; tell of what stands still.

    Deletes secrets whose overlap with the next one is over.
    """
    now = timezone.now()
    registrations.forget_old_secrets(now=now)
    processing.tell_of_failing(now=now)
    deliver()
