"""When an indirect provider and an indirect reseller may become partners, and when they may part (R10, A10)."""

from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.models import ResellerRelationship
from customers.rules.invitations import CloudMismatch
from customers.rules.relationships import Blocker
from portal.accounts.actor import Actor, who_may
from portal.accounts.enums import OrganizationKind, PartnershipStatus
from portal.accounts.models import Partner, Partnership
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput, Refusal

# Whom each kind of partner may ask: a direct bill partner asks a provider when it wants to become a reseller (T4).
ASKS: dict[str, frozenset[OrganizationKind]] = {
    OrganizationKind.INDIRECT_PROVIDER: frozenset(
        {OrganizationKind.INDIRECT_RESELLER, OrganizationKind.DIRECT_BILL},
    ),
    OrganizationKind.INDIRECT_RESELLER: frozenset({OrganizationKind.INDIRECT_PROVIDER}),
    OrganizationKind.DIRECT_BILL: frozenset({OrganizationKind.INDIRECT_PROVIDER}),
}


class UnknownPartner(InvalidInput):
    """No partner has this Microsoft ID or PartnerID, or it is the partner that asks."""

    code = "unknown-partner"


class PartnerNumberUnknown(InvalidInput):
    """No partner has this PartnerID."""

    code = "partner-number-unknown"
    http_status = 404


class NotProviderAndReseller(InvalidInput):
    """A partnership joins one indirect provider and one reseller."""

    code = "not-provider-and-reseller"


class PartnerOutsideMarket(InvalidInput):
    code = "partner-outside-market"


class PartnershipOpenAlready(Refusal):
    code = "partnership-open-already"


class PartnershipNotOpen(Refusal):
    """The request was answered or withdrawn meanwhile, or the partnership has ended."""

    code = "partnership-not-open"


class NotYoursToAnswer(Refusal):
    """Who asked withdraws; who was asked accepts or declines."""

    code = "partnership-not-yours-to-answer"


class PartnershipInUse(Refusal):
    code = "partnership-in-use"


def check_can_partner(own: Partner, other: Partner) -> tuple[Partner, Partner]:
    """Return the two as provider and reseller. Both work in one market, cloud and kind of account (4.8, P8).

    Raises: UnknownPartner, NotProviderAndReseller, PartnerOutsideMarket, CloudMismatch.
    """
    if own.pk == other.pk or own.organization.is_sandbox != other.organization.is_sandbox:
        raise UnknownPartner(_("This is not the ID of another partner."), field="partner")
    if other.organization.kind not in ASKS.get(own.organization.kind, ()):
        raise NotProviderAndReseller(
            _("%(name)s is of the kind %(kind)s. A partnership joins an indirect provider and a reseller.")
            % {"name": other.organization.name, "kind": OrganizationKind(other.organization.kind).label},
            field="partner",
        )
    if own.organization.cloud != other.organization.cloud:
        raise CloudMismatch(_("%(name)s works in another cloud.") % {"name": other.organization.name})
    if own.market != other.market:
        raise PartnerOutsideMarket(
            _("%(name)s works in another market. Partners of one market can work together.")
            % {"name": other.organization.name},
            field="partner",
        )
    is_provider = own.organization.kind == OrganizationKind.INDIRECT_PROVIDER
    return (own, other) if is_provider else (other, own)


def open_already(partnership: Partnership | None, *, own_id: UUID) -> PartnershipOpenAlready:
    """Return the refusal of a second partnership of the same two, leading to the one that is there."""
    if partnership is None or partnership.status == PartnershipStatus.ACTIVE:
        message = _("You have a partnership with this partner already.")
        next_step = _("Nothing needs to be done.")
    elif asked_by(partnership) == own_id:
        message, next_step = _("You have asked this partner already."), _("Wait for the answer, or withdraw it.")
    else:
        message, next_step = _("This partner has asked you already."), _("Answer its request.")
    url = reverse("customers:partnership", args=[partnership.pk]) if partnership else ""
    return PartnershipOpenAlready(message, next_step=next_step, next_url=url)


def asked_by(partnership: Partnership) -> UUID:
    """Return the organization that asked for the partnership; the other one answers."""
    asked: UUID = partnership.provider_id if partnership.requested_by_provider else partnership.reseller_id
    return asked


def check_can_answer(partnership: Partnership, *, actor: Actor) -> None:
    """Raises: PartnershipNotOpen, NotYoursToAnswer."""
    _check_status(partnership, PartnershipStatus.REQUESTED)
    if asked_by(partnership) == actor.organization_id:
        raise NotYoursToAnswer(
            _("Your company asked for this partnership. The other one answers."),
            who=who_may(Permission.PARTNERSHIP_MANAGE, kind=OrganizationKind.INDIRECT_PROVIDER),
            next_step=_("Wait for the answer, or withdraw the request."),
        )


def check_can_withdraw(partnership: Partnership, *, actor: Actor) -> None:
    """Raises: PartnershipNotOpen, NotYoursToAnswer."""
    _check_status(partnership, PartnershipStatus.REQUESTED)
    if asked_by(partnership) != actor.organization_id:
        raise NotYoursToAnswer(
            _("The other company asked for this partnership."), next_step=_("Accept or decline it instead.")
        )


def check_can_end(partnership: Partnership) -> None:
    """Raises: PartnershipNotOpen, PartnershipInUse."""
    _check_status(partnership, PartnershipStatus.ACTIVE)
    blockers = partnership_blockers(partnership)
    if blockers:
        raise PartnershipInUse(
            " ".join(blocker.message for blocker in blockers),
            who=_("an admin agent of the provider or of the reseller"),
            next_step=_("End what is listed, then end the partnership."),
            next_url=blockers[0].url,
        )


def _check_status(partnership: Partnership, wanted: PartnershipStatus) -> None:
    if partnership.status != wanted:
        state = PartnershipStatus(partnership.status).label.lower()
        raise PartnershipNotOpen(
            _("The state of this partnership is now: %(state)s.") % {"state": state},
            next_step=_("Request a new partnership if you need one."),
        )


def partnership_blockers(partnership: Partnership) -> list[Blocker]:
    """List what keeps two partners from parting: the customers they serve together, and a move that is under way."""
    found = []
    if count := shared_customers(partnership):
        words = ngettext(
            "%(count)d customer has an active relationship through this partnership. Remove it.",
            "%(count)d customers have an active relationship through this partnership. Remove each.",
            count,
        )
        found.append(Blocker("active-customers", words % {"count": count}, reverse("customers:list")))
    if partnership.reseller.becoming_reseller_of_id == partnership.provider_id:
        words = _("%(name)s is becoming an indirect reseller of this provider. It can cancel that first.")
        name = partnership.reseller.organization.name
        found.append(Blocker("becoming-reseller", words % {"name": name}, ""))
    return found


def shared_customers(partnership: Partnership) -> int:
    """Count the customers with an active relationship of either side that names the other."""
    through = Q(partner_id=partnership.provider_id, counterpart_id=partnership.reseller_id) | Q(
        partner_id=partnership.reseller_id, counterpart_id=partnership.provider_id
    )
    return ResellerRelationship.objects.active().filter(through).values("customer_id").distinct().count()
