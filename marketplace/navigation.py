"""The Marketplace workspace, and the page in the left navigation of one customer (M1, M2)."""

from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import Permission
from portal.core.navigation import Item, Workspace

WORKSPACES = (
    Workspace(
        key="marketplace",
        label=_("Marketplace"),
        icon="catalog",
        description=_("What your customers have from publishers: set up, renew, change, cancel."),
        items=(
            Item(
                _("Marketplace subscriptions"),
                "marketplace:subscriptions",
                Permission.SUBSCRIPTION_VIEW,
                description=_("Subscriptions of all customers, what needs action and what renews soon."),
            ),
        ),
    ),
)

CUSTOMER_ITEMS = (Item(_("Marketplace"), "marketplace:catalogue", Permission.PRICING_VIEW),)
