"""What is allowed with sign-in, second factors and sessions, and why not."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from portal.accounts.enums import PARTNER_KINDS, OrganizationKind
from portal.accounts.models import Membership
from portal.core.errors import Refusal

# The pages a partner's person reaches before the second factor is set up, beside those open to all.
SET_UP_PAGES = frozenset(
    {
        "accounts:second_factor",
        "accounts:add_authenticator_app",
        "accounts:add_passkey",
        "account_reauthenticate",
    }
)


class PasswordResetClosed(Refusal):
    """The link was used, has expired, or never existed: the same answer for all."""

    code = "password-reset-closed"
    http_status = 410


class EmailChangeClosed(Refusal):
    """The link was used, has expired, belongs to somebody else, or never existed: the same answer for all."""

    code = "email-change-closed"
    http_status = 410


class LastSecondFactor(Refusal):
    """People of partners keep at least one second factor (quality row 18)."""

    code = "last-second-factor"


class AuthenticatorAppExists(Refusal):
    """One authenticator app per person."""

    code = "authenticator-app-exists"


class NoSecondFactor(Refusal):
    """Recovery codes need something to stand in for."""

    code = "no-second-factor"


def needs_second_factor(memberships: Iterable[Membership]) -> bool:
    """Say whether the person acts for a partner, and so must have a second factor (quality row 18)."""
    return any(membership.organization.kind in PARTNER_KINDS for membership in memberships)


def check_can_remove_factor(memberships: Iterable[Membership], *, others: int) -> None:
    """Refuse to remove the last second factor of a partner's person. Raises: LastSecondFactor."""
    if others == 0 and needs_second_factor(memberships):
        raise LastSecondFactor(
            _("People of partner organizations must have a second factor, and this is your last one."),
            next_step=_("Add another authenticator app or passkey first."),
        )


def consequences_of_reset(kind: OrganizationKind) -> list[str]:
    """Say what comes of resetting the second factor of a person of such an organization (quality row 38)."""
    if kind in PARTNER_KINDS:
        afterwards = _("At the next sign-in the person has to set up a new second factor before anything else.")
    else:
        afterwards = _("After the next sign-in the person can set up a new second factor.")
    return [
        _("The authenticator app, all passkeys and the recovery codes of this person stop working."),
        _("The person is signed out on every device, and told by mail."),
        _(
            "Until there is a new second factor, the password alone opens the account. Make sure, by phone or in "
            "person, that it is really this person who asks."
        ),
        afterwards,
    ]
