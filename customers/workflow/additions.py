"""Add a customer: its tenant, its first administrator and the relationship at once (R5)."""

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from customers import rules
from customers.announcements import announce_added
from customers.models import Customer, ResellerRelationship
from customers.rules import NewCustomer
from customers.workflow.agreements import Attestation, attest_agreement
from customers.workflow.relationships import hold_partners, start_relationships
from portal.accounts.actor import Actor
from portal.accounts.enums import Cloud, OrganizationKind, Role
from portal.accounts.models import Membership, Organization, Partner, PasswordReset, User
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput
from portal.core.links import hash_token, make_token


@dataclass(frozen=True)
class Addition:
    """What adding a customer made."""

    relationship: ResellerRelationship
    administrator: User
    link_expires_at: datetime.datetime


@transaction.atomic
def add_customer(
    *, new: NewCustomer, attestation: Attestation | None, actor: Actor, now: datetime.datetime
) -> Addition:
    """Create the customer's tenant, its first administrator and the relationships; attest the agreement if given.

    The administrator gets a one-time link by mail to choose a password (decision 0013).
    Raises: PermissionDenied, rules.ResellersDoNotAdd, InvalidInput, and what rules.check_new_customer and
    attest_agreement raise.
    """
    actor.require(Permission.CUSTOMER_ADD)
    rules.check_may_add(kind=actor.organization_kind)
    partner = hold_partners(actor.organization_id, new.reseller_id)
    rules.check_new_customer(partner, new, today=now.date())

    organization = _create_tenant(partner.organization, new, now)
    user, token, expires_at = _create_administrator(organization, new, now)
    Customer.objects.create(organization=organization, registration_number=new.registration_number)
    relationships = start_relationships(
        customer_organization=organization,
        partner=partner,
        reseller=Partner.objects.get(pk=new.reseller_id) if new.reseller_id else None,
        has_admin_rights=new.include_admin_rights or organization.cloud == Cloud.US_GOVERNMENT,
        now=now,
    )
    announce_added(
        relationships,
        administrator=user,
        token=token,
        mail_context={"expires_at": expires_at, "is_attested": attestation is not None},
        actor=actor,
        now=now,
    )
    if attestation is not None:
        attest_agreement(relationship_id=relationships[0].pk, attestation=attestation, actor=actor, now=now)
    return Addition(relationships[0], user, expires_at)


def _create_tenant(own: Organization, new: NewCustomer, now: datetime.datetime) -> Organization:
    """Create the organization in the partner's cloud; sandbox partners have sandbox customers (P8)."""
    try:
        with transaction.atomic():
            return Organization.objects.create(
                kind=OrganizationKind.CUSTOMER,
                name=new.company_name,
                domain=new.domain.lower(),
                country=new.country,
                cloud=own.cloud,
                language=new.language,
                contact_email=new.email.strip().lower(),
                contact_phone=new.phone,
                address=new.address,
                is_sandbox=own.is_sandbox,
                created_at=now,
            )
    except IntegrityError as error:
        raise rules.domain_taken(new.domain) from error


def _create_administrator(
    organization: Organization, new: NewCustomer, now: datetime.datetime
) -> tuple[User, str, datetime.datetime]:
    """Create the first administrator without a password, and the link by which it chooses one."""
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                new.email, None, name=new.contact_name, language=new.language, created_at=now
            )
    except IntegrityError as error:
        raise InvalidInput(_("This address cannot be used any more. Use another one."), field="email") from error
    Membership.objects.create(user=user, organization=organization, roles=[Role.CUSTOMER_ADMIN], created_at=now)
    token, expires_at = make_token(), now + datetime.timedelta(days=settings.COLLEAGUE_INVITATION_DAYS)
    PasswordReset.objects.create(user=user, token_hash=hash_token(token), created_at=now, expires_at=expires_at)
    return user, token, expires_at
