"""Kinds of organisation, roles, and the names of account events."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class OrganizationKind(models.TextChoices):
    DIRECT_BILL = "direct_bill", _("Direct bill partner")
    INDIRECT_PROVIDER = "indirect_provider", _("Indirect provider")
    INDIRECT_RESELLER = "indirect_reseller", _("Indirect reseller")
    CUSTOMER = "customer", _("Customer")
    PUBLISHER = "publisher", _("Publisher")
    OPERATOR = "operator", _("Programme operator")


PARTNER_KINDS = frozenset(
    {OrganizationKind.DIRECT_BILL, OrganizationKind.INDIRECT_PROVIDER, OrganizationKind.INDIRECT_RESELLER}
)


class Cloud(models.TextChoices):
    PUBLIC = "public", _("Public cloud")
    US_GOVERNMENT = "us_government", _("US Government")


# Names of the markets a partner can belong to (A8); which countries form them is data of the customers app.
MARKET_LABELS = {
    "africa": _("Africa"),
    "asia_pacific": _("Asia and Pacific"),
    "australia": _("Australia"),
    "brazil": _("Brazil"),
    "canada": _("Canada"),
    "china": _("China"),
    "europe": _("Europe"),
    "india": _("India"),
    "japan": _("Japan"),
    "korea": _("Korea"),
    "latin_america": _("Latin America and Caribbean"),
    "middle_east_cee": _("Middle East, Central and Eastern Europe"),
    "new_zealand": _("New Zealand"),
    "taiwan": _("Taiwan"),
    "united_states": _("United States"),
}


class Role(models.TextChoices):
    """Roles of section 3.1 of the portal reference, and the one role of each other kind of organisation."""

    GLOBAL_ADMIN = "global_admin", _("Global admin")
    ACCOUNT_ADMIN = "account_admin", _("Account admin")
    USER_MANAGEMENT_ADMIN = "user_management_admin", _("User management admin")
    BILLING_ADMIN = "billing_admin", _("Billing admin")
    ADMIN_AGENT = "admin_agent", _("Admin agent")
    SALES_AGENT = "sales_agent", _("Sales agent")
    HELPDESK_AGENT = "helpdesk_agent", _("Helpdesk agent")
    CUSTOMER_ADMIN = "customer_admin", _("Customer administrator")
    PUBLISHER_ADMIN = "publisher_admin", _("Publisher administrator")
    OPERATOR_ADMIN = "operator_admin", _("Programme operator")


class PartnershipStatus(models.TextChoices):
    REQUESTED = "requested", _("Requested")
    ACTIVE = "active", pgettext_lazy("relationship", "Active")
    DECLINED = "declined", pgettext_lazy("partnership", "Declined")
    WITHDRAWN = "withdrawn", pgettext_lazy("partnership", "Withdrawn")
    ENDED = "ended", _("Ended")


OPEN_PARTNERSHIPS = (PartnershipStatus.REQUESTED, PartnershipStatus.ACTIVE)  # at most one of a pair at a time


class UserState(models.TextChoices):
    """Whether a person may act for the organisation."""

    ACTIVE = "active", _("Active")
    DEACTIVATED = "deactivated", _("Deactivated")


class InvitationStatus(models.TextChoices):
    OPEN = "open", _("Open")
    ACCEPTED = "accepted", _("Accepted")
    REVOKED = "revoked", _("Revoked")
    EXPIRED = "expired", _("Expired")


class AccountEvent(models.TextChoices):
    """What happens to people and organisations; the same names in log, mail and webhook."""

    SIGNED_IN = "signed-in", _("Signed in")
    SIGNED_OUT = "signed-out", _("Signed out")
    SIGN_IN_FAILED = "sign-in-failed", _("Sign-in failed")
    SESSION_ENDED = "session-ended", _("Session ended")
    ORGANIZATION_SWITCHED = "organization-switched", _("Switched organization")
    PASSWORD_CHANGED = "password-changed", _("Password changed")
    PASSWORD_RESET_REQUESTED = "password-reset-requested", _("Password reset requested")
    SECOND_FACTOR_ADDED = "second-factor-added", _("Second factor added")
    SECOND_FACTOR_REMOVED = "second-factor-removed", _("Second factor removed")
    SECOND_FACTOR_RESET = "second-factor-reset", _("Second factor reset")
    SECOND_FACTOR_RENAMED = "second-factor-renamed", _("Second factor renamed")
    RECOVERY_CODES_GENERATED = "recovery-codes-generated", _("Recovery codes generated")
    PROVIDER_CONNECTED = "sign-in-provider-connected", _("Sign-in provider connected")
    PROVIDER_DISCONNECTED = "sign-in-provider-disconnected", _("Sign-in provider disconnected")
    EMAIL_CHANGE_REQUESTED = "email-change-requested", _("Change of e-mail address requested")
    EMAIL_CHANGED = "email-changed", _("E-mail address changed")
    PROFILE_UPDATED = "profile-updated", _("Profile updated")
    USER_INVITED = "user-invited", _("User invited")
    USER_INVITATION_RESENT = "user-invitation-resent", _("User invitation sent again")
    USER_INVITATION_REVOKED = "user-invitation-revoked", _("User invitation revoked")
    USER_INVITATION_EXPIRED = "user-invitation-expired", _("User invitation expired")
    USER_JOINED = "user-joined", _("User joined")
    USER_ROLES_CHANGED = "user-roles-changed", _("User roles changed")
    USER_DEACTIVATED = "user-deactivated", _("User deactivated")
    USER_REACTIVATED = "user-reactivated", _("User reactivated")
    ORGANIZATION_UPDATED = "organization-updated", _("Organization updated")
    PARTNER_AGREEMENT_REQUESTED = "partner-agreement-requested", _("Partner agreement requested")
    PARTNER_AGREEMENT_SIGNED = "partner-agreement-signed", _("Partner agreement signed")
    PARTNERSHIP_REQUESTED = "partnership-requested", _("Partnership requested")
    PARTNERSHIP_ACCEPTED = "partnership-accepted", _("Partnership accepted")
    PARTNERSHIP_DECLINED = "partnership-declined", _("Partnership declined")
    PARTNERSHIP_WITHDRAWN = "partnership-request-withdrawn", _("Partnership request withdrawn")
    PARTNERSHIP_ENDED = "partnership-ended", _("Partnership ended")
    BECOMING_RESELLER_STARTED = "becoming-reseller-started", _("Change to indirect reseller started")
    BECOMING_RESELLER_CANCELED = "becoming-reseller-canceled", _("Change to indirect reseller canceled")
    BECAME_PROVIDER = "became-provider", _("Became an indirect provider")
    BECAME_RESELLER = "became-reseller", _("Became an indirect reseller")
