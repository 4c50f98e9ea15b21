"""The permission table: which role may do what. Data only; every other file asks it (P3).

Source: portal reference, section 3.2 (matrix) and requirements T2, R1, M1, M4. Where the matrix says "not documented"
we deny; decision 0006 lists those cells.
"""

from collections.abc import Iterable

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import OrganizationKind, Role


class Permission(models.TextChoices):
    """An action a role may be allowed. The part before the dot is the area."""

    CUSTOMER_VIEW = "customer.view", _("See and search customers")
    CUSTOMER_EXPORT = "customer.export", _("Export customers and subscriptions")
    CUSTOMER_ADD = "customer.add", _("Add a customer")
    CUSTOMER_UPDATE = "customer.update", _("Update a customer's details")
    CUSTOMER_TAG = "customer.tag", _("Create and assign tags")
    CUSTOMER_SET_PERMISSIONS = "customer.set_permissions", _("Change what a customer may buy by itself")
    RELATIONSHIP_REQUEST = "relationship.request", _("Request a reseller relationship")
    RELATIONSHIP_REMOVE = "relationship.remove", _("Remove a reseller relationship")
    RELATIONSHIP_ADMINISTER = "relationship.administer", _("Request or end administration rights")
    PARTNERSHIP_REQUEST = "partnership.request", _("Request partnerships, and move customers to a provider")
    PARTNERSHIP_MANAGE = "partnership.manage", _("Accept and end partnerships, and become an indirect reseller")
    AGREEMENT_VIEW = "agreement.view", _("View customer agreements")
    AGREEMENT_ATTEST = "agreement.attest", _("Attest a customer agreement")
    PARTNER_AGREEMENT_SIGN = "agreement.sign_partner", _("Sign the partner agreement")
    SUBSCRIPTION_VIEW = "subscription.view", _("View subscriptions")
    SUBSCRIPTION_BUY = "subscription.buy", _("Buy subscriptions")
    SUBSCRIPTION_UPDATE = "subscription.update", _("Change license-based subscriptions")
    MARKETPLACE_SUBSCRIPTION_UPDATE = "subscription.update_marketplace", _("Change marketplace subscriptions")
    AZURE_SUBSCRIPTION_UPDATE = "subscription.update_azure", _("Suspend and cancel Azure subscriptions")
    AZURE_ACCESS_VIEW = "azure_access.view", _("See who has access to Azure subscriptions")
    AZURE_ACCESS_MANAGE = "azure_access.manage", _("Give and take access to Azure subscriptions")
    TRANSFER_VIEW = "transfer.view", _("View transfers")
    TRANSFER_CREATE = "transfer.create", _("Create and cancel transfers")
    TRANSFER_ACCEPT = "transfer.accept", _("Accept and decline transfers")
    BILLING_VIEW = "billing.view", _("Read invoices and reconciliation files")
    PRICING_VIEW = "pricing.view", _("Read price lists and offers")
    PRICING_MANAGE = "pricing.manage", _("Set prices, terms and budgets for customers")
    SUPPORT_VIEW = "support.view", _("See support cases")
    SUPPORT_REQUEST = "support.request", _("Open and answer support cases")
    SUPPORT_ANSWER = "support.answer", _("Answer partners' support cases")
    SERVICE_HEALTH_VIEW = "support.view_health", _("See service health")
    SERVICE_HEALTH_PUBLISH = "support.publish_health", _("Tell partners how the services are")
    ACTIVITY_LOG_VIEW = "activity_log.view", _("View and export the activity log")
    USER_VIEW = "user.view", _("View users and roles")
    USER_MANAGE = "user.manage", _("Invite users, change roles, deactivate users")
    WEBHOOK_MANAGE = "webhook.manage", _("Register webhooks")
    API_ACCESS_MANAGE = "api.manage", _("Manage app registrations and secrets")
    MAIL_RESEND = "mail.resend", _("See undelivered mails and send them again")
    ORGANIZATION_VIEW = "organization.view", _("View the company profile and identifiers")
    ORGANIZATION_MANAGE = "organization.manage", _("Change the company profile")
    PARTNER_RELATIONSHIP_MANAGE = "my_partners.manage", _("Accept or end relationships with partners")
    PUBLISHER_OFFER_MANAGE = "publisher.manage", _("Manage offers and subscriptions as a publisher")
    SANDBOX_PLAY = "sandbox.play", _("Play customer and publisher in a sandbox, and reset it")
    PROGRAMME_OPERATE = "programme.operate", _("Operate the partner programme")


