"""How second factors come and go: authenticator app, passkeys, recovery codes (quality row 18)."""

import datetime
from typing import Any
from uuid import UUID

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.webauthn.internal.auth import WebAuthn
from django.db import transaction
from django.utils.translation import gettext as _

from portal.accounts import queries
from portal.accounts.enums import AccountEvent
from portal.accounts.models import User
from portal.accounts.sign_in import rules
from portal.accounts.sign_in.announcements import Mail, announce
from portal.accounts.sign_in.devices import Origin

NAME_LENGTH = 80


@transaction.atomic
def add_authenticator_app(*, user_id: UUID, secret: str, origin: Origin, now: datetime.datetime) -> bool:
    """Let codes of an authenticator app be a second factor; return whether recovery codes were made too.

    ``secret``: base32; it is encrypted at rest (MFAAdapter.encrypt). Raises: rules.AuthenticatorAppExists.
    """
    user = _locked(user_id)
    if _factors(user).filter(type=Authenticator.Type.TOTP).exists():
        raise rules.AuthenticatorAppExists(_("You have an authenticator app already."))
    TOTP.activate(user, secret)
    return _added(user, kind=Authenticator.Type.TOTP, name="", origin=origin, now=now)


@transaction.atomic
def add_passkey(
    *, user_id: UUID, name: str, credential: dict[str, Any], origin: Origin, now: datetime.datetime
) -> bool:
    """Let a passkey be a second factor; return whether recovery codes were made too. ``credential`` is verified."""
    user = _locked(user_id)
    WebAuthn.add(user, name[:NAME_LENGTH], credential)
    return _added(user, kind=Authenticator.Type.WEBAUTHN, name=name[:NAME_LENGTH], origin=origin, now=now)


@transaction.atomic
def rename_passkey(*, user_id: UUID, passkey_id: int, name: str, now: datetime.datetime) -> None:
    """Give a passkey another name. Raises: Authenticator.DoesNotExist."""
    user = _locked(user_id)
    passkey = _factors(user).get(pk=passkey_id, type=Authenticator.Type.WEBAUTHN)
    before = passkey.wrap().name
    if before == name[:NAME_LENGTH]:
        return
    passkey.wrap().name = name[:NAME_LENGTH]
    passkey.save(update_fields=["data"])
    announce(
        AccountEvent.SECOND_FACTOR_RENAMED, user, now=now, before={"name": before}, after={"name": name[:NAME_LENGTH]}
    )


@transaction.atomic
def remove_factor(*, user_id: UUID, factor_id: int, origin: Origin, now: datetime.datetime) -> None:
    """Remove an authenticator app or a passkey; with the last one the recovery codes go too.

    Raises: Authenticator.DoesNotExist, rules.LastSecondFactor.
    """
    user = _locked(user_id)
    factor = _factors(user).get(pk=factor_id)
    others = _factors(user).exclude(pk=factor.pk).count()
    rules.check_can_remove_factor(queries.memberships_of(user), others=others)

    kind, name = factor.type, _name_of(factor)
    factor.delete()
    if others == 0:
        _recovery_codes(user).delete()
    announce(
        AccountEvent.SECOND_FACTOR_REMOVED,
        user,
        now=now,
        details={"kind": str(kind), "name": name, **origin.as_details()},
        mail=Mail(context={"kind": str(kind), "name": name, "address": origin.address, "device": origin.device}),
    )


@transaction.atomic
def generate_recovery_codes(*, user_id: UUID, origin: Origin, now: datetime.datetime) -> None:
    """Make new recovery codes; the old ones stop working. Raises: rules.NoSecondFactor."""
    user = _locked(user_id)
    if not _factors(user).exists():
        raise rules.NoSecondFactor(_("Recovery codes stand in for a second factor, and you have none yet."))
    _recovery_codes(user).delete()
    RecoveryCodes.activate(user)
    announce(
        AccountEvent.RECOVERY_CODES_GENERATED,
        user,
        now=now,
        details=origin.as_details(),
        mail=Mail(context={"address": origin.address, "device": origin.device}),
    )


def forget_factors(*, user_id: UUID) -> list[str]:
    """Delete all factors and recovery codes, as part of another change that is logged; return the kinds there were."""
    own = Authenticator.objects.filter(user=_locked(user_id))
    kinds = sorted(set(own.filter(type__in=queries.SECOND_FACTORS).values_list("type", flat=True)))
    own.delete()
    return kinds


def _added(user: User, *, kind: str, name: str, origin: Origin, now: datetime.datetime) -> bool:
    made_codes = not _recovery_codes(user).exists()
    RecoveryCodes.activate(user)
    announce(
        AccountEvent.SECOND_FACTOR_ADDED,
        user,
        now=now,
        details={"kind": str(kind), "name": name, "recovery_codes_made": made_codes, **origin.as_details()},
        mail=Mail(context={"kind": str(kind), "name": name, "address": origin.address, "device": origin.device}),
    )
    return made_codes


def _locked(user_id: UUID) -> User:
    """The person, its row locked: two changes of its factors meet here."""
    return User.objects.select_for_update(of=("self",), no_key=True).get(pk=user_id)


def _factors(user: User) -> Any:
    return Authenticator.objects.filter(user=user, type__in=queries.SECOND_FACTORS)


def _recovery_codes(user: User) -> Any:
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES)


def _name_of(factor: Authenticator) -> str:
    return str(factor.wrap().name) if factor.type == Authenticator.Type.WEBAUTHN else ""
