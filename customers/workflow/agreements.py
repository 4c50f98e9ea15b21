"""The customer agreement: attested by the partner, or accepted by the customer (R7)."""

import datetime
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from customers import rules
from customers.announcements import announce_agreement, announce_agreement_requested
from customers.enums import AgreementMethod, RelationshipKind
from customers.models import CustomerAgreement, ResellerRelationship
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission


@dataclass(frozen=True)
class Attestation:
    """Who of the customer agreed, and on which day; the day is the customer's own, not later than today (UTC)."""

    first_name: str
    last_name: str
    email: str
    phone: str
    agreed_on: datetime.date


@transaction.atomic
def attest_agreement(
    *, relationship_id: UUID, attestation: Attestation, actor: Actor, now: datetime.datetime
) -> CustomerAgreement:
    """Record that the customer accepted the current agreement, on the partner's word.

    Source: portal reference, section 5.1.
    Raises: PermissionDenied, ResellerRelationship.DoesNotExist, rules.AgreementExistsAlready, InvalidInput, Refusal.
    """
    actor.require(Permission.AGREEMENT_ATTEST)
    relationship = ResellerRelationship.objects.visible_to(actor).active().locked(relationship_id)
    partner = Partner.objects.select_related("organization").get(pk=relationship.partner_id)
    organization = relationship.customer.organization
    rules.check_attestation(
        agreed_on=attestation.agreed_on, today=now.date(), partner=partner, cloud=organization.cloud
    )
    try:
        with transaction.atomic():
            agreement = CustomerAgreement.objects.create(
                partner=partner,
                customer_id=relationship.customer_id,
                version=rules.current_agreement_version(),
                language=organization.language,
                country=organization.country,
                method=AgreementMethod.ATTESTED,
                **vars(attestation),
                recorded_by_id=actor.user_id,
                recorded_by_name=actor.name,
                created_at=now,
            )
    except IntegrityError as error:
        raise rules.AgreementExistsAlready(
            _("This agreement is recorded already with the same contact."),
            next_step=_("Record it again only if the contact changed."),
        ) from error
    _note_signed(agreement)
    announce_agreement(agreement, actor=actor, now=now)
    return agreement


@transaction.atomic
def ask_for_agreement(*, relationship_id: UUID, actor: Actor, now: datetime.datetime) -> None:
    """Ask the customer to accept the agreement in force, for the first time or in its newer version (decision 0023).

    Asked again, the customer finds the newest question only.
    Raises: PermissionDenied, ResellerRelationship.DoesNotExist, rules.AgreementExistsAlready, Refusal.
    """
    actor.require(Permission.AGREEMENT_ATTEST)
    relationship = ResellerRelationship.objects.visible_to(actor).active().locked(relationship_id)
    rules.check_may_ask(kind=relationship.kind)
    rules.check_not_signed(partner_id=relationship.partner_id, customer_id=relationship.customer_id)
    announce_agreement_requested(relationship, version=rules.current_agreement_version(), actor=actor, now=now)


def _note_signed(agreement: CustomerAgreement) -> None:
    """Note the agreement where the customer list filters by it: at the partner's row, and at its reseller's."""
    rows = Q(partner_id=agreement.partner_id) | Q(counterpart_id=agreement.partner_id, kind=RelationshipKind.RESELLER)
    relationships = ResellerRelationship.objects.active().filter(rows, customer_id=agreement.customer_id)
    relationships.filter(has_agreement=False).update(has_agreement=True)


@transaction.atomic
def accept_agreement(*, relationship_id: UUID, actor: Actor, now: datetime.datetime) -> CustomerAgreement:
    """Record that the customer accepts the agreement with a partner it has already, such as one that added it (R7).

    Raises: PermissionDenied, ResellerRelationship.DoesNotExist.
    """
    actor.require(Permission.PARTNER_RELATIONSHIP_MANAGE)
    own = ResellerRelationship.objects.visible_to(actor).active().exclude(kind=RelationshipKind.RESELLER)
    return sign_agreement(relationship=own.locked(relationship_id), actor=actor, now=now)


def sign_agreement(*, relationship: ResellerRelationship, actor: Actor, now: datetime.datetime) -> CustomerAgreement:
    """Record the customer's own acceptance of the current agreement, unless it signed that version before.

    Called inside the transaction of accepting a request or of accept_agreement.
    """
    version = rules.current_agreement_version()
    signed = CustomerAgreement.objects.filter(
        partner_id=relationship.partner_id,
        customer_id=relationship.customer_id,
        version=version,
        method=AgreementMethod.DIRECT,
    ).first()
    if signed is not None:
        return signed
    first_name, _space, last_name = actor.name.rpartition(" ")
    organization = relationship.customer.organization
    agreement = CustomerAgreement.objects.create(
        partner_id=relationship.partner_id,
        customer_id=relationship.customer_id,
        version=version,
        language=organization.language,
        country=organization.country,
        method=AgreementMethod.DIRECT,
        first_name=first_name,
        last_name=last_name,
        email=actor.email,
        agreed_on=now.date(),
        recorded_by_id=actor.user_id,
        recorded_by_name=actor.name,
        created_at=now,
    )
    _note_signed(agreement)
    announce_agreement(agreement, actor=actor, now=now)
    return agreement
