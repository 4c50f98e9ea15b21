"""Print who can sign in to the demo world."""

import json
import time
from itertools import groupby
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.urls import reverse

from portal.accounts.enums import OrganizationKind
from portal.local.demo import accounts, loading
from portal.local.demo.sign_in import PASSWORD, totp_code


class Command(BaseCommand):
    help = "Print the people of the demo world and how they sign in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for scripts; the form is fixed (docs/operation.md)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is not a demo installation (DEMO is off).")
        try:
            loaded = loading.is_loaded()
        except DatabaseError as error:
            raise CommandError("The database does not answer, or its tables are missing.") from error
        if not loaded:
            raise CommandError("The demo world is not loaded here. Load it with: manage.py load_demo")
        if options["json"]:
            self.stdout.write(json.dumps(accounts.document(), ensure_ascii=False, indent=2))
        else:
            self._write_table()

    def _write_table(self) -> None:
        secrets, now = accounts.totp_secrets(), time.time()
        everyone = accounts.memberships()
        width = max(len(membership.user.email) for membership in everyone)
        for organization, members in groupby(everyone, key=lambda membership: membership.organization):
            self.stdout.write(f"\n{organization.name}: {OrganizationKind(organization.kind).label}")
            for member in members:
                secret = secrets.get(member.user_id)
                code = totp_code(secret, now) if secret else "      "
                self.stdout.write(f"  {member.user.email:<{width}}  {code}  {', '.join(member.role_labels)}")
        self.stdout.write(f"\nPassword of everybody: {PASSWORD}")
        self.stdout.write(
            "The six digits are the second factor. They change every 30 seconds; run this again for new ones."
        )
        self.stdout.write(f"Sign in with one click: {settings.BASE_URL}{reverse('demo:sign_in')}")
