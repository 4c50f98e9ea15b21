"""An app for every partner and publisher of the demo world, with a secret that anybody may know (contract)."""

import datetime
import hashlib
import uuid
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from portal.accounts.enums import PARTNER_KINDS, OrganizationKind, Role
from portal.accounts.models import Organization
from portal.api.enums import AppKind, app_kind_of
from portal.api.models import AppRegistration, AppSecret
from portal.api.workflow.apps import PREFIX_LENGTH
from portal.core.links import hash_token

APPS = uuid.UUID("0d0c6f5e-7b1e-4d8e-9a52-3c1b2f6a7e90")  # ids are made of it and the organization's
GOOD_FOR = datetime.timedelta(days=730)
NAMES = {AppKind.PARTNER: "Demo partner app", AppKind.PUBLISHER: "Demo publisher app"}
ROLES = {AppKind.PARTNER: Role.ADMIN_AGENT, AppKind.PUBLISHER: Role.PUBLISHER_ADMIN}


def write(*, now: datetime.datetime) -> None:
    """Write the apps and their secrets."""
    organizations = Organization.objects.filter(kind__in=[*PARTNER_KINDS, OrganizationKind.PUBLISHER])
    apps = [_app(one, app_kind_of(one.kind) or AppKind.PARTNER, now) for one in organizations.order_by("pk")]
    AppRegistration.objects.bulk_create(apps)
    AppSecret.objects.bulk_create(_secret(app, now) for app in apps)


def document() -> Iterator[dict[str, Any]]:
    """Yield what scripts may rely on: the apps whose secret still works."""
    usable = {secret_id(app_id(one)): one for one in Organization.objects.values_list("pk", flat=True)}
    secrets = AppSecret.objects.filter(pk__in=usable, revoked_at__isnull=True, app__removed_at__isnull=True)
    for secret in secrets.select_related("app__organization").order_by("app__organization__name_key", "pk"):
        yield {
            "kind": secret.app.kind,
            "tenant_id": str(secret.app.organization_id),
            "client_id": str(secret.app_id),
            "client_secret": secret_text(secret.app_id),
            "name": secret.app.name,
        }


def app_id(organization_id: UUID) -> UUID:
    """Return the client id of an organization's app: the same in every demo world."""
    return uuid.uuid5(APPS, str(organization_id))


def secret_id(app: UUID) -> UUID:
    """Return the id of an app's secret."""
    return uuid.uuid5(APPS, f"secret of {app}")


def secret_text(app: UUID) -> str:
    """Return the secret itself. It protects nothing: the demo world is for playing."""
    return "demo-" + hashlib.sha256(f"demo world {app}".encode()).hexdigest()[:32]


def _app(organization: Organization, kind: AppKind, now: datetime.datetime) -> AppRegistration:
    return AppRegistration(
        id=app_id(organization.pk),
        organization=organization,
        kind=kind,
        name=NAMES[kind],
        roles=[ROLES[kind]],
        redirect_uris=["http://localhost/callback"],
        created_at=now,
    )


def _secret(app: AppRegistration, now: datetime.datetime) -> AppSecret:
    text = secret_text(app.pk)
    return AppSecret(
        id=secret_id(app.pk),
        app=app,
        prefix=text[:PREFIX_LENGTH],
        secret_hash=hash_token(text),
        created_at=now,
        expires_at=now + GOOD_FOR,
    )
