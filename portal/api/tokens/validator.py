"""What oauthlib asks while it answers a request for a token: who the app is, and whether the grant stands."""

import datetime
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from oauthlib.common import Request
from oauthlib.oauth2 import RequestValidator

from portal.accounts.models import Organization
from portal.api.models import AppRegistration, AppSecret, AuthorizationCode, RefreshToken
from portal.api.tokens import audiences, errors
from portal.api.tokens.claims import Grant
from portal.api.workflow import grants
from portal.core.links import hash_token

CLIENT_CREDENTIALS, CODE, REFRESH = "client_credentials", "authorization_code", "refresh_token"


@dataclass(frozen=True)
class Context:
    """What the address says: whose directory (``None``: any), which version of the endpoint; and the time."""

    tenant: Organization | None
    version: int
    now: datetime.datetime
    resource: str = ""
    basic: tuple[str, str] | None = None


@dataclass(frozen=True)
class Client:
    """The app as oauthlib wants to see it."""

    client_id: str
    secret: AppSecret


class Validator(RequestValidator):  # type: ignore[misc]
    """Answers from the database. Leaves the finished Grant in ``request.grant``."""

    def client_authentication_required(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        return True

    def authenticate_client(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        """Find the app and check its secret. Raises: DirectoryError."""
        context: Context = request.extra_credentials
        client_id, secret = context.basic or (request.client_id, request.client_secret)
        if not client_id:
            raise errors.parameter_missing("client_id")
        app = find_app(client_id, context.tenant)
        if app is None:
            raise errors.app_unknown(client_id)
        if not secret:
            raise errors.parameter_missing("client_secret")
        found = AppSecret.objects.filter(app=app, secret_hash=hash_token(secret), revoked_at__isnull=True).first()
        if found is None:
            raise errors.wrong_secret()
        if found.expires_at <= context.now:
            raise errors.secret_expired()
        found.app = app
        request.client_id = client_id
        request.client = Client(client_id=client_id, secret=found)
        return True

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        return grant_type in (CLIENT_CREDENTIALS, CODE, REFRESH)

    def get_default_scopes(self, client_id: str, request: Request, *args: Any, **kwargs: Any) -> list[str]:
        return [""]  # v1 has ``resource`` instead

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Leave the grant of an app acting for itself. Raises: DirectoryError."""
        context: Context = request.extra_credentials
        audience = _asked_audience(request) or audiences.default_for(client.secret.app.kind)
        if context.version == 2 and not request.scope:
            raise errors.parameter_missing("scope")
        if context.version == 2 and not request.scope.rstrip().endswith("/" + audiences.APP_PERMISSIONS):
            raise errors.scope_must_be_default(request.scope)
        request.grant = Grant(secret=client.secret, audience=audience, version=context.version)
        return True

    def validate_refresh_token(
        self, refresh_token: str, client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Leave the grant of an app acting for a person. Raises: DirectoryError."""
        context: Context = request.extra_credentials
        kept = (
            RefreshToken.objects.filter(token_hash=hash_token(refresh_token), consent__app=client.secret.app)
            .select_related("consent__user")
            .first()
        )
        if kept is None:
            raise errors.grant_malformed()
        if kept.expires_at <= context.now or kept.consent.revoked_at is not None or not kept.consent.user.is_active:
            raise errors.grant_expired()
        request.grant = Grant(
            secret=client.secret,
            audience=_asked_audience(request) or kept.audience,
            version=context.version,
            consent=kept.consent,
            scopes=kept.scopes,
            has_second_factor=kept.has_second_factor,
        )
        return True

    def get_original_scopes(self, refresh_token: str, request: Request, *args: Any, **kwargs: Any) -> str:
        return str(request.grant.scopes)

    def is_within_original_scope(
        self, request_scopes: list[str], refresh_token: str, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        return True  # a refresh token is good for every resource, as in the original; _asked_audience() checked it

    def validate_code(
        self, client_id: str, code: str, client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Use up the code. Raises: DirectoryError."""
        context: Context = request.extra_credentials
        found = grants.take_code(code=code, app_id=client.secret.app_id, now=context.now)
        if found is None:
            raise errors.grant_malformed()
        if found.used_at is not None:
            raise errors.code_redeemed()
        if found.expires_at <= context.now or found.consent.revoked_at is not None:
            raise errors.code_expired()
        request.user, request.scopes, request.authorization = found.consent.user, [], found
        request.grant = Grant(
            secret=client.secret,
            audience=_asked_audience(request) or found.audience,
            version=context.version,
            consent=found.consent,
            scopes=found.scopes,
            has_second_factor=found.has_second_factor,
        )
        return True

    def get_code_challenge(self, code: str, request: Request) -> str | None:
        return _authorization(request).code_challenge or None

    def get_code_challenge_method(self, code: str, request: Request) -> str | None:
        return _authorization(request).code_challenge_method or None

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        return bool(_authorization(request).redirect_uri == redirect_uri)

    def get_default_redirect_uri(self, client_id: str, request: Request, *args: Any, **kwargs: Any) -> str:
        return ""

    def invalidate_authorization_code(self, client_id: str, code: str, request: Request, *args: Any, **kw: Any) -> None:
        """Nothing left to do: a code is used up when it is looked at."""

    def save_bearer_token(self, token: dict[str, Any], request: Request, *args: Any, **kwargs: Any) -> None:
        grants.note_use(request.grant.secret, now=request.extra_credentials.now)


def find_app(client_id: str, tenant: Organization | None) -> AppRegistration | None:
    """Return the app, in the tenant if one is named."""
    try:
        apps = AppRegistration.objects.filter(pk=UUID(client_id), removed_at__isnull=True)
    except ValueError:
        return None
    if tenant is not None:
        apps = apps.filter(organization=tenant)
    return apps.select_related("organization").first()


def _asked_audience(request: Request) -> str:
    """Return what the request wants a token for; empty if it does not say. Raises: DirectoryError."""
    context: Context = request.extra_credentials
    if context.version == 1:
        audience = audiences.known(context.resource) if context.resource else ""
        if audience is None:
            raise errors.resource_unknown(context.resource)
        return audience
    asked = audiences.read_scopes((request.scope or "").split())
    if asked is None:
        raise errors.scope_wrong(request.scope)
    return asked.audience


def _authorization(request: Request) -> AuthorizationCode:
    code: AuthorizationCode = request.authorization
    return code
