"""Whether a first-party subscription can be credited to another reseller (section 1.7)."""

from uuid import UUID

from django.utils.translation import gettext as _

from azure.rules.families import AZURE
from azure.rules.lifecycle import NotForThisFamily, SameAlready, check_running
from customers.models import Subscription
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.core.errors import Refusal


class NoResellers(Refusal):
    code = "only-providers-have-resellers"


def check_can_change_reseller(subscription: Subscription, actor: Actor) -> None:
    """Raises: NoResellers, NotRunning, OperationRunning, NotForThisFamily."""
    if actor.organization_kind != OrganizationKind.INDIRECT_PROVIDER:
        raise NoResellers(
            _("Only an indirect provider names a reseller; a direct bill partner serves its customers itself."),
            who=_("nobody needs to"),
        )
    check_running(subscription)
    if subscription.product_family in AZURE:
        raise NotForThisFamily(
            _("An Azure plan and what belongs to it keep the reseller with whom the plan was ordered."),
            who=_("nobody: the product's terms say so"),
            next_step=_("Order an Azure plan with the other reseller."),
        )


def check_reseller_differs(subscription: Subscription, *, reseller_id: UUID | None, number: str) -> None:
    """Raises: SameAlready."""
    if (subscription.reseller_id, subscription.partner_on_record) == (reseller_id, number):
        raise SameAlready(_("This reseller is on record already."))
