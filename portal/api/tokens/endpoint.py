"""The token endpoint: oauthlib reads the request, we hand out JWTs in the original's two shapes."""

import json
from typing import Any

from oauthlib.common import Request
from oauthlib.oauth2 import (
    AuthorizationCodeGrant,
    ClientCredentialsGrant,
    OAuth2Error,
    RefreshTokenGrant,
    TokenEndpoint,
)

from portal.api.models import AppConsent
from portal.api.tokens import claims, errors
from portal.api.tokens.claims import Grant
from portal.api.tokens.validator import CLIENT_CREDENTIALS, CODE, REFRESH, Context, Validator
from portal.api.workflow import grants

SECONDS = int(claims.LIFETIME.total_seconds()) - 1


class Tokens:
    """Makes the reply. Stands where oauthlib would have its own bearer tokens."""

    def create_token(self, request: Request, refresh_token: bool = False) -> dict[str, Any]:
        """Return the reply's members: numbers in v2, the same as strings and three more in v1 (reference 1.2)."""
        grant: Grant = request.grant
        context: Context = request.extra_credentials
        reply: dict[str, Any] = {"token_type": "Bearer", "expires_in": SECONDS, "ext_expires_in": SECONDS}
        if context.version == 1:
            now = int(context.now.timestamp())
            reply |= {
                "expires_on": now + SECONDS + 1,
                "not_before": now - int(claims.CLOCK_SKEW.total_seconds()),
                "resource": grant.audience,
            }
            reply = {name: str(value) for name, value in reply.items()}
        reply["access_token"] = claims.issue(grant, now=context.now)
        if grant.consent is not None:
            reply |= self._for_a_person(request, grant, grant.consent, context)
        return reply

    def _for_a_person(self, request: Request, grant: Grant, consent: AppConsent, context: Context) -> dict[str, Any]:
        reply = {"scope": grant.scopes or "user_impersonation"}
        reply["refresh_token"] = grants.keep_refresh_token(grant, consent, now=context.now)
        if "openid" in grant.scopes.split():
            authorization = request.__dict__.get("authorization")  # getattr() would also find a parameter of the form
            nonce = authorization.nonce if authorization else ""
            reply["id_token"] = claims.issue_id_token(grant, nonce=nonce, now=context.now)
        return reply


_validator = Validator()
_endpoint = TokenEndpoint(
    default_grant_type=CODE,
    default_token_type=Tokens(),
    grant_types={
        CLIENT_CREDENTIALS: ClientCredentialsGrant(_validator),
        CODE: AuthorizationCodeGrant(_validator),
        REFRESH: RefreshTokenGrant(_validator),
    },
)


def answer(uri: str, body: str, *, context: Context) -> tuple[int, dict[str, Any]]:
    """Return status and JSON for a request to the token endpoint."""
    try:
        _headers, text, status = _endpoint.create_token_response(uri, "POST", body, {}, credentials=context)
    except OAuth2Error as error:
        return refusal(error)
    reply: dict[str, Any] = json.loads(text)
    if "error" in reply:
        return status, errors.body(reply["error"], reply.get("error_description", ""), reply.get("number"))
    return status, reply


def refusal(error: OAuth2Error) -> tuple[int, dict[str, Any]]:
    """Return status and JSON of a refusal."""
    return error.status_code, errors.body(error.error, error.description, getattr(error, "number", None))
