"""The Help + support workspace, and the page in the left navigation of one customer (reference 1.2, 1.5)."""

from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission
from portal.core.navigation import Item, MailTopic, Workspace
from support.queries.health import HEALTH_TOPIC
from support.rules import OPENERS

SERVED_BY_OTHERS = frozenset(
    {OrganizationKind.CUSTOMER, OrganizationKind.INDIRECT_RESELLER, OrganizationKind.PUBLISHER}
)

WORKSPACES = (
    Workspace(
        key="support",
        label=_("Help + support"),
        icon="support",
        description=_("Ask for help, and see how the services are."),
        items=(
            Item(
                _("Support cases"),
                "support:list",
                Permission.SUPPORT_VIEW,
                description=_("What partners asked the programme operator, and the answers."),
                kinds=OPENERS | {OrganizationKind.OPERATOR},
            ),
            Item(
                _("Service health"),
                "support:health",
                Permission.SERVICE_HEALTH_VIEW,
                description=_("How the services are, and what is planned."),
            ),
            Item(
                _("Whom to ask"),
                "support:whom_to_ask",
                description=_("Who supports your organization, and how to reach them."),
                kinds=SERVED_BY_OTHERS,
            ),
        ),
        actions=(
            Item(
                _("New support case"),
                "support:new",
                Permission.SUPPORT_REQUEST,
                icon="support",
                description=_("Ask the programme operator, for your company or for a customer."),
                kinds=OPENERS,
            ),
        ),
        mail_topics=(
            MailTopic(
                HEALTH_TOPIC,
                _("Service health: an incident or planned work is told, or is over"),
                Permission.SERVICE_HEALTH_VIEW,
            ),
        ),
    ),
)

CUSTOMER_ITEMS = (Item(_("Service requests"), "support:customer_cases", Permission.SUPPORT_REQUEST),)
