"""Kinds of app registrations, and the names of what happens to them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.accounts.enums import PARTNER_KINDS, OrganizationKind


class AppKind(models.TextChoices):
    """Which API an app registration speaks to: the one for partners, or the one for publishers."""

    PARTNER = "partner", _("Partner API")
    PUBLISHER = "publisher", _("Publisher API")


def app_kind_of(organization_kind: str) -> AppKind | None:
    """Return the kind of app an organization can register; ``None`` where it can register none."""
    if organization_kind == OrganizationKind.PUBLISHER:
        return AppKind.PUBLISHER
    return AppKind.PARTNER if organization_kind in {*PARTNER_KINDS, OrganizationKind.OPERATOR} else None


class ApiEvent(models.TextChoices):
    """What happens to app registrations; the same names in log, mail and webhook."""

    APP_REGISTERED = "app-registered", _("App registered")
    APP_CHANGED = "app-changed", _("App changed")
    APP_REMOVED = "app-removed", _("App removed")
    SECRET_ADDED = "app-secret-added", _("App secret added")
    SECRET_REVOKED = "app-secret-revoked", _("App secret revoked")
    SECRET_EXPIRES_SOON = "app-secret-expires-soon", _("App secret expires soon")
    CONSENT_GIVEN = "app-consent-given", _("App allowed to act for a person")
    CONSENT_REVOKED = "app-consent-revoked", _("App no longer allowed to act for a person")
