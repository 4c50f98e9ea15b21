"""Sign notifications in two ways: whoever checks one of them knows that they are ours, whole and fresh (P6).

Source: Standard Webhooks specification, "Signature scheme" (symmetric, ``v1``); API reference, section 7.3.
"""

import base64
import datetime
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509.oid import NameOID
from django.conf import settings

from portal.api.models import SigningKey
from portal.api.tokens import keys
from portal.core import sealing
from portal.core.http import absolute_url
from portal.webhooks.models import WebhookRegistration

MARK = "whsec_"
SECRET_BYTES = 32
SERIAL_BYTES = 16


@dataclass(frozen=True)
class Signer:
    """What signs the notifications to one webhook; read once for many of them."""

    secrets: Sequence[bytes]
    certificate_url: str
    key: RSAPrivateKey
    header: str

    def headers(self, *, message_id: str, body: bytes, now: datetime.datetime) -> dict[str, str]:
        """Return the headers of a notification that prove where it comes from, in both schemes."""
        moment = str(int(now.timestamp()))
        signed = b".".join((message_id.encode(), moment.encode(), body))
        proofs = [_text(hmac.new(secret, signed, hashlib.sha256).digest()) for secret in self.secrets]
        return {
            "webhook-id": message_id,
            "webhook-timestamp": moment,
            "webhook-signature": " ".join(f"v1,{proof}" for proof in proofs),
            self.header: f"Signature {_text(self.key.sign(body, padding.PKCS1v15(), hashes.SHA256()))}",
            "X-MS-Certificate-Url": self.certificate_url,
            "X-MS-Signature-Algorithm": "rsa-sha256",
        }


def new_secret() -> str:
    """Return a fresh secret in the form that verifying libraries take."""
    return MARK + _text(secrets.token_bytes(SECRET_BYTES))


def signer_of(registration: WebhookRegistration, *, now: datetime.datetime) -> Signer:
    """Return what signs for a webhook now: with its secret, and with the one before while both are good."""
    sealed = [bytes(registration.sealed_secret)] if registration.sealed_secret else []
    if registration.previous_secret_until is not None and registration.previous_secret_until > now:
        sealed.append(bytes(registration.sealed_previous_secret))
    key = keys.signing_key(now)
    return Signer(
        secrets=[base64.b64decode(sealing.unseal(one).decode().removeprefix(MARK)) for one in sealed],
        certificate_url=absolute_url(settings.BASE_URL, "webhooks:certificate", key.kid),
        key=keys.private_key(key),
        header="x-ms-signature" if registration.uses_ms_signature_header else "Authorization",
    )


def certificate(kid: str) -> bytes | None:
    """Return the self-signed certificate of a key in DER, the same each time; ``None`` where there is no such key."""
    row = SigningKey.objects.filter(pk=kid).first()
    if row is None:
        return None
    key = keys.private_key(row)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, settings.PRODUCT_NAME[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, "Webhook notifications"),
        ]
    )
    built = x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
    built = built.serial_number(int.from_bytes(hashlib.sha256(kid.encode()).digest()[:SERIAL_BYTES]) >> 1)
    built = built.not_valid_before(row.created_at - datetime.timedelta(days=1))
    built = built.not_valid_after(row.created_at + keys.ROTATION + keys.KEPT_AFTERWARDS)
    return built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
