"""Where offers and dates of first-party products stand in the menus (A1)."""

from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import Permission
from portal.core.navigation import Item, Workspace

WORKSPACES = (
    Workspace(
        key="azure",
        label=_("Azure"),
        icon="azure",
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
    Workspace(
        key="my-azure-access",
        label=_("Azure access"),
        icon="azure",
        description=_("Who may do what in your organization's Azure subscriptions."),
        items=(Item(_("Azure access"), "azure:my_access", Permission.PARTNER_RELATIONSHIP_MANAGE),),
    ),
)

CUSTOMER_ITEMS = (
    Item(_("Products"), "azure:products", Permission.PRICING_VIEW),
    Item(_("Azure access"), "azure:customer_access", Permission.SUBSCRIPTION_VIEW),
)
