"""A direct bill partner on its way to becoming an indirect reseller (T4, A2; decision 0022)."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.enums import CURRENT_STATUSES, RelationshipKind
from customers.models import ResellerRelationship, Subscription
from customers.rules.invitations import check_reseller_named
from customers.rules.relationships import Blocker, RelationshipNotActive
from portal.accounts.enums import OrganizationKind, PartnershipStatus, Role
from portal.accounts.models import Membership, Partner, Partnership, UserInvitation
from portal.accounts.rules import may_give_up_subscriptions, may_take_over_subscriptions
from portal.core.errors import Refusal


class NotDirectBill(Refusal):
    """Only a direct bill partner becomes an indirect reseller."""

    code = "not-a-direct-bill-partner"


class NoPartnershipYet(Refusal):
    """A partner becomes the reseller of a provider that has agreed to it."""

    code = "no-active-partnership"


class BecomingAlready(Refusal):
    code = "becoming-reseller-already"


class NotBecomingReseller(Refusal):
    """The change was finished or canceled meanwhile, or never began."""

    code = "not-becoming-reseller"


class CustomersMovedAlready(Refusal):
    """What was moved to the provider does not come back by itself."""

    code = "customers-moved-already"


class NotFinishedYet(Refusal):
    code = "becoming-reseller-not-finished"


class SellsThroughProvider(Refusal):
    """An indirect reseller, or a partner that becomes one, starts nothing in its own name."""

    code = "sells-through-provider"


def check_sells_directly(partner: Partner) -> None:
    """Raises: SellsThroughProvider, when the partner may not start business in its own name."""
    if not may_take_over_subscriptions(partner):
        raise _sells_through_provider(partner)


def _sells_through_provider(partner: Partner) -> SellsThroughProvider:
    return SellsThroughProvider(
        _("%(name)s sells through an indirect provider and starts nothing in its own name.")
        % {"name": partner.organization.name},
        who=_("the indirect provider"),
        next_step=_("Request a relationship through the provider"),
        next_url=reverse("customers:new_relationship"),
    )


def check_still_partners(partner: Partner, reseller: Partner | None) -> None:
    """What a relationship rests on when it starts: an active partnership, or a partner that is no reseller.

    A direct bill partner on its way to becoming one still takes customers who accept its older requests.
    Raises: ResellerNotYours, SellsThroughProvider.
    """
    if reseller is not None:
        check_reseller_named(partner, reseller.pk)
    elif not may_give_up_subscriptions(partner):
        raise _sells_through_provider(partner)


def check_can_start(partner: Partner, provider: Partner) -> None:
    """Raises: NotDirectBill, BecomingAlready, NoPartnershipYet."""
    check_direct_bill(partner)
    if partner.becoming_reseller_of_id is not None:
        raise BecomingAlready(_("Your company is becoming an indirect reseller already."))
    agreed = Partnership.objects.filter(provider=provider, reseller=partner, status=PartnershipStatus.ACTIVE)
    if not agreed.exists():
        raise NoPartnershipYet(
            _("There is no active partnership with this provider."),
            who=_("a global admin of the provider"),
            next_step=_("Request a partnership"),
            next_url=reverse("customers:request_partnership"),
        )


def check_direct_bill(partner: Partner) -> None:
    """Raises: NotDirectBill."""
    if partner.organization.kind != OrganizationKind.DIRECT_BILL:
        raise NotDirectBill(
            _("Only a direct bill partner can become an indirect reseller. Your company is: %(kind)s.")
            % {"kind": OrganizationKind(partner.organization.kind).label},
            who=_("a global admin of a direct bill partner"),
        )


def check_becoming(partner: Partner) -> Partner:
    """Return the provider whose reseller the partner becomes. Raises: NotBecomingReseller."""
    if partner.becoming_reseller_of is None:
        raise NotBecomingReseller(
            _("Your company is not becoming an indirect reseller."),
            next_step=_("Start the change"),
            next_url=reverse("customers:becoming_reseller"),
        )
    return partner.becoming_reseller_of


def check_can_move(relationship: ResellerRelationship | None) -> ResellerRelationship:
    """Return the direct relationship that moves to the provider. Raises: RelationshipNotActive."""
    if relationship is None or relationship.kind != RelationshipKind.DIRECT:
        raise RelationshipNotActive(
            _("This customer was moved already, or is not your customer any more."),
            next_step=_("Nothing needs to be done."),
        )
    return relationship


def check_can_cancel(partner: Partner) -> None:
    """Raises: NotBecomingReseller, CustomersMovedAlready."""
    provider = check_becoming(partner)
    moved = moved_customers(partner).count()
    if moved:
        message = ngettext(
            "%(count)d customer is served through %(provider)s already.",
            "%(count)d customers are served through %(provider)s already.",
            moved,
        )
        raise CustomersMovedAlready(
            message % {"count": moved, "provider": provider.organization.name},
            who=_("an admin agent of your company"),
            next_step=_("Finish the change, or remove your relationship with each of them first."),
            next_url=reverse("customers:list"),
        )


def check_can_finish(partner: Partner) -> None:
    """Raises: NotBecomingReseller, NotFinishedYet, naming all that is left."""
    check_becoming(partner)
    left = [item.blocker for item in checklist(partner) if item.blocker]
    if left:
        raise NotFinishedYet(
            " ".join(blocker.message for blocker in left),
            who=_("your company, and your provider for transfers"),
            next_step=_("Do what is listed, then finish."),
            next_url=reverse("customers:becoming_reseller"),
        )


@dataclass(frozen=True)
class Step:
    """One line of the checklist: what must be done, and what is left of it."""

    title: str
    blocker: Blocker | None


def checklist(partner: Partner) -> list[Step]:
    """Return all that must be done before a partner is an indirect reseller, done or not."""
    direct = direct_customers(partner).count()
    billed = Subscription.objects.filter(billing_owner=partner, status__in=CURRENT_STATUSES).count()
    agents = sales_agents(partner)
    words = {
        "direct-customers": ngettext(
            "%(count)d customer is left to move.", "%(count)d customers are left to move.", direct
        ),
        "billed-subscriptions": ngettext(
            "%(count)d subscription is still billed to you. Your provider creates the transfer, you accept it.",
            "%(count)d subscriptions are still billed to you. Your provider creates the transfers, you accept them.",
            billed,
        ),
        "sales-agents": ngettext(
            "%(count)d person holds or is offered the role of sales agent. Indirect resellers do not have it.",
            "%(count)d people hold or are offered the role of sales agent. Indirect resellers do not have it.",
            agents,
        ),
    }
    users_url = f"{reverse('accounts:users')}?role={Role.SALES_AGENT}"
    return [
        Step(_("Move every customer to your provider"), _left("direct-customers", direct, words)),
        Step(_("Transfer every subscription to your provider"), _left("billed-subscriptions", billed, words)),
        Step(_("Give sales agents other roles"), _left("sales-agents", agents, words, users_url)),
    ]


def _left(code: str, count: int, words: dict[str, str], url: str = "") -> Blocker | None:
    return Blocker(code, words[code] % {"count": count}, url) if count else None


def direct_customers(partner: Partner) -> QuerySet[ResellerRelationship]:
    """Return the partner's customers that have not moved yet."""
    return ResellerRelationship.objects.active().filter(partner=partner, kind=RelationshipKind.DIRECT)


def moved_customers(partner: Partner) -> QuerySet[ResellerRelationship]:
    """Return the partner's customers that are its provider's by now."""
    rows = ResellerRelationship.objects.active().filter(partner=partner, kind=RelationshipKind.RESELLER)
    return rows.filter(counterpart_id=partner.becoming_reseller_of_id)


def sales_agents(partner: Partner) -> int:
    """Count the people who hold the sales agent's role, or join with it when they answer their invitation."""
    held = Membership.objects.with_role(Role.SALES_AGENT).filter(organization_id=partner.pk, is_active=True).count()
    offered = UserInvitation.objects.open().filter(organization_id=partner.pk, roles__contains=[Role.SALES_AGENT])
    return held + offered.count()
