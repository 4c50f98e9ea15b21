"""Access tokens: what stands in them, how they are signed and read."""

import datetime
import uuid
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings

from portal.accounts.models import User
from portal.api.models import AppConsent, AppSecret
from portal.api.tokens import keys

LIFETIME = datetime.timedelta(hours=1)
CLOCK_SKEW = datetime.timedelta(minutes=5)  # valid a little before now, as the original's are
SECRET_CLAIM, CONSENT_CLAIM = "pp_secret", "pp_consent"  # our own: what must still stand when the token is used


@dataclass(frozen=True)
class Grant:
    """What a token is issued on: an app's secret, and a person's consent where the app acts for one."""

    secret: AppSecret
    audience: str
    version: int
    consent: AppConsent | None = None
    scopes: str = ""
    has_second_factor: bool = False


@dataclass(frozen=True)
class TokenFacts:
    """What the API needs of a token whose signature and times are right."""

    audience: str
    tenant_id: UUID
    app_id: UUID
    secret_id: UUID
    consent_id: UUID | None
    has_second_factor: bool


def issuer(tenant_id: UUID, *, version: int) -> str:
    """Return the ``iss`` of the tenant's tokens."""
    return f"{settings.BASE_URL}/{tenant_id}/" + ("v2.0" if version == 2 else "")


def issue(grant: Grant, *, now: datetime.datetime) -> str:
    """Return a signed access token."""
    return _sign(_access_claims(grant, now=now), now=now)


def issue_id_token(grant: Grant, *, nonce: str, now: datetime.datetime) -> str:
    """Return a signed ID token about the person, for clients that asked for ``openid``."""
    claims = _common(grant, now=now) | {"aud": str(grant.secret.app_id)}
    if grant.consent is not None:
        claims |= {"oid": str(grant.consent.user_id), "sub": str(grant.consent.user_id), **_person(grant.consent.user)}
    return _sign(claims | ({"nonce": nonce} if nonce else {}), now=now)


def read(token: str) -> TokenFacts:
    """Check signature and times, and take the token apart. Raises: jwt.PyJWTError."""
    key = keys.public_key(str(jwt.get_unverified_header(token).get("kid", "")))
    if key is None:
        raise jwt.InvalidKeyError("The token names no key of ours.")
    claims = jwt.decode(
        token,
        key,
        algorithms=["RS256"],
        options={
            "require": ["exp", "nbf", "aud", "iss", "tid"],
            "verify_aud": False,
            "verify_iat": False,
        },  # nbf has the leeway for clocks,
    )
    try:
        tenant_id = UUID(claims["tid"])
        facts = TokenFacts(
            audience=claims["aud"],
            tenant_id=tenant_id,
            app_id=UUID(claims.get("appid") or claims.get("azp")),
            secret_id=UUID(claims[SECRET_CLAIM]),
            consent_id=UUID(claims[CONSENT_CLAIM]) if CONSENT_CLAIM in claims else None,
            has_second_factor="mfa" in claims.get("amr", []),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise jwt.InvalidTokenError("The token is not an access token.") from error
    if claims["iss"] not in (issuer(tenant_id, version=1), issuer(tenant_id, version=2)):
        raise jwt.InvalidIssuerError("The token comes from elsewhere.")
    return facts


def _access_claims(grant: Grant, *, now: datetime.datetime) -> dict[str, Any]:
    app = grant.secret.app
    claims = _common(grant, now=now) | {"aud": grant.audience, SECRET_CLAIM: str(grant.secret.pk)}
    claims |= {"appid": str(app.pk), "appidacr": "1"} if grant.version == 1 else {"azp": str(app.pk), "azpacr": "1"}
    if grant.consent is None:
        return claims | {"oid": str(app.principal_id), "sub": str(app.principal_id), "idtyp": "app"}
    return claims | {
        "oid": str(grant.consent.user_id),
        "sub": str(grant.consent.user_id),
        "scp": "user_impersonation",
        "amr": ["pwd", "mfa"] if grant.has_second_factor else ["pwd"],
        CONSENT_CLAIM: str(grant.consent.pk),
        **_person(grant.consent.user),
    }


def _common(grant: Grant, *, now: datetime.datetime) -> dict[str, Any]:
    tenant_id = grant.secret.app.organization_id
    return {
        "iss": issuer(tenant_id, version=grant.version),
        "iat": int(now.timestamp()),
        "nbf": int((now - CLOCK_SKEW).timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
        "tid": str(tenant_id),
        "ver": f"{grant.version}.0",
        "uti": uuid.uuid4().hex,
    }


def _person(user: User) -> dict[str, str]:
    return {
        "upn": user.email,
        "unique_name": user.email,
        "preferred_username": user.email,
        "name": str(user),
    }


def _sign(claims: dict[str, Any], *, now: datetime.datetime) -> str:
    key = keys.signing_key(now)
    return jwt.encode(claims, keys.private_key(key), algorithm="RS256", headers={"kid": key.kid, "x5t": key.kid})
