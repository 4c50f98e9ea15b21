"""App registrations and their secrets: register, change, remove; add, revoke, warn."""

import datetime
from collections.abc import Collection, Sequence
from uuid import UUID

from django.db import transaction

from portal.accounts.actor import Actor
from portal.accounts.models import Organization
from portal.accounts.permissions import Permission
from portal.api import rules
from portal.api.announcements import announce_app, announce_expiring
from portal.api.enums import ApiEvent
from portal.api.models import AppRegistration, AppSecret
from portal.core.links import hash_token, make_token

MARK = "pps"  # what secrets begin with: programs that look for secrets in code can find them by it
PREFIX_LENGTH = len(MARK) + 4


@transaction.atomic
def register_app(
    *, name: str, roles: Collection[str], redirect_uris: Sequence[str], actor: Actor, now: datetime.datetime
) -> AppRegistration:
    """Register an app of the actor's organization.

    Raises: PermissionDenied, rules.NoAppsHere, rules.TooManyApps, rules.AppRoleUnknown, rules.RedirectAddressUnsafe.
    """
    actor.require(Permission.API_ACCESS_MANAGE)
    Organization.objects.locked(actor.organization_id)  # two at once count one after the other
    kind = rules.check_can_register(actor.organization_kind, AppRegistration.objects.visible_to(actor).count())
    rules.check_roles(roles, kind=actor.organization_kind)
    rules.check_redirect_uris(redirect_uris)

    app = AppRegistration.objects.create(
        organization_id=actor.organization_id,
        kind=kind,
        name=name,
        roles=sorted(roles),
        redirect_uris=list(redirect_uris),
        created_at=now,
        created_by_name=actor.name,
    )
    announce_app(ApiEvent.APP_REGISTERED, app, actor=actor, now=now, after={"roles": app.roles})
    return app


@transaction.atomic
def change_app(
    *,
    app_id: UUID,
    name: str,
    roles: Collection[str],
    redirect_uris: Sequence[str],
    actor: Actor,
    now: datetime.datetime,
) -> AppRegistration:
    """Change an app; what it may do changes with its next request.

    Raises: PermissionDenied, AppRegistration.DoesNotExist, rules.AppRoleUnknown, rules.RedirectAddressUnsafe.
    """
    actor.require(Permission.API_ACCESS_MANAGE)
    app = AppRegistration.objects.visible_to(actor).locked(app_id)
    rules.check_roles(roles, kind=actor.organization_kind)
    rules.check_redirect_uris(redirect_uris)

    values = {"name": name, "roles": sorted(roles), "redirect_uris": list(redirect_uris)}
    before = {field: getattr(app, field) for field in values}
    changed = [field for field, value in values.items() if before[field] != value]
    if not changed:
        return app
    for field in changed:
        setattr(app, field, values[field])
    app.save(update_fields=changed)
    announce_app(
        ApiEvent.APP_CHANGED,
        app,
        actor=actor,
        now=now,
        before={field: before[field] for field in changed},
        after={field: values[field] for field in changed},
    )
    return app


@transaction.atomic
def remove_app(*, app_id: UUID, actor: Actor, now: datetime.datetime) -> AppRegistration:
    """Remove an app: its tokens are worthless at once. Raises: PermissionDenied, AppRegistration.DoesNotExist."""
    actor.require(Permission.API_ACCESS_MANAGE)
    app = AppRegistration.objects.visible_to(actor).locked(app_id)
    app.removed_at = now
    app.save(update_fields=["removed_at"])
    announce_app(ApiEvent.APP_REMOVED, app, actor=actor, now=now)
    return app


@transaction.atomic
def add_secret(
    *, app_id: UUID, description: str, days: int, actor: Actor, now: datetime.datetime
) -> tuple[AppSecret, str]:
    """Make a secret and return it with its text, which is not stored.

    Raises: PermissionDenied, AppRegistration.DoesNotExist, rules.TooManySecrets.
    """
    actor.require(Permission.API_ACCESS_MANAGE)
    app = AppRegistration.objects.visible_to(actor).locked(app_id)
    rules.check_can_add_secret(app, now=now)

    text = MARK + make_token()
    secret = AppSecret.objects.create(
        app=app,
        description=description,
        prefix=text[:PREFIX_LENGTH],
        secret_hash=hash_token(text),
        created_at=now,
        created_by_name=actor.name,
        expires_at=now + datetime.timedelta(days=days),
    )
    announce_app(ApiEvent.SECRET_ADDED, app, actor=actor, now=now, after=_facts(secret))
    return secret, text


@transaction.atomic
def revoke_secret(*, secret_id: UUID, actor: Actor, now: datetime.datetime) -> AppSecret:
    """Make a secret and the tokens got with it worthless at once.

    Raises: PermissionDenied, AppSecret.DoesNotExist, rules.SecretRevoked.
    """
    actor.require(Permission.API_ACCESS_MANAGE)
    own = AppRegistration.objects.visible_to(actor)
    secret = AppSecret.objects.select_for_update(of=("self",), no_key=True).get(pk=secret_id, app__in=own)
    rules.check_can_revoke(secret)
    secret.revoked_at = now
    secret.save(update_fields=["revoked_at"])
    announce_app(ApiEvent.SECRET_REVOKED, secret.app, actor=actor, now=now, before=_facts(secret))
    return secret


@transaction.atomic
def warn_of_expiry(*, secret_id: UUID, now: datetime.datetime) -> bool:
    """Warn of a secret that runs out in 30, 7 or 1 days; say whether there was something to do.

    Running it again, or at the same time elsewhere, warns once.
    """
    secrets = AppSecret.objects.usable(now).select_related("app__organization")
    secret = secrets.select_for_update(of=("self",), no_key=True, skip_locked=True).filter(pk=secret_id).first()
    days = rules.warning_due(secret, now=now) if secret else None
    if secret is None or days is None:
        return False
    secret.warned_days = days
    secret.save(update_fields=["warned_days"])
    announce_expiring(secret, days=days, now=now)
    return True


def _facts(secret: AppSecret) -> dict[str, str]:
    return {"prefix": secret.prefix, "expires": secret.expires_at.date().isoformat()}
