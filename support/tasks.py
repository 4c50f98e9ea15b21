"""Celery entry points of support."""

from celery import shared_task
from django.utils import timezone

from support import workflow


@shared_task(name="support.close_resolved")
def close_resolved() -> None:
    """Close resolved cases that nobody reopened in time."""
    workflow.close_resolved_cases(now=timezone.now())
