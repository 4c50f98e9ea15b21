"""Celery entry points of transfers."""

import uuid

from celery import shared_task
from django.utils import timezone

from portal.core.queue import enqueue_after_commit
from transfers import processing, workflow
from transfers.processing import bulk
from transfers.workflow.bulk import forget_old


@shared_task(name="transfers.process")
def process(transfer_id: str) -> None:
    """Work on one accepted transfer; wait for short pauses in Celery, leave long ones to the sweep."""
    progress = processing.process_transfer(transfer_id=uuid.UUID(transfer_id), clock=timezone.now)
    if progress.next_at is None:
        return
    wait = progress.next_at - timezone.now()
    if wait <= processing.SHORT_WAIT:
        enqueue_after_commit("transfers.process", transfer_id, delay=max(wait.total_seconds(), 0))


@shared_task(name="transfers.sweep")
def sweep() -> None:
    """Find what a killed process or an emptied Redis left behind, and what waited for longer than a minute."""
    processing.sweep(now=timezone.now())


@shared_task(name="transfers.sweep_requests")
def sweep_requests() -> None:
    """Expire requests whose time is over, and remind of those whose time is nearly over."""
    now = timezone.now()
    workflow.expire_transfers(now=now)
    workflow.remind_transfers(now=now)


@shared_task(name="transfers.process_bulk")
def process_bulk(run_id: str) -> None:
    """Check or carry out the rows of a file of many transfers."""
    bulk.work_off(run_id=uuid.UUID(run_id))


@shared_task(name="transfers.sweep_bulk")
def sweep_bulk() -> None:
    """Take up files whose task was lost, and forget what nobody wants any more."""
    now = timezone.now()
    bulk.resume_lost(now=now)
    forget_old(now=now)
