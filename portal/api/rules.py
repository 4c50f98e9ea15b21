"""What an app registration may be, and how many secrets it may have."""

import datetime
from collections.abc import Collection
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import ROLES_BY_KIND
from portal.api.enums import AppKind, app_kind_of
from portal.api.models import AppRegistration, AppSecret
from portal.core.errors import InvalidInput, Refusal

APPS = 50  # of one organization; our choice
SECRETS = 5  # of one app at a time; our choice
SECRET_DAYS = (90, 180, 365, 730)  # how long a secret may be good
WARNED_DAYS = (30, 7, 1)  # before a secret runs out
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class NoAppsHere(Refusal):
    """Organizations of this kind have no API."""

    code = "organization-has-no-api"
    http_status = 403


class TooManyApps(Refusal):
    """The organization has as many apps as it may have."""

    code = "too-many-apps"


class TooManySecrets(Refusal):
    """The app has as many secrets as it may have."""

    code = "too-many-secrets"


class SecretRevoked(Refusal):
    """The secret was revoked before."""

    code = "secret-revoked-already"


class RedirectAddressUnsafe(InvalidInput):
    """Codes must not be sent to this address."""

    code = "redirect-address-unsafe"


class AppRoleUnknown(InvalidInput):
    """An app of this organization cannot hold this role."""

    code = "app-role-unknown"


def check_can_register(kind: OrganizationKind, count: int) -> AppKind:
    """Return the kind of app the organization can register. Raises: NoAppsHere, TooManyApps."""
    app_kind = app_kind_of(kind)
    if app_kind is None:
        raise NoAppsHere(_("Only partners, publishers and the programme operator have an API."))
    if count >= APPS:
        raise TooManyApps(
            _("An organization can have %(limit)d apps at most.") % {"limit": APPS},
            next_step=_("Remove one that is no longer used."),
        )
    return app_kind


def check_roles(roles: Collection[str], *, kind: OrganizationKind) -> None:
    """Raises: AppRoleUnknown."""
    if not roles or not {*roles} <= {str(role) for role in ROLES_BY_KIND[kind]}:
        raise AppRoleUnknown(_("Choose among the roles that exist in your organization."), field="roles")


def check_redirect_uris(addresses: Collection[str]) -> None:
    """A code goes over TLS, or to a program on the same machine. Raises: RedirectAddressUnsafe."""
    for address in addresses:
        parts = urlsplit(address)
        is_own_machine = parts.scheme == "http" and parts.hostname in LOOPBACK
        if not parts.hostname or parts.fragment or not (parts.scheme == "https" or is_own_machine):
            raise RedirectAddressUnsafe(
                _("%(address)s is no address for codes: it must begin with https://, or with http://localhost.")
                % {"address": address},
                field="redirect_uris",
            )


def check_can_add_secret(app: AppRegistration, *, now: datetime.datetime) -> None:
    """Raises: TooManySecrets."""
    if AppSecret.objects.usable(now).filter(app=app).count() >= SECRETS:
        raise TooManySecrets(
            _("An app can have %(limit)d secrets at a time.") % {"limit": SECRETS},
            next_step=_("Revoke one that is no longer used."),
        )


def check_can_revoke(secret: AppSecret) -> None:
    """Raises: SecretRevoked."""
    if secret.revoked_at is not None:
        raise SecretRevoked(_("This secret was revoked already."))


def warning_due(secret: AppSecret, *, now: datetime.datetime) -> int | None:
    """Return of how many days before its end a secret must be warned about now; ``None`` if of none."""
    left = secret.expires_at - now
    due = [days for days in WARNED_DAYS if left <= datetime.timedelta(days=days)]
    if not due or (secret.warned_days is not None and secret.warned_days <= min(due)):
        return None
    return min(due)
