"""The customer agreement, and what it blocks (R7)."""

import datetime
from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from customers.enums import RelationshipKind
from customers.models import CustomerAgreement
from portal.accounts.enums import Cloud, OrganizationKind
from portal.accounts.models import Partner
from portal.core.errors import InvalidInput, Refusal


class AgreementExistsAlready(Refusal):
    code = "agreement-exists-already"


class AgreementNotSigned(Refusal):
    code = "customer-agreement-not-signed"
    http_status = 403


def has_signed_agreement(*, partner_id: UUID, customer_id: UUID) -> bool:
    """Say whether the customer signed the customer agreement with this partner, in any version."""
    return bool(signed_agreements(partner_ids=[partner_id], customer_ids=[customer_id]))


def signed_agreements(*, partner_ids: Iterable[UUID], customer_ids: Iterable[UUID]) -> frozenset[tuple[UUID, UUID]]:
    """Return which of these partners and customers signed the customer agreement, as pairs: one query for many."""
    signed = CustomerAgreement.objects.filter(partner_id__in=partner_ids, customer_id__in=customer_ids)
    return frozenset(signed.values_list("partner_id", "customer_id"))


def check_agreement_signed(*, partner_id: UUID, customer_id: UUID) -> None:
    """Without it no purchase and no transfer (R7, section 5.3). Raises: AgreementNotSigned."""
    if not has_signed_agreement(partner_id=partner_id, customer_id=customer_id):
        raise AgreementNotSigned(
            _("The customer has not signed the customer agreement with you."),
            who=_("the customer, or an admin or sales agent who attests it"),
            next_step=_("Record the agreement on the customer's account page."),
            next_url=reverse("customers:account", args=[customer_id]),
        )


def check_may_attest(*, kind: str, cloud: str) -> None:
    """Resellers do not attest, and for the US Government cloud nobody does (section 5.1). Raises: Refusal."""
    if kind == OrganizationKind.INDIRECT_RESELLER:
        raise Refusal(
            _("An indirect reseller cannot attest the customer agreement."),
            who=_("your indirect provider, or the customer itself"),
        )
    if cloud == Cloud.US_GOVERNMENT:
        raise Refusal(_("In the US Government cloud the customer accepts the agreement itself."), who=_("the customer"))


def check_attestation(*, agreed_on: datetime.date, today: datetime.date, partner: Partner, cloud: str) -> None:
    """An attestation is not in the future, not by a reseller, and only for the public cloud (section 5.1).

    Raises: InvalidInput, Refusal.
    """
    check_may_attest(kind=partner.organization.kind, cloud=cloud)
    if agreed_on > today:
        raise InvalidInput(_("The date of the agreement cannot be in the future."), field="agreed_on")


def newer_version(agreement: CustomerAgreement | None) -> str:
    """Return the version in force if what was signed is an older one, else nothing (decision 0023)."""
    version = current_agreement_version()
    return version if agreement is not None and agreement.version != version else ""


def check_may_ask(*, kind: str) -> None:
    """The customer signs with the partner that bills it, so a reseller's customer is asked by the provider.

    Raises: Refusal.
    """
    if kind == RelationshipKind.RESELLER:
        raise Refusal(_("The customer agreement is made with the indirect provider."), who=_("your indirect provider"))


def check_not_signed(*, partner_id: UUID, customer_id: UUID) -> None:
    """Nobody is asked for what is signed (decision 0023). Raises: AgreementExistsAlready."""
    version = current_agreement_version()
    signed = CustomerAgreement.objects.filter(partner_id=partner_id, customer_id=customer_id, version=version)
    if signed.exists():
        raise AgreementExistsAlready(
            _("The customer agreement is recorded in its newest version %(version)s already.") % {"version": version},
            next_step=_("Nothing needs to be done."),
        )


def current_agreement_version() -> str:
    """Return the version of the customer agreement that is shown and signed today."""
    version: str = settings.CUSTOMER_AGREEMENT_VERSION
    return version
