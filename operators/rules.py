"""What a partner must be to become an indirect provider (A10, decision 0046), and who is enrolled (decision 0050)."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from customers.models import MarketCountry
from operators.enums import NominationStatus
from operators.models import ProviderNomination
from portal.accounts.enums import OPEN_PARTNERSHIPS, PARTNER_KINDS, Cloud, OrganizationKind, Role
from portal.accounts.models import Partner, PartnerLocation, Partnership
from portal.core.errors import InvalidInput, Refusal


class NominationRequirements(Refusal):
    """Something that an indirect provider must be or have is missing."""

    code = "nomination-requirements"


class NominationOpen(Refusal):
    """The partner has asked already."""

    code = "nomination-open-already"


class NominationAnswered(Refusal):
    """The nomination was approved, refused or withdrawn."""

    code = "nomination-answered"


class ProgrammeExists(Refusal):
    """There is a programme operator, and one is enough."""

    code = "programme-exists"


@dataclass(frozen=True)
class NewOrganization:
    """What the programme must know of an organization; ``partner_id`` "" takes a number that nobody has."""

    kind: OrganizationKind
    name: str
    domain: str
    country: str
    language: str
    cloud: Cloud = Cloud.PUBLIC
    partner_id: str = ""


@dataclass(frozen=True)
class FirstPerson:
    """Who gets the first link into an organization."""

    name: str
    email: str


# The first person of a partner needs both: a global admin alone could neither sell nor give itself the other role.
FIRST_ROLES: dict[OrganizationKind, tuple[Role, ...]] = {
    OrganizationKind.DIRECT_BILL: (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT),
    OrganizationKind.INDIRECT_RESELLER: (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT),
    OrganizationKind.PUBLISHER: (Role.PUBLISHER_ADMIN,),
}


def check_can_enroll(new: NewOrganization, place: MarketCountry | None) -> None:
    """``place`` is the country's place in a market. Raises: InvalidInput, naming the field.

    Source: our choice, decision 0050; an indirect provider is nominated (A10).
    """
    if new.kind in PARTNER_KINDS and place is None:
        raise InvalidInput(
            _("This country is in no market, so that a partner there could sell nowhere."),
            field="country",
            next_step=_("Put the country into a market first."),
            next_url=reverse("operators:place_country"),
        )
    if new.partner_id and PartnerLocation.objects.filter(partner_id_number=new.partner_id).exists():
        raise InvalidInput(_("Another partner has this PartnerID."), field="partner_id")


def domain_taken(domain: str) -> InvalidInput:
    """Return the refusal of a domain that another organization has."""
    return InvalidInput(
        _("The domain %(domain)s belongs to an organization already.") % {"domain": domain}, field="domain"
    )


@dataclass(frozen=True)
class Requirement:
    """One thing that is needed, whether it is there, and where to mend it."""

    title: str
    is_met: bool
    hint: str = ""
    url: str = ""


def requirements(partner: Partner) -> list[Requirement]:
    """Return all that a partner needs to be nominated, met or not. Source: our choice, decision 0046."""
    organization = partner.organization
    is_signed = partner.agreement_version == settings.PARTNER_AGREEMENT_VERSION
    serves_as_reseller = (
        partner.becoming_reseller_of_id is not None
        or Partnership.objects.filter(reseller=partner, status__in=OPEN_PARTNERSHIPS).exists()
    )
    return [
        Requirement(
            _("The company is a direct bill partner."),
            organization.kind == OrganizationKind.DIRECT_BILL,
            _("Only direct bill partners are nominated."),
        ),
        Requirement(
            _("The partner agreement in force is signed."),
            is_signed,
            _("A global admin signs it."),
            reverse("accounts:partner_agreement"),
        ),
        Requirement(
            _("The company is nobody's reseller, and not on the way to become one."),
            not serves_as_reseller,
            _("End the partnership, or stay a direct bill partner, first."),
            reverse("customers:partnerships"),
        ),
        Requirement(
            _("Resellers find a support contact: an e-mail address and a phone number."),
            bool(organization.contact_email and organization.contact_phone),
            _("Write both into the company profile."),
            reverse("accounts:organization"),
        ),
        Requirement(
            _("The account is a production account."),
            not organization.is_sandbox,
            _("A sandbox account gets its kind when it is set up."),
        ),
    ]


def check_can_nominate(partner: Partner) -> None:
    """Raises: NominationOpen, NominationRequirements, naming all that is missing."""
    if ProviderNomination.objects.filter(partner=partner, status=NominationStatus.REQUESTED).exists():
        raise NominationOpen(
            _("Your company has asked already."),
            who=_("the programme operator"),
            next_step=_("Wait for the answer, or withdraw the request."),
        )
    check_requirements(partner)


def check_requirements(partner: Partner) -> None:
    """Raises: NominationRequirements, naming all that is missing."""
    missing = [one for one in requirements(partner) if not one.is_met]
    if missing:
        raise NominationRequirements(
            _("These requirements are not met: %(titles)s") % {"titles": " ".join(one.title for one in missing)},
            who=_("a global admin of the partner"),
            next_step=" ".join(one.hint for one in missing),
        )


def check_can_answer(nomination: ProviderNomination) -> None:
    """Raises: NominationAnswered."""
    if nomination.status != NominationStatus.REQUESTED:
        raise NominationAnswered(
            _("This nomination is no longer open: %(status)s.") % {"status": nomination.get_status_display()},
            next_step=_("Nothing needs to be done."),
        )
