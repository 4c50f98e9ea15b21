"""What is allowed with customers, relationships, invitations and agreements, and why not."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.enums import BILLED_STATUSES, InvitationStatus, ProductFamily, Qualification
from customers.markets import REGISTRATION_NUMBER_COUNTRIES
from customers.models import (
    MAX_TAG_LENGTH,
    MAX_TAGS,
    Customer,
    CustomerAgreement,
    InvitationLink,
    MailboxProof,
    MarketCountry,
    RelationshipInvitation,
    ResellerRelationship,
    Subscription,
)
from portal.accounts.actor import Actor
from portal.accounts.enums import Cloud, OrganizationKind, PartnershipStatus, Role
from portal.accounts.models import Organization, Partner, Partnership
from portal.core.countries import country_name
from portal.core.errors import InvalidInput, Refusal

LINK_PLACEHOLDER = "[[link]]"


class OutsideMarket(Refusal):
    code = "customer-outside-market"


class CloudMismatch(Refusal):
    code = "wrong-cloud"


class InvitationNotPending(Refusal):
    code = "invitation-not-pending"


class InvitationOpenAlready(Refusal):
    code = "invitation-open-already"


class LinkUnusable(Refusal):
    """Used, revoked, expired, replaced or unknown. Told apart only to those who held the link (section 13 of style)."""

    code = "invitation-link-unusable"
    http_status = 410

    def __init__(self, state: str) -> None:
        super().__init__(
            _("This link cannot be used any more."),
            who=_("the partner that sent it"),
            next_step=_("Ask your partner for a new link."),
        )
        self.state = state


class WrongTenant(Refusal):
    code = "wrong-tenant"


class NotCustomerAdministrator(Refusal):
    code = "not-customer-administrator"
    http_status = 403


class AlreadyPartner(Refusal):
    code = "relationship-exists-already"


class PartnersCannotBeCustomers(Refusal):
    code = "partner-cannot-be-customer"


class RelationshipNotActive(Refusal):
    code = "relationship-not-active"


class RelationshipInUse(Refusal):
    code = "relationship-in-use"


class AgreementExistsAlready(Refusal):
    code = "agreement-exists-already"


class AgreementNotSigned(Refusal):
    code = "customer-agreement-not-signed"
    http_status = 403


class ResellerNotYours(InvalidInput):
    code = "reseller-not-yours"


class QualificationNotAllowed(InvalidInput):
    code = "qualification-not-allowed"


class TooManyTags(InvalidInput):
    code = "too-many-tags"


class TagInUse(Refusal):
    code = "tag-in-use"


class TooManyViews(InvalidInput):
    code = "too-many-views"


# --- markets (R8, A8) ------------------------------------------------------------------------------------------------
def market_of(country: str, *, on: datetime.date) -> MarketCountry | None:
    """Return the country's place in a market on a day, or ``None`` where nobody may sell."""
    holds = Q(valid_until__isnull=True) | Q(valid_until__gt=on)
    return MarketCountry.objects.filter(holds, country=country, valid_from__lte=on).order_by("-valid_from").first()


def check_same_market(partner: Partner, country: str, *, on: datetime.date) -> None:
    """A partner sells in the countries of its own market only.

    Source: requirements R8, A8; portal reference, section 10. Raises: OutsideMarket.
    """
    place = market_of(country, on=on)
    if place is None or place.market_id != partner.market:
        raise OutsideMarket(
            _("%(partner)s cannot sell to customers in %(country)s: the country is outside its market.")
            % {"partner": partner.organization.name, "country": country_name(country)},
            who=_("a partner located in that market"),
            next_step=_("Check the country on the customer's tenant; it decides, not the address."),
        )


def needs_registration_number(country: str) -> bool:
    """Say whether a new customer there must give a registration number and a phone number (section 10)."""
    return country in REGISTRATION_NUMBER_COUNTRIES


