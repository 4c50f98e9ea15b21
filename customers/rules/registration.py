"""The invited mailbox, and the organization that registers from it (R2)."""

import datetime

from django.utils.translation import gettext as _

from customers.models import MailboxProof, RelationshipInvitation
from customers.rules.markets import needs_registration_number
from portal.core.countries import country_name
from portal.core.errors import InvalidInput, Refusal

MAX_CODE_ATTEMPTS = 5


class CodeRefused(Refusal):
    code = "mailbox-code-refused"
    http_status = 422


def check_mailbox(invitation: RelationshipInvitation, email: str) -> None:
    """The code goes to the invited mailbox; where none was named, to one of the expected domain.

    Raises: InvalidInput.
    """
    address = email.strip().lower()
    named = invitation.recipient_email.lower()
    domain = invitation.expected_domain
    if (named and address != named) or (not named and domain and not address.endswith(f"@{domain}")):
        raise InvalidInput(
            _("The request was not sent to this address."),
            field="email",
            next_step=_("Use the address at which you got the message."),
        )


def check_code_usable(proof: MailboxProof, *, now: datetime.datetime) -> None:
    """A code lives minutes and bears five tries. Raises: CodeRefused."""
    if proof.expires_at <= now or proof.attempts >= MAX_CODE_ATTEMPTS or proof.proven_at is not None:
        raise CodeRefused(_("This code cannot be used any more."), next_step=_("Ask for a new code."))


def check_proof_unused(proof: MailboxProof, *, now: datetime.datetime) -> None:
    """A proven mailbox registers one organization, within the hour. Raises: CodeRefused."""
    too_old = proof.proven_at is None or now - proof.proven_at > datetime.timedelta(hours=1)
    if too_old or proof.used_at is not None:
        raise CodeRefused(_("Your mailbox must be proven again."), next_step=_("Ask for a new code."))


def check_registration_data(country: str, registration_number: str, phone: str) -> None:
    """Some countries ask for a registration number and a phone number (section 10). Raises: InvalidInput."""
    if needs_registration_number(country) and not (registration_number and phone):
        raise InvalidInput(
            _("In %(country)s a registration number and a phone number are required.")
            % {"country": country_name(country)},
            field="phone" if registration_number else "registration_number",
        )
