"""Check that a notification comes from the portal: copy one of the two functions into your receiver.

``headers`` are the request's by lower-case name, ``body`` its bytes exactly as they came: parse the JSON afterwards.
"""

import base64
import datetime
import hashlib
import hmac
import time
import urllib.request
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

OLDEST_SECONDS = 300


def is_signed_with_secret(headers: Mapping[str, str], body: bytes, secret: str, *, now: float | None = None) -> bool:
    """Standard Webhooks: one of the signatures was made with the secret, minutes ago at most."""
    message, moment = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not moment.isdigit() or abs((time.time() if now is None else now) - int(moment)) > OLDEST_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    proof = hmac.new(key, b".".join((message.encode(), moment.encode(), body)), hashlib.sha256).digest()
    wanted = f"v1,{base64.b64encode(proof).decode()}"
    return any(hmac.compare_digest(wanted, one) for one in headers.get("webhook-signature", "").split())


def download(address: str) -> bytes:
    """Return what stands at an address; keep it, a certificate never changes."""
    with urllib.request.urlopen(address, timeout=10) as answer:
        return answer.read()


def is_signed_with_certificate(
    headers: Mapping[str, str],
    body: bytes,
    portal: str,
    *,
    fetch: Callable[[str], bytes] = download,
    now: datetime.datetime | None = None,
) -> bool:
    """The original's scheme: the body was signed with the key of a certificate that the portal itself serves.

    The certificate is self-signed: what proves it is that it stands on the portal's own host, over https. So its
    address is compared before it is fetched; a check of the issuer for another company's name has to go.
    """
    scheme, _, signature = (headers.get("x-ms-signature") or headers.get("authorization", "")).partition(" ")
    address = headers.get("x-ms-certificate-url", "")
    is_ours = urlsplit(address)[:2] == urlsplit(portal)[:2]  # scheme and host
    if scheme != "Signature" or headers.get("x-ms-signature-algorithm") != "rsa-sha256" or not is_ours:
        return False
    certificate = x509.load_der_x509_certificate(fetch(address))
    moment = now or datetime.datetime.now(datetime.UTC)
    if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
        return False
    try:
        certificate.public_key().verify(base64.b64decode(signature), body, padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True
