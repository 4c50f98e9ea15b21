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
            Item(
                _("Customer prices"),
                "pricing:own_prices",
                Permission.PRICING_VIEW,
                description=_("Your own prices and terms, for one customer or for all."),
            ),
            Item(
                _("Bundles"),
                "bundles:list",
                Permission.PRICING_VIEW,
                description=_("Products that you sell together under one price."),
            ),
            Item(
                _("Margins"),
                "pricing:margins",
                Permission.PRICING_VIEW,
                description=_("What you pay, what the customer pays, and what remains."),
            ),
            Item(
                _("Exchange rates and earnings"),
                "pricing:rates",
                Permission.PRICING_VIEW,
                description=_("By which rates prices are converted, and what usage earns."),
            ),
        ),
    ),
    Workspace(
        key="programme-prices",
        label=_("Prices and usage"),
        icon="price",
        description=_("Price sheets, files of usage, exchange rates and what usage earns."),
        items=(
            Item(
                _("Price sheets"),
                "pricing:sheets",
                Permission.PROGRAMME_OPERATE,
                description=_("Files of prices, each row with its result."),
            ),
            Item(
                _("Files of usage"),
                "pricing:usage_files",
                Permission.PROGRAMME_OPERATE,
                description=_("Daily usage of Azure subscriptions."),
            ),
            Item(
                _("Exchange rates"),
                "pricing:keep_rates",
                Permission.PROGRAMME_OPERATE,
                description=_("Rates with their day and source."),
            ),
            Item(
                _("Earned credit and incentives"),
                "pricing:keep_incentives",
                Permission.PROGRAMME_OPERATE,
                description=_("What usage earns a partner, by date."),
            ),
            Item(
                _("Competencies of partners"),
                "pricing:competencies",
                Permission.PROGRAMME_OPERATE,
                description=_("Which partner holds what incentive rules ask for, by date."),
            ),
            Item(
                _("Earned incentives"),
                "pricing:all_earnings",
                Permission.PROGRAMME_OPERATE,
                description=_("What partners earned each month, to be paid apart from invoices."),
            ),
        ),
    ),
)

CUSTOMER_ITEMS = (Item(_("Azure usage"), "pricing:customer_usage", Permission.BILLING_VIEW),)
