"""Celery entry points of customers."""

from celery import shared_task
from django.utils import timezone

from customers.workflow import invitations


@shared_task(name="customers.sweep_invitations")
def sweep_invitations() -> None:
    """Expire relationship requests whose time is over, and remind of those whose time is nearly over."""
    now = timezone.now()
    invitations.expire_invitations(now=now)
    invitations.remind_invitations(now=now)
