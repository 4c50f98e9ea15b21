"""A small OpenID Connect provider on loopback: discovery, keys, sign-in, token, user info. Real HTTP, real RSA."""

import base64
import hashlib
import json
import secrets
import threading
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID = "portal"
CLIENT_SECRET = "a secret of the test"


class OpenIdServer:
    """Signs in whoever ``claims`` names. A context manager; change ``claims`` and the other fields between sign-ins."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.refuse = ""  # an OAuth error instead of a code
        self.userinfo_changes: dict[str, Any] = {}
        self.token_changes: dict[str, Any] = {}
        self.signing_key = self._key = _key()
        self._codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> "OpenIdServer":
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Be away."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def settings(self) -> dict[str, Any]:
        """What an installation writes into OIDC_PROVIDERS."""
        return {
            "provider_id": "entra",
            "name": "Entra ID",
            "client_id": CLIENT_ID,
            "secret": CLIENT_SECRET,
            "settings": {"server_url": self.url},
        }

    def answer(self, method: str, target: str, headers: Any, body: str) -> tuple[int, dict[str, str], Any]:
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        form = {name: values[0] for name, values in parse_qs(body).items()}
        match (method, parts.path):
            case ("GET", "/.well-known/openid-configuration"):
                return 200, {}, self._configuration()
            case ("GET", "/keys"):
                return 200, {}, {"keys": [self._public_key()]}
            case ("GET", "/authorize"):
                return 302, {"Location": self._authorize(query)}, {}
            case ("POST", "/token"):
                return self._token(form)
            case ("GET", "/userinfo") if headers.get("Authorization") == "Bearer token-of-the-test":
                return 200, {}, {**self._identity(), **self.userinfo_changes}
        return 404, {}, {}

    def _configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }

    def _public_key(self) -> dict[str, Any]:
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return {**key, "kid": "the-key", "alg": "RS256", "use": "sig"}

    def _authorize(self, query: dict[str, str]) -> str:
        assert query["client_id"] == CLIENT_ID
        assert query["code_challenge_method"] == "S256"
        if self.refuse:
            return f"{query['redirect_uri']}?{urlencode({'error': self.refuse, 'state': query['state']})}"
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, str], Any]:
        asked = self._codes.pop(form["code"], None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        known = asked is not None and asked["redirect_uri"] == form["redirect_uri"]
        if not known or form["client_secret"] != CLIENT_SECRET or proof != asked["code_challenge"]:
            return 400, {}, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            **self._identity(),
            **self.token_changes,
        }
        token = jwt.encode(claims, self.signing_key, algorithm="RS256", headers={"kid": "the-key"})
        return 200, {}, {"access_token": "token-of-the-test", "token_type": "Bearer", "id_token": token}

    def _identity(self) -> dict[str, Any]:
        return {"sub": "person-1", **self.claims}


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _handler(server: OpenIdServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply("")

        def do_POST(self) -> None:
            self._reply(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

        def _reply(self, body: str) -> None:
            status, headers, answer = server.answer(self.command, self.path, self.headers, body)
            payload = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in {
                **headers,
                "Content-Type": "application/json",
                "Content-Length": str(len(payload)),
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
