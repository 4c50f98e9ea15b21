"""What is kept of tokens: consents, one-time codes, refresh tokens, and when a secret was last used."""

import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction

from portal.accounts.actor import Actor
from portal.api.announcements import announce_consent
from portal.api.enums import ApiEvent
from portal.api.models import AppConsent, AppRegistration, AppSecret, AuthorizationCode, RefreshToken
from portal.api.tokens.claims import Grant
from portal.core.links import hash_token, make_token

CODE_LIFETIME = datetime.timedelta(minutes=10)
USE_NOTED_EVERY = datetime.timedelta(minutes=1)


@transaction.atomic
def give_consent(
    *,
    app_id: UUID,
    redirect_uri: str,
    audience: str,
    scopes: str,
    nonce: str,
    challenge: tuple[str, str],
    has_second_factor: bool,
    actor: Actor,
    now: datetime.datetime,
) -> str:
    """Let an app of the actor's organization act for the actor, and return the code the app gets tokens for."""
    app = AppRegistration.objects.visible_to(actor).locked(app_id)
    consent, is_new = AppConsent.objects.get_or_create(
        app=app, user_id=actor.user_id, revoked_at=None, defaults={"given_at": now}
    )
    code = make_token()
    AuthorizationCode.objects.create(
        code_hash=hash_token(code),
        consent=consent,
        redirect_uri=redirect_uri,
        audience=audience,
        scopes=scopes,
        nonce=nonce[:200],
        code_challenge=challenge[0],
        code_challenge_method=challenge[1],
        has_second_factor=has_second_factor,
        expires_at=now + CODE_LIFETIME,
    )
    if is_new:
        announce_consent(ApiEvent.CONSENT_GIVEN, consent, app=app, actor=actor, now=now)
    return code


@transaction.atomic
def revoke_consent(*, consent_id: UUID, actor: Actor, now: datetime.datetime) -> None:
    """Stop an app acting for the actor: its tokens are worthless at once."""
    consent = (
        AppConsent.objects.select_for_update(of=("self",), no_key=True)
        .select_related("app")
        .get(pk=consent_id, user_id=actor.user_id, app__organization_id=actor.organization_id, revoked_at=None)
    )
    consent.revoked_at = now
    consent.save(update_fields=["revoked_at"])
    announce_consent(ApiEvent.CONSENT_REVOKED, consent, app=consent.app, actor=actor, now=now)


@transaction.atomic
def take_code(*, code: str, app_id: UUID, now: datetime.datetime) -> AuthorizationCode | None:
    """Use up a code and return it; ``None`` if it is not the app's or was used. A code used twice ends its tokens."""
    codes = AuthorizationCode.objects.select_for_update(of=("self",), no_key=True)
    found = codes.select_related("consent__user").filter(code_hash=hash_token(code), consent__app_id=app_id).first()
    if found is None:
        return None
    if found.used_at is not None:
        RefreshToken.objects.filter(consent=found.consent, created_at__gte=found.used_at).delete()
        return found
    AuthorizationCode.objects.filter(pk=found.pk).update(used_at=now)
    return found


def keep_refresh_token(grant: Grant, consent: AppConsent, *, now: datetime.datetime) -> str:
    """Store a new refresh token and return it."""
    token = make_token()
    RefreshToken.objects.create(
        token_hash=hash_token(token),
        consent=consent,
        audience=grant.audience,
        scopes=grant.scopes,
        has_second_factor=grant.has_second_factor,
        created_at=now,
        expires_at=now + datetime.timedelta(days=settings.API_REFRESH_TOKEN_DAYS),
    )
    return token


def note_use(secret: AppSecret, *, now: datetime.datetime) -> None:
    """Remember that a secret was used, at most once a minute: a write per token would be a write too many."""
    if secret.last_used_at is None or now - secret.last_used_at >= USE_NOTED_EVERY:
        AppSecret.objects.filter(pk=secret.pk).update(last_used_at=now)
        AppRegistration.objects.filter(pk=secret.app_id).update(last_used_at=now)


def forget_old(now: datetime.datetime) -> None:
    """Delete codes and refresh tokens whose time has run out."""
    AuthorizationCode.objects.filter(expires_at__lt=now - datetime.timedelta(days=1)).delete()
    RefreshToken.objects.filter(expires_at__lt=now).delete()
