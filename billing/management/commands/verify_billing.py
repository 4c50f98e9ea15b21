"""Ask whether every charge, invoice and number that should exist does: exit status 0, or 1 and a line for each."""

from typing import Any

from django.core.management.base import BaseCommand

from billing import invariants


class Command(BaseCommand):
    """Run the checks of billing alone; ``verify_invariants`` runs them with all others (A7)."""

    help = "List what should exist in billing and does not, and what contradicts itself. Exit status 1 if any."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        lines = [*invariants.breaches(), *invariants.overdue()]
        if lines:
            self.stdout.write("\n".join(lines))
            raise SystemExit(1)
        self.stdout.write("Every charge of a closed month stands on an invoice, and every invoice adds up.")
