"""Relationship requests: what may be asked, and who may answer (R1-R3, R6, R9, R10)."""

import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from customers.enums import InvitationStatus
from customers.models import InvitationLink, RelationshipInvitation, ResellerRelationship
from customers.rules.markets import check_same_market
from portal.accounts.actor import Actor
from portal.accounts.enums import Cloud, OrganizationKind, PartnershipStatus, Role
from portal.accounts.models import Organization, Partner, Partnership
from portal.core.errors import InvalidInput, Refusal

LINK_PLACEHOLDER = "[[link]]"


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


class ResellerNotYours(InvalidInput):
    code = "reseller-not-yours"


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
    if organization.is_sandbox != invitation.partner.organization.is_sandbox:
        raise WrongTenant(
            _("A sandbox has customers of its own: sandbox and real organizations have no relationship."),
            next_step=_("Ask your partner for a request from its other account."),
        )
    if organization.cloud != invitation.cloud:
        raise CloudMismatch(
            _("This request is for customers of %(cloud)s.") % {"cloud": Cloud(invitation.cloud).label},
            next_step=_("Ask your partner for a request for your cloud."),
        )


def check_acts_for_somebody(actor: Actor | None) -> Actor:
    """Return who is signed in for an organization. Raises: NotCustomerAdministrator for an account without any."""
    if actor is None:
        raise NotCustomerAdministrator(
            _("Your account belongs to no organization any more."),
            who=_("an administrator of your organization"),
            next_step=_("Ask an administrator of your organization to answer, or to invite you again."),
        )
    return actor


def check_not_related(
    partner_ids: list[UUID], organization: Organization, *, asked_at: datetime.datetime | None = None
) -> None:
    """Raises: AlreadyPartner when every partner of the request has an active relationship already.

    To a customer that had nobody when it was asked, the relationships came by an import (decision 0021). They count
    only with the agreement; without it they are what the request is about. ``asked_at`` None: it is being asked now.
    """
    related = ResellerRelationship.objects.active().filter(customer_id=organization.pk, partner_id__in=partner_ids)
    people = organization.memberships.filter(created_at__lt=asked_at) if asked_at else organization.memberships.all()
    if not people.exists():
        related = related.filter(has_agreement=True)
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
    check_not_related(partners, organization, asked_at=invitation.created_at)


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
