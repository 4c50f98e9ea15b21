"""The Transfers workspace, and the page in the left navigation of one customer (requirement T1, reference 6.4.1)."""

from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission
from portal.core.navigation import Item, Workspace

SENDERS = frozenset({OrganizationKind.DIRECT_BILL, OrganizationKind.INDIRECT_PROVIDER})

WORKSPACES = (
    Workspace(
        key="transfers",
        label=_("Transfers"),
        icon="transfers",
        description=_("Take over billing ownership from another partner, or hand it over."),
        items=(
            Item(
                _("Transfer requests"),
                "transfers:list",
                Permission.TRANSFER_VIEW,
                description=_("Requests your company sent and received, of all customers."),
            ),
            Item(
                _("Bulk transfers"),
                "transfers:bulk",
                Permission.TRANSFER_CREATE,
                description=_("Requests for many customers at once, from a file."),
                kinds=SENDERS,
            ),
        ),
        actions=(
            Item(
                _("New transfer request"),
                "transfers:new",
                Permission.TRANSFER_CREATE,
                description=_("Ask another partner for the billing ownership of a customer's subscriptions."),
                icon="send",
                kinds=SENDERS,
            ),
            Item(
                _("Prepare a transfer request"),
                "transfers:new",
                Permission.TRANSFER_CREATE,
                description=_("Write a request that your indirect provider checks and sends."),
                icon="send",
                kinds=frozenset({OrganizationKind.INDIRECT_RESELLER}),
            ),
        ),
    ),
    Workspace(
        key="my-transfers",
        label=_("My transfers"),
        icon="transfers",
        description=_("Changes of the partner that bills your organization."),
        items=(Item(_("Transfers"), "transfers:my_transfers", Permission.PARTNER_RELATIONSHIP_MANAGE),),
    ),
)

CUSTOMER_ITEMS = (Item(_("Transfers"), "transfers:customer_transfers", Permission.TRANSFER_VIEW),)
