"""The Billing workspace (portal reference, section 1.2)."""

from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import Permission
from portal.core.navigation import Item, Workspace

WORKSPACES = (
    Workspace(
        key="billing",
        label=_("Billing"),
        icon="billing",
        description=_("Invoices, reconciliation files and what your customers cost you."),
        items=(
            Item(
                _("Overview"),
                "billing:overview",
                Permission.BILLING_VIEW,
                description=_("What is spent by month and product family, and what is open."),
            ),
            Item(
                _("Invoices"),
                "billing:invoices",
                Permission.BILLING_VIEW,
                description=_("What your company is billed each month, as PDF and as a file of every charge."),
            ),
            Item(
                _("Azure usage"),
                "pricing:usage",
                Permission.BILLING_VIEW,
                description=_("What a month is estimated to cost, by day, customer, subscription and meter."),
            ),
            Item(
                _("Incentives"),
                "pricing:earnings",
                Permission.BILLING_VIEW,
                description=_("What your company earned by competency and date, apart from invoices."),
            ),
            Item(
                _("Reconciliation"),
                "billing:reconciliation",
                Permission.BILLING_VIEW,
                description=_("Bought, assigned and billed licenses side by side."),
            ),
            Item(
                _("Budgets"),
                "pricing:budgets",
                Permission.BILLING_VIEW,
                description=_("What the usage of customers may cost in a month, and how much of it is used."),
            ),
        ),
    ),
    Workspace(
        key="programme-billing",
        label=_("Billing of partners"),
        icon="billing",
        description=_("What partners owe the programme, and what they paid."),
        items=(
            Item(
                _("Invoices of partners"),
                "billing_programme:invoices",
                Permission.PROGRAMME_OPERATE,
                description=_("Open, overdue and paid invoices of all partners."),
            ),
        ),
    ),
)
