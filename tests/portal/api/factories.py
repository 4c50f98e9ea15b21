"""Apps, secrets and tokens for tests of the API."""

import datetime
import json
from typing import Any

from django.test import Client
from django.utils import timezone

from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership, Organization
from portal.api.enums import app_kind_of
from portal.api.models import AppConsent, AppRegistration, AppSecret
from portal.api.tokens import audiences, claims
from portal.api.tokens.claims import Grant
from portal.core.links import hash_token
from tests.factories import make_member, make_partner

SECRET = "a-secret-that-only-tests-know"


def make_app(organization: Organization | None = None, *roles: Role, secret: str = SECRET, **fields: Any) -> AppSecret:
    """An app with one secret, of a new direct bill partner by default; by itself it may do what an admin agent may."""
    organization = organization or make_partner()
    is_publisher = organization.kind == OrganizationKind.PUBLISHER
    default = Role.PUBLISHER_ADMIN if is_publisher else Role.ADMIN_AGENT
    now = timezone.now()
    app = AppRegistration.objects.create(
        organization=organization,
        kind=app_kind_of(organization.kind) or "partner",
        name="Reports",
        roles=[str(role) for role in roles or (default,)],
        created_at=now,
        **fields,
    )
    return AppSecret.objects.create(
        app=app,
        prefix=secret[:4],
        secret_hash=hash_token(f"{secret}{app.pk}"),
        created_at=now,
        expires_at=now + datetime.timedelta(days=90),
    )


def secret_of(secret: AppSecret) -> str:
    """The secret in plain text."""
    return f"{SECRET}{secret.app_id}"


def token_of(secret: AppSecret, member: Membership | None = None, **fields: Any) -> str:
    """An access token of the app, acting for a person if one is given."""
    consent = None
    if member is not None:
        consent, _ = AppConsent.objects.get_or_create(
            app=secret.app, user=member.user, revoked_at=None, defaults={"given_at": timezone.now()}
        )
    defaults = {"audience": audiences.default_for(secret.app.kind), "version": 1, "has_second_factor": True}
    return claims.issue(Grant(secret=secret, consent=consent, **defaults | fields), now=timezone.now())


class ApiClient(Client):
    """A client that sends a token and JSON."""

    def __init__(self, token: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.defaults["HTTP_AUTHORIZATION"] = f"Bearer {token}"

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send one request; ``body`` is JSON text or something to write as JSON."""
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.generic(method, path, data, content_type="application/json", headers=headers)


def api_client(organization: Organization | None = None, *roles: Role, person: bool = False) -> ApiClient:
    """A client with a token of a new app; ``person``: acting for a new member with those roles."""
    secret = make_app(organization, *roles)
    member = make_member(secret.app.organization, *roles) if person else None
    return ApiClient(token_of(secret, member))
