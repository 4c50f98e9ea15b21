"""How demo people sign in: one password for all, and for partners a second factor that scripts can compute."""

import base64
import hashlib
import hmac
import struct

from django.conf import settings

PASSWORD = "Try-the-portal-1"  # noqa: S105 -- printed at every start; these people exist in the demo world only
CODE_SECONDS = 30


def totp_secret(email: str) -> str:
    """Return a person's second factor in base32: the same at every loading, another one in every installation."""
    digest = hmac.new(settings.SECRET_KEY.encode(), f"demo second factor {email}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:20]).decode()


def totp_code(secret: str, at: float) -> str:
    """Return the six digits an authenticator app shows (RFC 6238) at a Unix time."""
    counter = struct.pack(">Q", int(at) // CODE_SECONDS)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(int.from_bytes(digest[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"
