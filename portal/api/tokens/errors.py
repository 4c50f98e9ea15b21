"""Refusals of the token endpoint in the original's shape: an OAuth2 error with numbers behind it.

Source: API reference 1.2. Clients read ``error``, people read ``error_description``, scripts look for the number.
"""

import datetime
import uuid
from typing import Any

from django.utils import timezone
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

# error of RFC 6749 -> number, where oauthlib itself refused and nothing more is known
GENERIC_NUMBERS = {
    "invalid_request": 900144,
    "invalid_client": 7000215,
    "invalid_grant": 70000,
    "unauthorized_client": 700016,
    "unsupported_grant_type": 70003,
    "unsupported_response_type": 70005,
    "invalid_scope": 70011,
    "mismatching_redirect_uri": 50011,
    "server_error": 90033,
}


class DirectoryError(OAuth2Error):  # type: ignore[misc]
    """A refusal with one of the original's numbers."""

    def __init__(self, error: str, number: int, text: str, *, status: int = 400) -> None:
        self.error = error
        self.number = number
        super().__init__(description=text, status_code=status)

    @property
    def twotuples(self) -> list[tuple[str, Any]]:
        """What oauthlib writes of it: the number too, which answer() reads back."""
        return [*super().twotuples, ("number", self.number)]


def tenant_unknown(tenant: str) -> DirectoryError:
    """No organization has this id or domain."""
    return DirectoryError(
        "invalid_request",
        90002,
        f"Tenant '{_printable(tenant)}' not found. Check to make sure you have the correct tenant ID or domain.",
    )


def app_unknown(client_id: str) -> DirectoryError:
    """The organization has no such app, or has it no longer."""
    return DirectoryError(
        "unauthorized_client",
        700016,
        f"Application with identifier '{_printable(client_id)}' was not found in the directory.",
    )


def parameter_missing(name: str) -> DirectoryError:
    """The form lacks a parameter."""
    return DirectoryError(
        "invalid_request", 900144, f"The request body must contain the following parameter: '{name}'."
    )


def wrong_secret() -> DirectoryError:
    """The secret is not one of the app's, or was revoked."""
    return DirectoryError("invalid_client", 7000215, "Invalid client secret provided.", status=401)


def secret_expired() -> DirectoryError:
    """The secret's time has run out."""
    return DirectoryError(
        "invalid_client",
        7000222,
        "The provided client secret keys are expired. Create new ones in the app registration.",
        status=401,
    )


def resource_unknown(resource: str) -> DirectoryError:
    """The token is asked for something this installation does not serve."""
    return DirectoryError(
        "invalid_resource", 500011, f"The resource principal named '{_printable(resource)}' was not found."
    )


def scope_wrong(scope: str) -> DirectoryError:
    """The scope is not one that can be asked for."""
    return DirectoryError(
        "invalid_scope", 70011, f"The provided value for the input parameter 'scope' is not valid: {_printable(scope)}."
    )


def scope_must_be_default(scope: str) -> DirectoryError:
    """Without a person, a token holds all the app may do, asked for by ``.default``."""
    return DirectoryError(
        "invalid_scope",
        1002012,
        f"The provided value for scope {_printable(scope)} is not valid. Client credential flows must have a scope "
        "value with /.default suffixed to the resource identifier.",
    )


def grant_expired() -> DirectoryError:
    """The refresh token or code has run out, or what it stood on is gone."""
    return DirectoryError("invalid_grant", 700082, "The refresh token has expired due to inactivity or was revoked.")


def grant_malformed() -> DirectoryError:
    """The refresh token or code is not one of ours, or another app's."""
    return DirectoryError("invalid_grant", 9002313, "Invalid request. Request is malformed or invalid.")


def code_redeemed() -> DirectoryError:
    """The code was used before."""
    return DirectoryError("invalid_grant", 54005, "OAuth2 Authorization code was already redeemed.")


def code_expired() -> DirectoryError:
    """The code was not used in time."""
    return DirectoryError("invalid_grant", 70008, "The provided authorization code is expired.")


def too_many(seconds: int) -> DirectoryError:
    """Too many requests for tokens from one place."""
    return DirectoryError(
        "temporarily_unavailable", 90055, f"Too many requests. Try again in {seconds} seconds.", status=429
    )


def body(error: str, text: str, number: int | None = None, *, now: datetime.datetime | None = None) -> dict[str, Any]:
    """Return the JSON of a refusal."""
    number = number or GENERIC_NUMBERS.get(error, 90033)
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    stamp = f"{now or timezone.now():%Y-%m-%d %H:%M:%SZ}"
    return {
        "error": error,
        "error_description": f"AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {correlation} "
        f"Timestamp: {stamp}",
        "error_codes": [number],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
    }


def _printable(text: str) -> str:
    """Return what a client sent, cut to what RFC 6749 lets stand in a description."""
    return "".join(sign for sign in text[:200] if 0x20 <= ord(sign) <= 0x7E and sign not in '"\\')
