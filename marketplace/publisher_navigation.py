"""The Publisher workspace: offers, purchases, and what the portal tells the publisher's software."""

from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import Permission
from portal.core.navigation import Item, Workspace

WORKSPACES = (
    Workspace(
        key="publisher",
        label=_("Publisher"),
        icon="catalog",
        description=_("Your offers and plans, what was bought of them, and calls to your webhooks."),
        items=(
            Item(
                _("Offers"),
                "publisher:offers",
                Permission.PUBLISHER_OFFER_MANAGE,
                description=_("What you sell, in which plans, where and for how much."),
            ),
            Item(
                _("Purchases"),
                "publisher:subscriptions",
                Permission.PUBLISHER_OFFER_MANAGE,
                description=_("Subscriptions of your offers, and whose turn it is."),
            ),
            Item(
                _("Webhook calls"),
                "publisher:calls",
                Permission.PUBLISHER_OFFER_MANAGE,
                description=_("What your software was told, what it answered, and sending again."),
            ),
            Item(
                _("Usage"),
                "publisher:usage",
                Permission.PUBLISHER_OFFER_MANAGE,
                description=_("Metered usage that your software reported."),
            ),
            Item(
                _("App for webhook calls"),
                "publisher:application",
                Permission.PUBLISHER_OFFER_MANAGE,
                description=_("Which of your apps the signed calls are made out to."),
            ),
        ),
    ),
)
