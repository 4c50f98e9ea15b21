"""The invited mailbox, and the organization that registers from it (R2)."""

import datetime

from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from customers.models import MailboxProof, RelationshipInvitation
from customers.rules.markets import needs_registration_number
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Organization
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


def tenant_without_people(invitation: RelationshipInvitation, domain: str) -> Organization | None:
    """Return the customer organization of a domain that nobody belongs to yet: it came by an import (decision 0021)."""
    own = invitation.partner.organization
    tenants = Organization.objects.filter(kind=OrganizationKind.CUSTOMER, cloud=own.cloud, is_sandbox=own.is_sandbox)
    named = tenants.annotate(key=Lower("domain")).filter(key=domain.lower())  # spelled like its unique index
    return named.filter(memberships__isnull=True).first()


def check_mailbox_of_tenant(email: str, tenant: Organization) -> None:
    """Who answers first for an organization that is here reads a mailbox of its domain. Raises: InvalidInput."""
    if email.rpartition("@")[2].lower() != tenant.domain.lower():
        raise InvalidInput(
            _("%(domain)s is here already. Who answers for it first proves a mailbox of this domain.")
            % {"domain": tenant.domain},
            field="domain",
            next_step=_("Ask your partner to send the request to an address of this domain."),
        )


def check_registration_data(country: str, registration_number: str, phone: str) -> None:
    """Some countries ask for a registration number and a phone number (section 10). Raises: InvalidInput."""
    if needs_registration_number(country) and not (registration_number and phone):
        raise InvalidInput(
            _("In %(country)s a registration number and a phone number are required.")
            % {"country": country_name(country)},
            field="phone" if registration_number else "registration_number",
        )
