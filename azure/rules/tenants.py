"""When a customer is a partner's own tenant for shared services (section 9.7)."""

from django.urls import reverse
from django.utils.translation import gettext as _

from azure.models import SharedServicesTenant
from customers.enums import CURRENT_STATUSES, RelationshipKind
from customers.models import ResellerRelationship, Subscription
from customers.rules.buying import Buyer
from portal.core.errors import Refusal


class TenantKeptAlready(Refusal):
    code = "shared-services-tenant-exists"


class TenantInUse(Refusal):
    code = "tenant-not-empty"


def check_can_keep(buyer: Buyer) -> None:
    """One per partner, nobody else's customer, and nothing in it yet. Raises: TenantKeptAlready, TenantInUse."""
    kept = SharedServicesTenant.objects.filter(partner=buyer.partner).first()
    if kept is not None:
        raise TenantKeptAlready(
            _("Your company has its tenant for shared services already."),
            next_step=_("Order what you need there."),
            next_url=reverse("azure:products", args=[kept.customer_id]),
        )
    others = ResellerRelationship.objects.active().filter(customer=buyer.customer).exclude(partner=buyer.partner)
    own = ResellerRelationship.objects.active().filter(customer=buyer.customer, partner=buyer.partner)
    has_any = Subscription.objects.filter(customer=buyer.customer, status__in=CURRENT_STATUSES).exists()
    if has_any or others.exists() or not own.filter(kind=RelationshipKind.DIRECT).exists():
        raise TenantInUse(
            _("A tenant for shared services is your own: nothing is in it yet, and it is nobody else's customer."),
            who=_("an admin agent of your company"),
            next_step=_("Add a customer account for your own company, and use that."),
            next_url=reverse("customers:add_customer"),
        )
