"""Celery entry points of the marketplace."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from marketplace.processing import calls, terms
from portal.core.queue import enqueue_after_commit


@shared_task(name="marketplace.call_publisher")
def call_publisher(publisher_id: str) -> None:
    """Tell a publisher what is due; leave the rest to another task after a while."""
    if calls.call_publisher(UUID(publisher_id), clock=timezone.now):
        enqueue_after_commit("marketplace.call_publisher", publisher_id)


@shared_task(name="marketplace.sweep_calls")
def sweep_calls() -> None:
    """Settle changes whose time has come, and send every publisher's due calls on their way."""
    now = timezone.now()
    calls.settle_operations(now=now)
    for publisher_id in calls.publishers_due(now=now):
        enqueue_after_commit("marketplace.call_publisher", str(publisher_id))


@shared_task(name="marketplace.run_terms")
def run_terms() -> None:
    """Let purchases lapse, grace periods end, terms renew or end, cycles be charged, and remind of what is near."""
    terms.run(now=timezone.now())
