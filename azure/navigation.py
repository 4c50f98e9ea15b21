"""Where offers and dates of first-party products stand in the menus (A1)."""

from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import Permission
from portal.core.navigation import Item, Workspace

WORKSPACES = (
    Workspace(
        key="azure",
        label=_("Azure"),
        icon="catalog",
        description=_("Which Azure offers can be sold to whom, and from which day."),
        items=(
            Item(
                _("Offers and dates"),
                "azure:offers",
                Permission.PRICING_VIEW,
                description=_("The rules by which Azure offers are sold, with their days."),
            ),
            Item(
                _("Dates of Azure offers"),
                "azure:dates",
                Permission.PROGRAMME_OPERATE,
                description=_("From which day which rules hold."),
            ),
        ),
    ),
)

CUSTOMER_ITEMS = (Item(_("Products"), "azure:products", Permission.PRICING_VIEW),)
