"""Celery entry points of customers."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from customers.processing import imports as import_processing
from customers.workflow import carts, imports, invitations


@shared_task(name="customers.sweep_invitations")
def sweep_invitations() -> None:
    """Expire relationship requests whose time is over, remind of those whose time is nearly over, forget old carts."""
    now = timezone.now()
    carts.forget_old(now=now)
    invitations.expire_invitations(now=now)
    invitations.remind_invitations(now=now)


@shared_task(name="customers.process_import")
def process_import(run_id: str) -> None:
    """Check or import the rows of a file."""
    import_processing.work_off(run_id=UUID(run_id))


@shared_task(name="customers.sweep_imports")
def sweep_imports() -> None:
    """Take up imports whose task was lost, and forget what nobody wants any more."""
    now = timezone.now()
    import_processing.resume_lost(now=now)
    imports.forget_old(now=now)
