"""Fill the portal with customers by the thousand or million, to see how it behaves."""

import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from customers import scale


class Command(BaseCommand):
    """Make a large world for the first direct bill partner. The same seed makes the same world."""

    help = "Make a large world of customers, subscriptions and events for the first direct bill partner."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--customers", type=int, required=True, help="how many customers there shall be")
        parser.add_argument("--seed", type=int, default=1, help="another seed makes other customers")
        parser.add_argument("--yes", action="store_true", help="do it outside the embedded run, too")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.DEMO and not options["yes"]:
            raise CommandError("This is no embedded run. These customers cannot be removed again; add --yes to go on.")
        if options["customers"] < 1:
            raise CommandError("--customers takes a number above zero.")
        partner = scale.partner_of_the_world()
        self.stdout.write(f"Customers of {partner.organization.name}, seed {options['seed']}:")
        started, made = time.monotonic(), scale.Made()
        for done, batch in scale.load(partner=partner, customers=options["customers"], seed=options["seed"]):
            made.add(batch)
            self.stdout.write(f"  {done:,} of {options['customers']:,} ({time.monotonic() - started:.0f} s)")
        self.stdout.write(
            f"New: {made.customers:,} customers, {made.relationships:,} relationships, {made.agreements:,} agreements, "
            f"{made.subscriptions:,} subscriptions, {made.events:,} events."
        )
