"""Ask the database whether all that must hold does: exit status 0, or 1 and a line for each breach."""

from typing import Any

from django.core.management.base import BaseCommand

from portal.core import invariants


class Command(BaseCommand):
    """Run every check of the settings INVARIANTS and OVERDUE_CHECKS (quality rows 3 and 11)."""

    help = "Check what must hold in the database, and that no work lies longer than it may. Exit status 1 if not."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        lines = [*invariants.breaches(), *invariants.overdue()]
        if lines:
            self.stdout.write("\n".join(lines))
            raise SystemExit(1)
        self.stdout.write("All invariants hold.")
