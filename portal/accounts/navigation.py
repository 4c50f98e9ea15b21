"""The account settings workspace."""

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import PARTNER_KINDS, OrganizationKind
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
            Item(
                _("My profile"),
                "accounts:profile",
                group=_("My account"),
                description=_("Your name, your language and your keyboard shortcuts."),
            ),
            Item(
                _("Security"),
                "accounts:security",
                group=_("My account"),
                description=_("Password, second factor, passkeys and where you are signed in."),
            ),
            Item(
                _("My access"),
                "accounts:my_access",
                group=_("My account"),
                description=_("What your roles allow, and whom to ask for the rest."),
            ),
            Item(
                _("My apps"),
                "api:my_apps",
                group=_("My account"),
                description=_("Apps that may act for you through the API."),
            ),
            Item(
                _("Roles and permissions"),
                "accounts:roles",
                group=_("Organization"),
                description=_("Which role may do what."),
            ),
            Item(
                _("User management"),
                "accounts:users",
                Permission.USER_VIEW,
                group=_("Organization"),
                description=_("Colleagues, their roles, and invitations to new ones."),
            ),
            Item(
                _("Groups"),
                "directory:groups",
                Permission.USER_VIEW,
                group=_("Organization"),
                description=_("Colleagues under one name, to whom access to Azure subscriptions can be given."),
                kinds=PARTNER_KINDS | {OrganizationKind.CUSTOMER},
            ),
            Item(
                _("Company profile"),
                "accounts:organization",
                Permission.ORGANIZATION_VIEW,
                group=_("Organization"),
                description=_("Identifiers, address, places, agreement and partnerships."),
            ),
            Item(
                _("App registrations"),
                "api:apps",
                Permission.API_ACCESS_MANAGE,
                group=_("Organization"),
                description=_("Programs that use the API, their roles and their secrets."),
            ),
            Item(
                _("Webhooks"),
                "webhooks:registrations",
                Permission.WEBHOOK_MANAGE,
                group=_("Organization"),
                description=_("Addresses that are told of events, what was sent to them, and sending it again."),
            ),
            Item(
                _("Activity log"),
                "audit:log",
                Permission.ACTIVITY_LOG_VIEW,
                group=_("Organization"),
                description=_("Who did what and when, with export."),
            ),
            Item(
                _("Sandbox"),
                "sandbox:overview",
                Permission.SANDBOX_PLAY,
                group=_("Organization"),
                description=_("Play customer and publisher, jump in time, let things fail, begin anew."),
            ),
            *(item for name in settings.ACCOUNT_SETTINGS_NAVIGATION for item in import_string(name)),
        ),
        actions=(
            Item(
                _("Invite a user"),
                "accounts:invite",
                Permission.USER_MANAGE,
                icon="person-add",
                description=_("Mail a colleague a link to join, with the roles you choose."),
            ),
            Item(
                _("See invitations"),
                "accounts:invitations",
                Permission.USER_VIEW,
                icon="mail",
                description=_("Who was invited, and whether the person has joined."),
            ),
            Item(
                _("Edit the company profile"),
                "accounts:organization_edit",
                Permission.ORGANIZATION_MANAGE,
                icon="edit",
                description=_("Change name, address and contact of your organization."),
            ),
            Item(
                _("Read the partner agreement"),
                "accounts:partner_agreement",
                Permission.PARTNER_AGREEMENT_SIGN,
                icon="agreement",
                description=_("See whether it is signed, and sign it."),
            ),
        ),
    ),
)