# --- invitations (R1-R3, R6, R10) ------------------------------------------------------------------------------------
def check_reseller_named(partner: Partner, reseller_id: UUID | None) -> None:
    """A provider names one of its own active resellers; a direct bill partner names none (R10).

    Raises: ResellerNotYours.
    """
    is_provider = partner.organization.kind == OrganizationKind.INDIRECT_PROVIDER
    if reseller_id is None and not is_provider:
        return
    if reseller_id is None:
        raise ResellerNotYours(_("Name the indirect reseller that serves this customer."), field="reseller")
    active = Partnership.objects.filter(
        provider=partner, reseller_id=reseller_id, status=PartnershipStatus.ACTIVE
    ).exists()
    if not is_provider or not active:
        raise ResellerNotYours(
            _("This reseller has no active partnership with %(provider)s.") % {"provider": partner.organization.name},
            field="reseller",
            next_step=_("Request a partnership first, under Customers, Indirect resellers."),
        )


def check_partner_cloud(partner: Partner, cloud: str) -> None:
    """Partners of the US Government cloud serve that cloud only, all others the public one. Raises: CloudMismatch."""
    if partner.organization.cloud != cloud:
        raise CloudMismatch(
            _("%(partner)s works in the cloud %(own)s and cannot invite customers of %(other)s.")
            % {
                "partner": partner.organization.name,
                "own": Cloud(partner.organization.cloud).label,
                "other": Cloud(cloud).label,
            },
            who=_("a partner enrolled in that cloud"),
        )


def check_message(text: str) -> None:
    """The message of a request holds its link exactly once. Raises: InvalidInput."""
    if text.count(LINK_PLACEHOLDER) != 1:
        raise InvalidInput(
            _("The message must hold the unique link exactly once: without it the customer cannot answer."),
            field="message_text",
            next_step=_("Put the link back where it was."),
        )


def check_invitation_pending(invitation: RelationshipInvitation, *, now: datetime.datetime) -> None:
    """Raises: InvitationNotPending."""
    if invitation.status != InvitationStatus.PENDING:
        raise InvitationNotPending(
            _("This request is closed: %(state)s.") % {"state": InvitationStatus(invitation.status).label.lower()},
            next_step=_("Create a new relationship request."),
        )
    if invitation.expires_at <= now:
        raise InvitationNotPending(
            _("This request expired on %(date)s.") % {"date": invitation.expires_at.date().isoformat()},
            next_step=_("Create a new relationship request."),
        )


def find_link(token_hash: str) -> InvitationLink:
    """Return the link of a token's hash. Raises: LinkUnusable ("unknown"), which tells a guesser nothing."""
    link = InvitationLink.objects.filter(token_hash=token_hash).first()
    if link is None:
        raise LinkUnusable("unknown")
    return link


def check_link_usable(link: InvitationLink, invitation: RelationshipInvitation, *, now: datetime.datetime) -> None:
    """A link works once, until it expires, is revoked or is replaced by a newer one (R3). Raises: LinkUnusable."""
    if link.replaced_at is not None:
        raise LinkUnusable("replaced")
    if invitation.status != InvitationStatus.PENDING:
        raise LinkUnusable(invitation.status)
    if invitation.expires_at <= now:
        raise LinkUnusable(InvitationStatus.EXPIRED)


def check_can_accept(invitation: RelationshipInvitation, *, actor: Actor, organization: Organization) -> None:
    """Only an administrator of the invited customer, in the right cloud, that is no partner itself (R2, R9).

    Source: portal reference, sections 4.1 and 4.7. Raises: PartnersCannotBeCustomers, NotCustomerAdministrator,
    WrongTenant, CloudMismatch, OutsideMarket, AlreadyPartner.
    """
    check_not_a_partner(organization)
    if Role.CUSTOMER_ADMIN not in actor.roles or actor.organization_id != organization.pk:
        raise NotCustomerAdministrator(
            _("Only an administrator of %(customer)s can accept this request.") % {"customer": organization.name},
            who=_("an administrator of your organization"),
            next_step=_("Forward the message to your administrator."),
        )
    check_expected_tenant(invitation, tenant_id=organization.pk, domain=organization.domain)
    if organization.cloud != invitation.cloud or organization.is_sandbox != invitation.partner.organization.is_sandbox:
        raise CloudMismatch(
            _("This request is for customers of %(cloud)s.") % {"cloud": Cloud(invitation.cloud).label},
            next_step=_("Ask your partner for a request for your cloud."),
        )


