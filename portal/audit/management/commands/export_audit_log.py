"""Write the sealed events as JSON lines, for the checker that needs no portal: python portal/audit/chain.py FILE."""

from typing import Any

from django.core.management.base import BaseCommand

from portal.audit.chain import format_line
from portal.audit.records import sealed_links


class Command(BaseCommand):
    """Stream the whole chain to standard output in constant memory (X7)."""

    help = "Write the sealed events to standard output, one JSON object per line, in the order of the chain."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        with sealed_links() as links:
            for link in links:
                self.stdout.write(format_line(link).decode(), ending="")
