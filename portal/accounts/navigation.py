"""The account settings workspace."""

from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import Permission
from portal.core.navigation import Item, Workspace

WORKSPACES = (
    Workspace(
        key="account-settings",
        label=_("Account settings"),
        icon="settings",
        description=_("Your company, its people and their roles, sign-in and the activity log."),
        items=(
            Item(_("Overview"), "accounts:settings"),
            Item(_("My profile"), "accounts:profile", group=_("My account")),
            Item(_("Security"), "accounts:security", group=_("My account")),
            Item(_("My access"), "accounts:my_access", group=_("My account")),
            Item(_("User management"), "accounts:users", Permission.USER_VIEW, group=_("Organization")),
            Item(_("Company profile"), "accounts:organization", Permission.ORGANIZATION_VIEW, group=_("Organization")),
            Item(_("Activity log"), "audit:log", Permission.ACTIVITY_LOG_VIEW, group=_("Organization")),
        ),
    ),
)