def check_not_related(partner_ids: list[UUID], organization: Organization) -> None:
    """Raises: AlreadyPartner when every partner of the request has an active relationship already."""
    related = ResellerRelationship.objects.active().filter(customer_id=organization.pk, partner_id__in=partner_ids)
    if related.count() == len(partner_ids):
        raise AlreadyPartner(
            _("%(customer)s has this reseller relationship already.") % {"customer": organization.name},
            next_step=_("Nothing needs to be done."),
        )


def check_answerable(invitation: RelationshipInvitation, *, actor: Actor, now: datetime.datetime) -> None:
    """All that acceptance checks about who answers; the page asks the same before it offers the button (X1).

    Raises: whatever check_can_accept raises, OutsideMarket, AlreadyPartner.
    """
    organization = Organization.objects.get(pk=actor.organization_id)
    check_can_accept(invitation, actor=actor, organization=organization)
    check_same_market(invitation.partner, organization.country, on=now.date())
    partners = [partner for partner in (invitation.partner_id, invitation.reseller_id) if partner is not None]
    check_not_related(partners, organization)


def check_not_a_partner(organization: Organization) -> None:
    """A partner's tenant cannot be the customer of another partner (section 4.1, rule 8)."""
    if organization.kind != OrganizationKind.CUSTOMER:
        raise PartnersCannotBeCustomers(
            _("%(name)s is not a customer organization and cannot be the customer of a partner.")
            % {"name": organization.name},
            next_step=_("Use another tenant for your own purchases."),
        )


def check_expected_tenant(invitation: RelationshipInvitation, *, tenant_id: UUID | None, domain: str) -> None:
    """A request bound to a tenant or domain is for nobody else (W16). Raises: WrongTenant."""
    other_tenant = invitation.expected_tenant_id is not None and invitation.expected_tenant_id != tenant_id
    other_domain = bool(invitation.expected_domain) and invitation.expected_domain.lower() != domain.lower()
    if other_tenant or other_domain:
        raise WrongTenant(
            _("This request is meant for another organization than the one you are signed in for."),
            next_step=_("Sign in with an account of the invited organization, or ask your partner for a new request."),
        )


# --- the invited mailbox (R2) ----------------------------------------------------------------------------------------
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


# --- relationships (R4, R11) -----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Blocker:
    """Something that must end first, in words, with a link to it."""

    code: str
    message: str
    url: str = ""


def removal_blockers(relationship: ResellerRelationship) -> list[Blocker]:
    """List all that keeps a relationship from being removed, each with where to mend it (R11, section 4.9)."""
    billed = Subscription.objects.filter(
        customer_id=relationship.customer_id, billing_owner_id=relationship.partner_id, status__in=BILLED_STATUSES
    )
    counts = {
        "active-reservations": billed.filter(product_family=ProductFamily.RESERVATION).count(),
        "active-software": billed.filter(
            product_family__in=[ProductFamily.SOFTWARE, ProductFamily.PERPETUAL_SOFTWARE]
        ).count(),
    }
    counts["active-subscriptions"] = billed.count() - sum(counts.values())
    words: dict[str, Callable[[int], str]] = {
        "active-subscriptions": lambda n: ngettext(
            "%(count)d active subscription is billed to you. Suspend or cancel it.",
            "%(count)d active subscriptions are billed to you. Suspend or cancel each.",
            n,
        ),
        "active-reservations": lambda n: ngettext(
            "%(count)d Azure reservation is active. Cancel it.",
            "%(count)d Azure reservations are active. Cancel each.",
            n,
        ),
        "active-software": lambda n: ngettext(
            "%(count)d software purchase is active. Cancel it.",
            "%(count)d software purchases are active. Cancel each.",
            n,
        ),
    }
    url = reverse("customers:subscriptions", args=[relationship.customer_id])
    return [
        Blocker(code=code, message=words[code](count) % {"count": count}, url=url)
        for code, count in counts.items()
        if count
    ]


