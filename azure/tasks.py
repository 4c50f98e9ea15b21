"""Celery entry points of first-party products."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from azure.processing import terms, transitions


@shared_task(name="azure.run_terms")
def run_terms() -> None:
    """Charge cycles, renew or end terms, and let what has ended go."""
    terms.run(now=timezone.now())


@shared_task(name="azure.process_transition")
def process_transition(transition_id: str) -> None:
    """Convert the subscriptions of one transition to the Azure plan."""
    transitions.process_transition(transition_id=UUID(transition_id), clock=timezone.now)


@shared_task(name="azure.sweep_transitions")
def sweep_transitions() -> None:
    """Find transitions that a killed process left behind."""
    transitions.sweep(now=timezone.now())
