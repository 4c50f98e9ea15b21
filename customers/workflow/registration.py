"""A customer nobody knows yet: prove the invited mailbox by a code, then register the organization (R2)."""

import datetime
import secrets
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from customers import rules
from customers.announcements import announce_customer, announce_mailbox_code, partners_of
from customers.enums import CustomerEvent
from customers.models import Customer, MailboxProof, RelationshipInvitation
from customers.workflow.invitations import locked_by_link
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership, Organization, User
from portal.accounts.queries import make_actor
from portal.core.errors import InvalidInput


def _code_hash(proof_id: UUID, code: str) -> str:
    """Return a hash that only this installation can make: six digits could be guessed from a plain one."""
    return salted_hmac("customers.mailbox-proof", f"{proof_id}:{code}", algorithm="sha256").hexdigest()


@transaction.atomic
def send_mailbox_code(*, token_hash: str, email: str, now: datetime.datetime) -> MailboxProof:
    """Mail a six-digit code to the invited mailbox. Raises: rules.LinkUnusable, InvalidInput."""
    invitation = locked_by_link(token_hash, now)
    rules.check_mailbox(invitation, email)
    code = f"{secrets.randbelow(1_000_000):06d}"
    proof = MailboxProof(
        invitation=invitation,
        email=email.strip().lower(),
        created_at=now,
        expires_at=now + datetime.timedelta(minutes=settings.MAILBOX_CODE_MINUTES),
    )
    proof.code_hash = _code_hash(proof.pk, code)
    proof.save()
    announce_mailbox_code(invitation, email=proof.email, code=code, now=now)
    return proof


def prove_mailbox(*, proof_id: UUID, code: str, now: datetime.datetime) -> MailboxProof:
    """Check a code. A wrong one is counted although it is refused. Raises: rules.CodeRefused."""
    with transaction.atomic():
        proof = MailboxProof.objects.select_for_update(of=("self",), no_key=True).get(pk=proof_id)
        rules.check_code_usable(proof, now=now)
        right = constant_time_compare(proof.code_hash, _code_hash(proof.pk, code.strip().replace(" ", "")))
        proof.attempts += 1
        if right:
            proof.proven_at = now
        proof.save(update_fields=["attempts", "proven_at"])
    if not right:
        raise rules.CodeRefused(
            _("This code is not right."), next_step=_("Look at the newest mail, or ask for a new code.")
        )
    return proof


@dataclass(frozen=True)
class Registration:
    """What a customer says of its organization and of its first administrator."""

    organization_name: str
    domain: str
    country: str
    registration_number: str
    phone: str
    address: str
    person_name: str
    password: str | None  # None: the sandbox plays the person, who never signs in


@transaction.atomic
def register_customer(
    *, token_hash: str, proof_id: UUID, registration: Registration, now: datetime.datetime
) -> tuple[User, Organization]:
    """Create the customer's tenant and its first administrator, whose mailbox is proven.

    A tenant that an import brought along, and that nobody belongs to yet, gets them instead (decision 0021).
    Source: requirements R2, R8. Raises: rules.LinkUnusable, rules.CodeRefused, rules.OutsideMarket,
    rules.WrongTenant, InvalidInput.
    """
    invitation = locked_by_link(token_hash, now)
    proof = MailboxProof.objects.select_for_update(of=("self",), no_key=True).get(pk=proof_id, invitation=invitation)
    rules.check_proof_unused(proof, now=now)
    rules.check_same_market(invitation.partner, registration.country, on=now.date())
    membership = create_tenant(invitation, registration, email=proof.email, now=now)
    proof.used_at = now
    proof.save(update_fields=["used_at"])
    announce_registration(invitation, make_actor(membership, membership.user), registration, now=now)
    return membership.user, membership.organization


def create_tenant(
    invitation: RelationshipInvitation, registration: Registration, *, email: str, now: datetime.datetime
) -> Membership:
    """Create the tenant of a locked request and its first administrator, or take the tenant that an import brought.

    Raises: rules.WrongTenant, InvalidInput.
    """
    known = rules.tenant_without_people(invitation, registration.domain)
    rules.check_expected_tenant(invitation, tenant_id=known.pk if known else None, domain=registration.domain)
    rules.check_registration_data(registration.country, registration.registration_number, registration.phone)

    _check_no_account(email)
    make = partial(_take_tenant, known.pk) if known else partial(_create_tenant, now)
    organization = make(invitation, registration, email)
    user = User.objects.create_user(
        email=email,
        password=registration.password,
        name=registration.person_name,
        language=invitation.language,
        created_at=now,
    )
    return Membership.objects.create(user=user, organization=organization, roles=[Role.CUSTOMER_ADMIN], created_at=now)


def announce_registration(
    invitation: RelationshipInvitation, actor: Actor, registration: Registration, *, now: datetime.datetime
) -> None:
    """Note the organization's number, and tell the partners that it registered."""
    customer, _created = Customer.objects.update_or_create(
        organization_id=actor.organization_id, defaults={"registration_number": registration.registration_number}
    )
    announce_customer(
        CustomerEvent.CUSTOMER_REGISTERED, customer, partner_ids=partners_of(invitation), actor=actor, now=now
    )


def _check_no_account(email: str) -> None:
    if User.objects.filter(email=email).exists():
        raise InvalidInput(
            _("There is an account for %(email)s already.") % {"email": email},
            next_step=_("Sign in with it instead of registering."),
        )


def _take_tenant(
    tenant_id: UUID, invitation: RelationshipInvitation, registration: Registration, email: str
) -> Organization:
    """Let the first person of an imported tenant say what the partner's file could only guess."""
    tenant = Organization.objects.locked(tenant_id)
    rules.check_mailbox_of_tenant(email, tenant)
    if tenant.memberships.exists():
        raise _domain_taken(registration)
    tenant.name = registration.organization_name
    tenant.country = registration.country
    tenant.language = invitation.language
    tenant.contact_email = email
    tenant.contact_phone = registration.phone
    tenant.address = registration.address
    tenant.save()
    return tenant


def _create_tenant(
    now: datetime.datetime, invitation: RelationshipInvitation, registration: Registration, email: str
) -> Organization:
    try:
        with transaction.atomic():
            return Organization.objects.create(
                kind=OrganizationKind.CUSTOMER,
                name=registration.organization_name,
                domain=registration.domain.lower(),
                country=registration.country,
                cloud=invitation.cloud,
                language=invitation.language,
                contact_email=email,
                contact_phone=registration.phone,
                address=registration.address,
                is_sandbox=invitation.partner.organization.is_sandbox,
                created_at=now,
            )
    except IntegrityError as error:
        raise _domain_taken(registration) from error


def _domain_taken(registration: Registration) -> InvalidInput:
    return InvalidInput(
        _("The domain %(domain)s belongs to an organization already.") % {"domain": registration.domain},
        field="domain",
        next_step=_("Ask an administrator of that organization to answer the request."),
    )
