"""Celery entry points of first-party products."""

from celery import shared_task
from django.utils import timezone

from azure.processing import terms


@shared_task(name="azure.run_terms")
def run_terms() -> None:
    """Charge cycles, renew or end terms, and let what has ended go."""
    terms.run(now=timezone.now())
