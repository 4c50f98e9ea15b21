"""OAuth2 and OpenID addresses: token, discovery, keys. The consent page stands in ``consent.py``."""

import base64
import binascii
from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from portal.accounts.access import public
from portal.accounts.models import Organization
from portal.api import throttle
from portal.api.errors import TooManyRequests, json_answer
from portal.api.tokens import endpoint, errors, keys
from portal.api.tokens.validator import Context

ANY_TENANT = frozenset({"common", "organizations"})


@public("asked with the app's own secret")
@csrf_exempt
def token_v1(request: HttpRequest, tenant: str) -> HttpResponse:
    """Answer ``/{tenant}/oauth2/token``, where the client names a ``resource``."""
    return _token(request, tenant, version=1)


@public("asked with the app's own secret")
@csrf_exempt
def token_v2(request: HttpRequest, tenant: str) -> HttpResponse:
    """Answer ``/{tenant}/oauth2/v2.0/token``, where the client names a ``scope``."""
    return _token(request, tenant, version=2)


@public("public keys and addresses")
def discovery_v1(request: HttpRequest, tenant: str) -> HttpResponse:
    """Answer ``/{tenant}/.well-known/openid-configuration``."""
    return _discovery(tenant, version=1)


@public("public keys and addresses")
def discovery_v2(request: HttpRequest, tenant: str) -> HttpResponse:
    """Answer ``/{tenant}/v2.0/.well-known/openid-configuration``."""
    return _discovery(tenant, version=2)


@public("public keys")
def public_keys(request: HttpRequest, tenant: str) -> HttpResponse:
    """Answer the keys that check our signatures."""
    return json_answer(keys.published())


def find_tenant(name: str) -> Organization | None:
    """Return the organization by id or domain; ``None`` for ``common``. Raises: DirectoryError."""
    if name.lower() in ANY_TENANT:
        return None
    try:
        found = Organization.objects.filter(pk=UUID(name)).first()
    except ValueError:
        found = Organization.objects.filter(domain__iexact=name).first()
    if found is None:
        raise errors.tenant_unknown(name)
    return found


def _token(request: HttpRequest, tenant: str, *, version: int) -> HttpResponse:
    try:
        throttle.check_token_request(request)
        if request.method != "POST" or not request.POST.get("grant_type"):
            raise errors.parameter_missing("grant_type")
        organization = find_tenant(tenant)
        if organization is None and request.POST["grant_type"] == "client_credentials":
            raise errors.tenant_unknown(tenant)
    except TooManyRequests as refusal:
        return _reply(*endpoint.refusal(errors.too_many(refusal.seconds)), seconds=refusal.seconds)
    except errors.DirectoryError as error:
        return _reply(*endpoint.refusal(error))
    context = Context(
        tenant=organization,
        version=version,
        now=timezone.now(),
        resource=request.POST.get("resource", ""),
        basic=_basic(request.headers.get("Authorization", "")),
    )
    uri = settings.BASE_URL + request.path  # without its query: old clients send ?api-version=1.0
    return _reply(*endpoint.answer(uri, request.POST.urlencode(), context=context))


def _reply(status: int, value: dict[str, Any], *, seconds: int = 0) -> HttpResponse:
    response = json_answer(value, status=status)
    response.headers["Pragma"] = "no-cache"
    if seconds:
        response.headers["Retry-After"] = str(seconds)
    return response


def _basic(header: str) -> tuple[str, str] | None:
    """Return client id and secret from an HTTP Basic header; ``None`` where there is none."""
    scheme, _space, value = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _colon, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return unquote_plus(client_id), unquote_plus(secret)


def _discovery(tenant: str, *, version: int) -> HttpResponse:
    try:
        organization = find_tenant(tenant)
    except errors.DirectoryError as error:
        return _reply(*endpoint.refusal(error))
    name = str(organization.pk) if organization else "{tenantid}"
    root, part = f"{settings.BASE_URL}/{name if organization else tenant}", "/v2.0" if version == 2 else ""
    return JsonResponse(
        {
            "issuer": f"{settings.BASE_URL}/{name}/" + part.lstrip("/"),
            "authorization_endpoint": f"{root}/oauth2{part}/authorize",
            "token_endpoint": f"{root}/oauth2{part}/token",
            "jwks_uri": f"{root}/discovery{part}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
            "code_challenge_methods_supported": ["S256", "plain"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": ["sub", "iss", "aud", "exp", "iat", "tid", "oid", "upn", "name", "preferred_username"],
        }
    )