P = Permission
_READS_CUSTOMERS = frozenset(
    {P.CUSTOMER_VIEW, P.SUBSCRIPTION_VIEW, P.TRANSFER_VIEW, P.AGREEMENT_VIEW, P.AZURE_ACCESS_VIEW}
)
_MANAGES_USERS = frozenset({P.USER_VIEW, P.USER_MANAGE, P.ORGANIZATION_VIEW})

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.GLOBAL_ADMIN: _MANAGES_USERS
    | {
        P.CUSTOMER_VIEW,
        P.CUSTOMER_ADD,
        P.CUSTOMER_UPDATE,
        P.RELATIONSHIP_REMOVE,
        P.PARTNERSHIP_REQUEST,
        P.PARTNERSHIP_MANAGE,
        P.PARTNER_AGREEMENT_SIGN,
        P.BILLING_VIEW,
        P.PRICING_VIEW,
        P.PRICING_MANAGE,
        P.SERVICE_HEALTH_VIEW,
        P.ACTIVITY_LOG_VIEW,
        P.WEBHOOK_MANAGE,
        P.API_ACCESS_MANAGE,
        P.ORGANIZATION_MANAGE,
        P.MAIL_RESEND,
        P.SANDBOX_PLAY,
    },
    Role.ACCOUNT_ADMIN: _MANAGES_USERS | {P.ORGANIZATION_MANAGE, P.MAIL_RESEND, P.ACTIVITY_LOG_VIEW},
    Role.USER_MANAGEMENT_ADMIN: _MANAGES_USERS | {P.CUSTOMER_ADD},
    Role.BILLING_ADMIN: frozenset({P.BILLING_VIEW, P.PRICING_VIEW, P.PRICING_MANAGE, P.WEBHOOK_MANAGE}),
    Role.ADMIN_AGENT: _READS_CUSTOMERS
    | {
        P.CUSTOMER_EXPORT,
        P.CUSTOMER_ADD,
        P.CUSTOMER_UPDATE,
        P.CUSTOMER_TAG,
        P.CUSTOMER_SET_PERMISSIONS,
        P.RELATIONSHIP_REQUEST,
        P.RELATIONSHIP_REMOVE,
        P.RELATIONSHIP_ADMINISTER,
        P.PARTNERSHIP_REQUEST,
        P.AGREEMENT_ATTEST,
        P.SUBSCRIPTION_BUY,
        P.SUBSCRIPTION_UPDATE,
        P.MARKETPLACE_SUBSCRIPTION_UPDATE,
        P.AZURE_SUBSCRIPTION_UPDATE,
        P.AZURE_ACCESS_MANAGE,
        P.TRANSFER_CREATE,
        P.TRANSFER_ACCEPT,
        P.BILLING_VIEW,
        P.PRICING_VIEW,
        P.PRICING_MANAGE,
        P.SUPPORT_VIEW,
        P.SUPPORT_REQUEST,
        P.SERVICE_HEALTH_VIEW,
        P.ACTIVITY_LOG_VIEW,
        P.WEBHOOK_MANAGE,
        P.ORGANIZATION_VIEW,
        P.SANDBOX_PLAY,
    },
    Role.SALES_AGENT: _READS_CUSTOMERS
    | {
        P.CUSTOMER_EXPORT,
        P.CUSTOMER_ADD,
        P.CUSTOMER_UPDATE,
        P.RELATIONSHIP_REQUEST,
        P.AGREEMENT_ATTEST,
        P.SUBSCRIPTION_BUY,
        P.SUBSCRIPTION_UPDATE,
        P.PRICING_VIEW,
        P.SERVICE_HEALTH_VIEW,
        P.WEBHOOK_MANAGE,
        P.ORGANIZATION_VIEW,
    },
    Role.HELPDESK_AGENT: _READS_CUSTOMERS
    | {
        P.CUSTOMER_UPDATE,
        P.SUPPORT_VIEW,
        P.SUPPORT_REQUEST,
        P.SERVICE_HEALTH_VIEW,
        P.WEBHOOK_MANAGE,
        P.ORGANIZATION_VIEW,
    },
    Role.CUSTOMER_ADMIN: _MANAGES_USERS
    | {
        P.PARTNER_RELATIONSHIP_MANAGE,
        P.AZURE_ACCESS_VIEW,
        P.AZURE_ACCESS_MANAGE,
        P.ORGANIZATION_MANAGE,
        P.MAIL_RESEND,
        P.ACTIVITY_LOG_VIEW,
    },
    Role.PUBLISHER_ADMIN: _MANAGES_USERS
    | {P.PUBLISHER_OFFER_MANAGE, P.API_ACCESS_MANAGE, P.ORGANIZATION_MANAGE, P.MAIL_RESEND, P.ACTIVITY_LOG_VIEW},
    Role.OPERATOR_ADMIN: _MANAGES_USERS
    | {
        P.PROGRAMME_OPERATE,
        P.API_ACCESS_MANAGE,
        P.SUPPORT_VIEW,
        P.SUPPORT_ANSWER,
        P.SERVICE_HEALTH_VIEW,
        P.SERVICE_HEALTH_PUBLISH,
        P.ORGANIZATION_MANAGE,
        P.MAIL_RESEND,
        P.ACTIVITY_LOG_VIEW,
    },
}

