"""Load the demo world into an empty database."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.module_loading import import_string

from portal.local.demo import loading, publisher_sites


class Command(BaseCommand):
    help = "Load invented organizations and people into an empty database: all of it or nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do nothing, instead of failing, where data stands")

    def handle(self, *args: Any, if_empty: bool, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is not a demo installation (DEMO is off): nothing was loaded.")
        if not loading.is_empty():
            if if_empty:
                self._start()
                self.stdout.write("The database holds data already: nothing was loaded.")
                return
            raise CommandError("The database is not empty: the demo world is loaded into an empty database only.")
        now = timezone.now()
        with transaction.atomic():
            for name in settings.DEMO_LOADERS:
                import_string(name)(now=now)
        self._start()
        self.stdout.write("The demo world is loaded.")

    @transaction.atomic
    def _start(self) -> None:
        """Do what the demo world needs at every start."""
        publisher_sites.write(import_string(settings.DEMO_PUBLISHERS)())
