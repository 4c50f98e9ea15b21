"""The portal's APIs as a publisher's own code calls them: over HTTP, with an app's credentials."""

import http.client
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import jwt
from django.conf import settings

from portal.local.publisher_site.store import Site

VERSION = "2018-08-31"
SECONDS = 15
EARLY = 120  # seconds before its end that a token is no longer used
_tokens: dict[tuple[str, str], tuple[str, float]] = {}


class PortalFault(Exception):
    """The portal refused a call, or did not answer."""


@dataclass(frozen=True)
class Reply:
    """What the portal answered."""

    status: int
    text: str

    def json(self) -> dict[str, Any]:
        """Raises: PortalFault."""
        try:
            found = json.loads(self.text)
        except ValueError as error:
            raise PortalFault("The answer is no JSON.") from error
        if not isinstance(found, dict):
            raise PortalFault("The answer is no JSON object.")
        return found


class Portal:
    """The portal, as one publisher reaches it."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def resolve(self, token: str) -> dict[str, Any]:
        """Return the purchase that the token of a landing link names."""
        found = self._call("POST", "/resolve", headers={"x-ms-marketplace-token": token}).json()
        return dict(found["subscription"])

    def activate(self, subscription: dict[str, Any]) -> None:
        body = {name: subscription[name] for name in ("planId", "quantity") if name in subscription}
        self._call("POST", f"/{subscription['id']}/activate", body=body)

    def subscription(self, subscription_id: str) -> dict[str, Any]:
        return self._call("GET", f"/{subscription_id}").json()

    def subscriptions(self) -> list[dict[str, Any]]:
        """Return all purchases, page after page."""
        found: list[dict[str, Any]] = []
        page = self._call("GET", "/").json()
        found += page["subscriptions"]
        while page.get("@nextLink"):
            page = self._send("GET", page["@nextLink"]).json()
            found += page["subscriptions"]
        return found

    def running(self, subscription_id: str) -> list[dict[str, Any]]:
        """Return the changes that wait for the publisher's answer."""
        return list(self._call("GET", f"/{subscription_id}/operations").json().get("operations", []))

    def operation(self, subscription_id: str, operation_id: str) -> dict[str, Any]:
        return self._call("GET", f"/{subscription_id}/operations/{operation_id}").json()

    def decide(self, subscription_id: str, operation_id: str, *, accepts: bool) -> None:
        """Accept or refuse a change."""
        status = "Success" if accepts else "Failure"
        self._call("PATCH", f"/{subscription_id}/operations/{operation_id}", body={"status": status})

    def is_from_portal(self, token: str) -> bool:
        """Say whether a webhook's token was signed by the portal for this app (section 4.5)."""
        tenant = self._site.tenant_id
        found = _exchange("GET", f"{settings.BASE_URL}/{tenant}/v2.0/.well-known/openid-configuration").json()
        keys = _exchange("GET", found["jwks_uri"]).json()
        try:
            key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]
            claims = jwt.decode(token, key, algorithms=["RS256"], audience=self._site.client_id, issuer=found["issuer"])
        except (jwt.PyJWTError, KeyError):
            return False
        return bool(claims.get("azp") == self._site.resource and claims.get("tid") == tenant)

    def _call(self, method: str, path: str, *, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        url = f"{settings.BASE_URL}/api/saas/subscriptions{path}?api-version={VERSION}"
        return self._send(method, url, body=body, headers=headers)

    def _send(self, method: str, url: str, *, body: Any = None, headers: dict[str, str] | None = None) -> Reply:
        sent = {"Authorization": f"Bearer {self._token()}", **(headers or {})}
        if body is None:
            return _exchange(method, url, headers=sent)
        return _exchange(method, url, body=json.dumps(body), headers={"Content-Type": "application/json", **sent})

    def _token(self) -> str:
        """Return an access token; the same one until shortly before its end."""
        key = (settings.BASE_URL, self._site.client_id)
        token, ends_at = _tokens.get(key, ("", 0.0))
        if time.monotonic() < ends_at - EARLY:
            return token
        form = {
            "grant_type": "client_credentials",
            "client_id": self._site.client_id,
            "client_secret": self._site.client_secret,
            "scope": f"{self._site.resource}/.default",
        }
        url = f"{settings.BASE_URL}/{quote(self._site.tenant_id)}/oauth2/v2.0/token"
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        found = _exchange("POST", url, body=urlencode(form), headers=headers).json()
        _tokens[key] = (found["access_token"], time.monotonic() + int(found["expires_in"]))
        return str(found["access_token"])


def _exchange(method: str, url: str, *, body: str | None = None, headers: dict[str, str] | None = None) -> Reply:
    """Send one request over a connection of its own. Raises: PortalFault."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        reply = Reply(answer.status, answer.read().decode(errors="replace"))
    except (OSError, http.client.HTTPException) as error:
        raise PortalFault(f"{type(error).__name__}: {error}") from error
    finally:
        connection.close()
    if reply.status >= 300:
        raise PortalFault(f"{reply.status}: {_message(reply)}")
    return reply


def _message(reply: Reply) -> str:
    """Return the sentence of an error's body."""
    try:
        found = json.loads(reply.text)
        return str(found.get("message") or found.get("error_description") or reply.text)[:500]
    except (ValueError, AttributeError):
        return reply.text[:500]
