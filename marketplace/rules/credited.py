"""Which further resellers a purchase may name besides the one on record (section 7.2)."""

import re
from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import gettext as _

from marketplace.models import MAX_FURTHER, SaaSSubscription
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Partner, PartnerLocation
from portal.core.errors import InvalidInput, Refusal

NUMBER = re.compile(r"[0-9]{5,12}")
FIELD = "further"


class NoFurtherResellers(Refusal):
    """Only a provider names resellers, and the first one before others."""

    code = "no-further-resellers"


def check_may_name_further(saas: SaaSSubscription) -> None:
    """Raises: NoFurtherResellers."""
    if saas.subscription.billing_owner.organization.kind != OrganizationKind.INDIRECT_PROVIDER:
        raise NoFurtherResellers(
            _("Only indirect providers name resellers; your company serves the customer itself."),
            who=_("an indirect provider"),
        )
    if saas.subscription.reseller_id is None:
        raise NoFurtherResellers(
            _("No reseller is on record yet: the first one is named before others."),
            next_step=_("Change the reseller of this subscription first."),
        )


def check_further(partner: Partner, numbers: Sequence[str], *, first: str) -> None:
    """Check all further resellers of a purchase. Raises: InvalidInput."""
    if numbers and partner.organization.kind != OrganizationKind.INDIRECT_PROVIDER:
        raise InvalidInput(_("Only indirect providers name resellers."), field=FIELD)
    for at, number in enumerate(numbers):
        further_location(partner, number, first=first, others=numbers[:at])


def further_location(partner: Partner, number: str, *, first: str, others: Sequence[str]) -> PartnerLocation:
    """Return whose PartnerID a typed one is, if it may be named besides ``first`` and ``others``.

    Its company is an indirect reseller that signed the partner agreement; a partnership it needs not.
    Source: portal reference, section 7.2, step 5. Raises: InvalidInput.
    """
    if len(others) >= MAX_FURTHER:
        raise InvalidInput(_("At most %(limit)d further resellers can be named.") % {"limit": MAX_FURTHER}, field=FIELD)
    if not NUMBER.fullmatch(number):
        raise InvalidInput(_("A PartnerID has 5 to 12 digits."), field=FIELD)
    if number == first:
        raise InvalidInput(_("This PartnerID is on record as the first reseller already."), field=FIELD)
    if number in others:
        raise InvalidInput(_("This PartnerID is named already."), field=FIELD)
    is_sandbox = partner.organization.is_sandbox
    places = PartnerLocation.objects.filter(partner__organization__is_sandbox=is_sandbox)
    place = places.select_related("partner__organization").filter(partner_id_number=number).first()
    if place is None:
        raise InvalidInput(_("No partner has the PartnerID %(number)s.") % {"number": number}, field=FIELD)
    _check_reseller(place)
    return place


def _check_reseller(place: PartnerLocation) -> None:
    company = place.partner
    facts = {"company": company.organization.name}
    if company.organization.kind != OrganizationKind.INDIRECT_RESELLER:
        raise InvalidInput(_("%(company)s is not an indirect reseller.") % facts, field=FIELD)
    if company.agreement_version != settings.PARTNER_AGREEMENT_VERSION:
        raise InvalidInput(_("%(company)s has not signed the partner agreement in force.") % facts, field=FIELD)
