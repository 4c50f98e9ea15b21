"""Celery entry points of billing."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from billing.processing import invoices, usage
from billing.workflow import budgets, payments


@shared_task(name="billing.close_months", time_limit=3000, soft_time_limit=2940)
def close_months() -> None:
    """Write the invoices of the month that has ended; find what a killed run left behind.

    An hour is enough for millions of charges; what is left goes on with the next hour's task.
    """
    invoices.close_ended_months(clock=timezone.now)


@shared_task(name="billing.check_budgets")
def check_budgets() -> None:
    """Tell partners of budgets whose thresholds this month's usage has passed; after each import, and every hour."""
    budgets.check_budgets(now=timezone.now())


@shared_task(name="billing.import_usage_file", time_limit=3000, soft_time_limit=2940)
def import_usage_file(run_id: str) -> None:
    """Import an uploaded file of usage."""
    usage.process_file(run_id=UUID(run_id))


@shared_task(name="billing.sweep_usage")
def sweep_usage() -> None:
    """Take up files of usage whose task was lost."""
    usage.resume_lost(now=timezone.now())


@shared_task(name="billing.remind_of_payments")
def remind_of_payments() -> None:
    """Remind of invoices that are due soon, and tell of those that are overdue."""
    payments.remind_of_payments(now=timezone.now())