def check_can_remove(relationship: ResellerRelationship) -> None:
    """Raises: RelationshipInUse, naming the first blocker."""
    blockers = removal_blockers(relationship)
    if blockers:
        raise RelationshipInUse(
            " ".join(blocker.message for blocker in blockers),
            who=_("an admin agent of your company"),
            next_step=_("End what is listed, or transfer it to another partner, then remove the relationship."),
            next_url=blockers[0].url,
        )


# --- customer agreement (R7) -----------------------------------------------------------------------------------------
def has_signed_agreement(*, partner_id: UUID, customer_id: UUID) -> bool:
    """Say whether the customer signed the customer agreement with this partner, in any version."""
    return CustomerAgreement.objects.filter(partner_id=partner_id, customer_id=customer_id).exists()


def check_agreement_signed(*, partner_id: UUID, customer_id: UUID) -> None:
    """Without it no purchase and no transfer (R7, section 5.3). Raises: AgreementNotSigned."""
    if not has_signed_agreement(partner_id=partner_id, customer_id=customer_id):
        raise AgreementNotSigned(
            _("The customer has not signed the customer agreement with you."),
            who=_("the customer, or an admin or sales agent who attests it"),
            next_step=_("Record the agreement on the customer's account page."),
            next_url=reverse("customers:account", args=[customer_id]),
        )


def check_attestation(*, agreed_on: datetime.date, today: datetime.date, partner: Partner, cloud: str) -> None:
    """An attestation is not in the future, not by a reseller, and only for the public cloud (section 5.1).

    Raises: InvalidInput, Refusal.
    """
    if agreed_on > today:
        raise InvalidInput(_("The date of the agreement cannot be in the future."), field="agreed_on")
    if partner.organization.kind == OrganizationKind.INDIRECT_RESELLER:
        raise Refusal(
            _("An indirect reseller cannot attest the customer agreement."),
            who=_("your indirect provider, or the customer itself"),
        )
    if cloud == Cloud.US_GOVERNMENT:
        raise Refusal(_("In the US Government cloud the customer accepts the agreement itself."), who=_("the customer"))


def current_agreement_version() -> str:
    """Return the version of the customer agreement that is shown and signed today."""
    version: str = settings.CUSTOMER_AGREEMENT_VERSION
    return version


# --- what a partner notes about its customers (sections 1.4, 1.9) ----------------------------------------------------
PARTNER_TAGS = 500  # words one partner can sort its customers by; our choice: the filter of the list offers all of them
SAVED_VIEWS = 30  # of one person in one organization; our choice
TAG_SEPARATORS = frozenset(",;\n\r\t")


def check_can_qualify(customer: Customer, qualification: Qualification) -> None:
    """Nonprofit is given and taken by the programme; the community cloud of the government is for the US only.

    Source: API reference, section 3.7; requirement A2. Raises: QualificationNotAllowed.
    """
    if Qualification.NONPROFIT in (qualification, customer.qualification):
        raise QualificationNotAllowed(
            _("A partner can neither give nor take the qualification Nonprofit."),
            who=_("the programme operator"),
            field="qualification",
        )
    if qualification == Qualification.GOVERNMENT_COMMUNITY_CLOUD and customer.organization.country != "US":
        raise QualificationNotAllowed(
            _("The Government Community Cloud is for customers in the United States."), field="qualification"
        )


def clean_tag(name: str) -> str:
    """Return a tag as it is kept, without spaces around and between. Raises: InvalidInput."""
    if TAG_SEPARATORS & set(name.strip()):
        raise InvalidInput(_("A tag holds no comma and no semicolon: these separate tags in files."), field="name")
    cleaned = " ".join(name.split())
    if not 0 < len(cleaned) <= MAX_TAG_LENGTH:
        raise InvalidInput(
            _("A tag has at least one and at most %(limit)d characters.") % {"limit": MAX_TAG_LENGTH}, field="name"
        )
    return cleaned


def check_tag_count(count: int) -> None:
    """Raises: TooManyTags."""
    if count > MAX_TAGS:
        raise TooManyTags(_("A customer can have %(limit)d tags at most.") % {"limit": MAX_TAGS}, field="tags")
