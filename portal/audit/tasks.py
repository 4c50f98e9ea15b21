"""Celery entry point of the activity log."""

from celery import shared_task

from portal.audit import processing


@shared_task(name="audit.seal")
def seal() -> None:
    """Seal what waits; run after each commit that wrote an event, and by beat for what was left behind."""
    processing.seal_waiting()
