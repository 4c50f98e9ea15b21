"""The workspace of the programme operator, and the page by which a partner asks to become a provider (A10)."""

from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission
from portal.core.navigation import Item, Workspace

WORKSPACES = (
    Workspace(
        key="programme",
        label=_("Programme"),
        icon="shield",
        description=_("Partners, their agreements and nominations, markets and offers."),
        items=(
            Item(
                _("Partners"),
                "operators:partners",
                Permission.PROGRAMME_OPERATE,
                description=_("Every partner of the programme, with its kind, market and agreement."),
            ),
            Item(
                _("Agreements"),
                "operators:agreements",
                Permission.PROGRAMME_OPERATE,
                description=_("Who signed which version of the partner agreement."),
            ),
            Item(
                _("Nominations"),
                "operators:nominations",
                Permission.PROGRAMME_OPERATE,
                description=_("Partners that ask to become indirect providers."),
            ),
            Item(
                _("Markets"),
                "operators:markets",
                Permission.PROGRAMME_OPERATE,
                description=_("Which countries form which market, and from which day."),
            ),
            Item(
                _("Dates of Azure offers"),
                "azure:dates",
                Permission.PROGRAMME_OPERATE,
                description=_("From which day which rules hold."),
            ),
            Item(
                _("Support cases"),
                "support:list",
                Permission.SUPPORT_ANSWER,
                description=_("What partners asked, and the answers."),
            ),
            Item(
                _("Service health"),
                "support:health",
                Permission.SERVICE_HEALTH_PUBLISH,
                description=_("What partners are told of the services."),
            ),
            Item(
                _("Marketplace offers"),
                "operators:offers",
                Permission.PROGRAMME_OPERATE,
                description=_("Every publisher's offers and their state."),
            ),
        ),
    ),
)

ACCOUNT_ITEMS = (
    Item(
        _("Indirect provider"),
        "operators:become_provider",
        Permission.PARTNERSHIP_MANAGE,
        group=_("Organization"),
        description=_("Ask to be nominated as an indirect provider, and see the answer."),
        kinds=frozenset({OrganizationKind.DIRECT_BILL, OrganizationKind.INDIRECT_PROVIDER}),
    ),
)