_TENANT_ROLES = frozenset({Role.GLOBAL_ADMIN, Role.ACCOUNT_ADMIN, Role.USER_MANAGEMENT_ADMIN, Role.BILLING_ADMIN})
_RESELLER_ROLES = _TENANT_ROLES | {Role.ADMIN_AGENT, Role.HELPDESK_AGENT}

# The sales agent exists only where something is bought directly: not at indirect resellers (reference 3.1).
ROLES_BY_KIND: dict[OrganizationKind, frozenset[Role]] = {
    OrganizationKind.DIRECT_BILL: _RESELLER_ROLES | {Role.SALES_AGENT},
    OrganizationKind.INDIRECT_PROVIDER: _RESELLER_ROLES | {Role.SALES_AGENT},
    OrganizationKind.INDIRECT_RESELLER: _RESELLER_ROLES,
    OrganizationKind.CUSTOMER: frozenset({Role.CUSTOMER_ADMIN}),
    OrganizationKind.PUBLISHER: frozenset({Role.PUBLISHER_ADMIN}),
    OrganizationKind.OPERATOR: frozenset({Role.OPERATOR_ADMIN}),
}

# What a role is for, in one sentence: shown wherever roles are chosen.
ROLE_SUMMARIES: dict[Role, Promise] = {
    Role.GLOBAL_ADMIN: _("Rules the account: people, company profile, agreements, API access and billing."),
    Role.ACCOUNT_ADMIN: _("Manages people and the company profile, and reads the activity log."),
    Role.USER_MANAGEMENT_ADMIN: _("Invites people, gives roles and deactivates people."),
    Role.BILLING_ADMIN: _("Reads invoices, reconciliation files and price lists, and sets prices for customers."),
    Role.ADMIN_AGENT: _("Does everything for customers, and alone sends and accepts transfers."),
    Role.SALES_AGENT: _("Wins and adds customers and buys for them; does not change marketplace subscriptions."),
    Role.HELPDESK_AGENT: _("Finds customers, reads their subscriptions and opens support requests."),
    Role.CUSTOMER_ADMIN: _("Decides about partners, signs agreements and manages the customer's people."),
    Role.PUBLISHER_ADMIN: _("Manages offers, activates subscriptions and manages the publisher's people."),
    Role.OPERATOR_ADMIN: _("Runs the partner programme."),
}

AREA_LABELS = {
    "azure_access": _("Azure access"),
    "customer": _("Customers"),
    "relationship": _("Reseller relationships"),
    "partnership": _("Partnerships"),
    "agreement": _("Agreements"),
    "subscription": _("Subscriptions"),
    "transfer": _("Transfers"),
    "billing": _("Billing"),
    "pricing": _("Pricing"),
    "support": _("Support"),
    "activity_log": _("Activity log"),
    "user": _("Users"),
    "webhook": _("Webhooks"),
    "api": _("API access"),
    "mail": _("E-mail"),
    "organization": _("Company profile"),
    "my_partners": _("My partners"),
    "publisher": _("Publisher"),
    "sandbox": _("Sandbox"),
    "programme": _("Programme"),
}


def permissions_of(roles: frozenset[Role]) -> frozenset[Permission]:
    """Return everything the roles together allow."""
    return frozenset().union(*(ROLE_PERMISSIONS[role] for role in roles))


def roles_allowing(permission: str, *, kind: OrganizationKind | None = None) -> list[Role]:
    """Return the roles that may do this, in the order of the enum; only those that exist in ``kind`` if given."""
    known = ROLES_BY_KIND[kind] if kind else frozenset(Role)
    return [role for role in Role if role in known and permission in ROLE_PERMISSIONS[role]]


def role_labels(roles: Iterable[str]) -> list[str]:
    """Return the names of the roles in the reader's language, in the order of the enum."""
    held = set(roles)
    return [str(role.label) for role in Role if role in held]
