"""What tests about signing in need: codes, a passkey made of software, links out of mails."""

import base64
import hashlib
import json
import re
import time
import uuid
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from django.urls import reverse
from fido2 import cbor
from fido2.cose import ES256
from fido2.webauthn import AttestedCredentialData, AuthenticatorData

from portal.accounts.models import Membership, User
from portal.audit.models import AuditEvent
from portal.core import sealing
from portal.notifications.models import OutgoingEmail
from tests.factories import PASSWORD

ORIGIN = "https://testserver"


def signed_in(membership: Membership, *, fresh: bool = True) -> Client:
    """Sign a member in, its second factor done, and return the client.

    ``fresh`` False: the sign-in is older than five minutes, so sensitive steps ask again.
    """
    user = membership.user
    if not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
        give_authenticator_app(user)
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    session = client.session
    now = time.time()
    session["organization_id"] = str(membership.organization_id)
    session["started_at"] = session["seen_at"] = int(now)
    session["account_authentication_methods_user"] = str(user.pk)
    session["account_authentication_methods"] = [{"method": "password", "at": now if fresh else now - 600}]
    session.save()
    return client


def totp_code(secret: str, *, steps: int = 0) -> str:
    """The code an authenticator app shows now, or some steps of 30 seconds later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def give_authenticator_app(user: User) -> str:
    """Set up an authenticator app and return its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    return secret


def send_password(client: Client, email: str, password: str = PASSWORD, **extra: Any) -> Any:
    """Send the form of the sign-in page."""
    return client.post(reverse("account_login"), {"login": email, "password": password}, **extra)


def is_signed_in(client: Client) -> bool:
    """Whether the server takes the client for somebody: the page answers others by leading to sign-in."""
    return client.get(reverse("accounts:profile")).status_code == 200


def events_of(user: User, event_type: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(event_type=event_type, subject_id=str(user.pk)).order_by("pk"))


def parties_of(event: AuditEvent) -> set[uuid.UUID]:
    return set(event.parties.values_list("organization_id", flat=True))


def mails_about(event_type: str) -> list[OutgoingEmail]:
    return list(OutgoingEmail.objects.filter(event_type=event_type).order_by("created_at"))


def secrets_of(mail: OutgoingEmail) -> list[str]:
    """The values that stand sealed beside a mail until it is sent."""
    return list(json.loads(sealing.unseal(mail.sealed_secrets)).values())


def path_of_link(mail: OutgoingEmail) -> str:
    """The one link in the mail, without the host."""
    (link,) = secrets_of(mail)
    return re.sub(r"^https?://[^/]+", "", link)


class SoftwarePasskey:
    """A passkey without a device: answers the browser's two calls as an authenticator would."""

    def __init__(self, *, user_verified: bool = True) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._id = uuid.uuid4().bytes
        self._flags = AuthenticatorData.FLAG.UP
        if user_verified:
            self._flags |= AuthenticatorData.FLAG.UV
        self._count = 0
        self._user_handle = b""

    def create(self, options: dict[str, Any]) -> str:
        """Answer navigator.credentials.create()."""
        options = options["publicKey"]
        self._user_handle = _decode(options["user"]["id"])
        public = AttestedCredentialData.create(
            b"\0" * 16, self._id, ES256.from_cryptography_key(self._key.public_key())
        )
        data = self._data(options["rp"]["id"], AuthenticatorData.FLAG.AT, public)
        response = {
            "clientDataJSON": self._client_data("webauthn.create", options["challenge"]),
            "attestationObject": _encode(cbor.encode({"fmt": "none", "attStmt": {}, "authData": bytes(data)})),
        }
        return self._answer(response, {"credProps": {"rk": True}})

    def get(self, options: dict[str, Any]) -> str:
        """Answer navigator.credentials.get()."""
        options = options["publicKey"]
        data = bytes(self._data(options["rpId"]))
        client_data = self._client_data("webauthn.get", options["challenge"])
        signed = data + hashlib.sha256(_decode(client_data)).digest()
        response = {
            "clientDataJSON": client_data,
            "authenticatorData": _encode(data),
            "signature": _encode(self._key.sign(signed, ec.ECDSA(hashes.SHA256()))),
            "userHandle": _encode(self._user_handle),
        }
        return self._answer(response, {})

    def _data(self, rp_id: str, more: int = 0, public: bytes = b"") -> AuthenticatorData:
        self._count += 1
        digest = hashlib.sha256(rp_id.encode()).digest()
        return AuthenticatorData.create(digest, AuthenticatorData.FLAG(self._flags | more), self._count, public)

    def _client_data(self, kind: str, challenge: str) -> str:
        return _encode(json.dumps({"type": kind, "challenge": challenge, "origin": ORIGIN}).encode())

    def _answer(self, response: dict[str, str], extensions: dict[str, Any]) -> str:
        return json.dumps(
            {
                "type": "public-key",
                "id": _encode(self._id),
                "rawId": _encode(self._id),
                "response": response,
                "clientExtensionResults": extensions,
            }
        )


def page_data(response: Any, element_id: str = "passkey-data") -> Any:
    """What a page hands to its script in a JSON block."""
    found = re.search(rf'<script id="{element_id}" type="application/json">(.*?)</script>', response.content.decode())
    assert found, "the page holds no such data"
    return json.loads(found.group(1))


def give_passkey(client: Client, passkey: SoftwarePasskey, *, name: str = "Phone") -> Any:
    """Set up the passkey for whoever is signed in; the client must speak HTTPS."""
    page = client.get(reverse("accounts:add_passkey"), secure=True)
    credential = passkey.create(page_data(page)["creation_options"])
    form = {"name": name, "credential": credential, "passwordless": "on"}
    return client.post(reverse("accounts:add_passkey"), form, secure=True)


def passkeys_of(user: User) -> list[Authenticator]:
    return list(Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
