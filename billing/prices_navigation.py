"""The Pricing workspace of partners, and the operator's workspace of prices."""

from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import Permission
from portal.core.navigation import Item, Workspace

WORKSPACES = (
    Workspace(
        key="pricing",
        label=_("Pricing"),
        icon="price",
        description=_("What the programme sells and at what price, and what changed since last month."),
        items=(
            Item(
                _("Price lists"),
                "pricing:lists",
                Permission.PRICING_VIEW,
                description=_("Prices by product family, country, currency and month."),
            ),
            Item(
                _("Rate card"),
                "pricing:rate_card",
                Permission.PRICING_VIEW,
                description=_("What a unit of each Azure meter costs."),
            ),
            Item(
                _("Changes since last month"),
                "pricing:changes",
                Permission.PRICING_VIEW,
                description=_("What is new, no longer sold, or has another price."),
            ),
        ),
    ),
    Workspace(
        key="programme-prices",
        label=_("Prices of the programme"),
        icon="price",
        description=_("Bring in price sheets; partners see them at once."),
        items=(
            Item(
                _("Price sheets"),
                "pricing:sheets",
                Permission.PROGRAMME_OPERATE,
                description=_("Files of prices, each row with its result."),
            ),
        ),
    ),
)
