"""What the pages about sign-in show: factors, recovery codes, sessions, providers."""

import datetime
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings

from portal.accounts.models import EmailChange, PasswordReset, User
from portal.accounts.queries import SECOND_FACTORS
from portal.accounts.sign_in.devices import Device
from portal.accounts.sign_in.open_id import provider_name
from portal.core.links import hash_token


@dataclass(frozen=True)
class Factor:
    """A second factor as its owner sees it."""

    id: int
    name: str
    created_at: datetime.datetime
    last_used_at: datetime.datetime | None
    is_passkey: bool
    signs_in_alone: bool


@dataclass(frozen=True)
class Session:
    """A session as its owner sees it."""

    id: int
    device: Device
    address: str
    started_at: datetime.datetime
    last_seen_at: datetime.datetime
    is_current: bool


@dataclass(frozen=True)
class Provider:
    """A sign-in provider that knows the person."""

    id: int
    name: str
    connected_at: datetime.datetime
    last_used_at: datetime.datetime


def factors_of(user: User) -> list[Factor]:
    """Return the person's second factors, the authenticator app first, then passkeys by age."""
    factors = Authenticator.objects.filter(user=user, type__in=SECOND_FACTORS)
    return [_factor(factor) for factor in factors.order_by("type", "created_at", "pk")]


def factor_of(user: User, factor_id: int) -> Factor | None:
    """Return one second factor of the person."""
    return next((factor for factor in factors_of(user) if factor.id == factor_id), None)


def recovery_codes_of(user: User) -> list[str]:
    """Return the recovery codes that still work, to be shown to their owner only."""
    codes = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    return list(codes.wrap().get_unused_codes()) if codes else []


def recovery_codes_left(user: User) -> int:
    """Return how many recovery codes still work."""
    return len(recovery_codes_of(user))


def sessions_of(user: User, *, current_key: str, now: datetime.datetime) -> list[Session]:
    """Return the person's sessions that have not run out, the current one first, then by last use."""
    seen_since = now - datetime.timedelta(seconds=settings.SESSION_IDLE_SECONDS)
    started_since = now - datetime.timedelta(seconds=settings.SESSION_ABSOLUTE_SECONDS)
    rows = UserSession.objects.filter(user=user, last_seen_at__gte=seen_since, created_at__gte=started_since)
    found = [
        Session(
            id=row.pk,
            device=Device.of(row.user_agent),
            address=row.ip,
            started_at=row.created_at,
            last_seen_at=row.last_seen_at,
            is_current=row.session_key == current_key,
        )
        for row in rows.order_by("-last_seen_at", "pk")
    ]
    return sorted(found, key=lambda session: not session.is_current)


def providers_of(user: User) -> list[Provider]:
    """Return the sign-in providers that know the person."""
    return [
        Provider(account.pk, provider_name(account.provider), account.date_joined, account.last_login)
        for account in SocialAccount.objects.filter(user=user).order_by("date_joined", "pk")
    ]


def owner_of_reset_link(token: str, *, now: datetime.datetime) -> User | None:
    """Return whose password an open link may change."""
    reset = PasswordReset.objects.open(now).filter(token_hash=hash_token(token)).select_related("user").first()
    return reset.user if reset else None


def email_change_of(user: User, token: str, *, now: datetime.datetime) -> EmailChange | None:
    """Return the person's own wish for another address, if the link to it still works."""
    return EmailChange.objects.open(now).filter(user=user, token_hash=hash_token(token)).first()


def is_open_email_link(token: str, *, now: datetime.datetime) -> bool:
    """Say whether a link to a new address still works, whoever opens it."""
    return EmailChange.objects.open(now).filter(token_hash=hash_token(token)).exists()


def _factor(factor: Authenticator) -> Factor:
    is_passkey = factor.type == Authenticator.Type.WEBAUTHN
    wrapped = factor.wrap()
    return Factor(
        id=factor.pk,
        name=str(wrapped.name) if is_passkey else "",
        created_at=factor.created_at,
        last_used_at=factor.last_used_at,
        is_passkey=is_passkey,
        signs_in_alone=bool(is_passkey and wrapped.is_passwordless),
    )
