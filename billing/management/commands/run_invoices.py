"""Write the invoices of every month that has ended, as the beat schedule does on the first of the month."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from billing.processing import invoices


class Command(BaseCommand):
    """Close the months that have ended; a second run, or one after a kill, changes nothing that is written (A7)."""

    help = "Write the invoices of every month that has ended and is not closed yet."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        closed = invoices.close_ended_months(clock=timezone.now)
        self.stdout.write("\n".join(f"{month:%Y-%m}: closed" for month in closed) or "Nothing to close.")
