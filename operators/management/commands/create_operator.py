"""Found the programme: the operator's organization and its first person."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.utils import timezone

from customers.fields import DOMAIN
from operators.queries import known_countries
from operators.rules import FirstPerson, NewOrganization
from operators.workflow.enrolment import found_programme
from portal.accounts.enums import OrganizationKind
from portal.core.errors import Refusal
from portal.core.http import absolute_url


class Command(BaseCommand):
    """Create the one organization that nobody can be invited to, and print its first person's link."""

    help = "Create the programme operator in an installation that has none, and print the link of its first person."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True, help="its name")
        parser.add_argument("--domain", required=True)
        parser.add_argument("--country", required=True, metavar="CODE", help="two letters: FR")
        parser.add_argument("--language", default="en", choices=[code for code, _name in settings.LANGUAGES])
        parser.add_argument("--person", required=True, help="full name of its first person")
        parser.add_argument("--email", required=True, help="the address with which this person signs in")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            DOMAIN(options["domain"])
            if options["country"] not in known_countries():
                raise CommandError(f"{options['country']} is no country in any market.")
            validate_email(options["email"])
            token = found_programme(
                new=NewOrganization(
                    kind=OrganizationKind.OPERATOR,
                    name=options["organization"],
                    domain=options["domain"],
                    country=options["country"],
                    language=options["language"],
                ),
                person=FirstPerson(options["person"], options["email"]),
                now=timezone.now(),
            )
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except Refusal as refusal:
            raise CommandError(refusal.explanation) from refusal
        link = absolute_url(settings.BASE_URL, "account_reset_password_from_key", token)
        days = settings.COLLEAGUE_INVITATION_DAYS
        self.stdout.write(f"{options['email']} chooses a password here, once, within {days} days:\n{link}")
