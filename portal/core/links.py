"""Secrets in links: 256 random bits in the link, only their hash in the database (quality row 21)."""

import base64
import hashlib
import secrets

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

TOKEN_BYTES = 32


def make_token() -> str:
    """Return 256 random bits as URL-safe text."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def derived_token(purpose: str, key: object) -> str:
    """Return 256 bits that only SECRET_KEY makes of ``key``, the same each time, where a link must be shown again."""
    info = f"portal.core.links {purpose} {key}".encode()
    derived = HKDF(algorithm=hashes.SHA256(), length=TOKEN_BYTES, salt=None, info=info)
    return base64.urlsafe_b64encode(derived.derive(settings.SECRET_KEY.encode())).rstrip(b"=").decode()


def hash_token(token: str) -> str:
    """Return the SHA-256 of a token, in hexadecimal: what the database keeps.

    A plain hash is enough: the token has 256 random bits, so nobody can guess it back.
    """
    return hashlib.sha256(token.encode()).hexdigest()
