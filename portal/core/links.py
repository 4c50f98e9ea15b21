"""Secrets in links: 256 random bits in the link, only their hash in the database (quality row 21)."""

import hashlib
import secrets

TOKEN_BYTES = 32


def make_token() -> str:
    """Return 256 random bits as URL-safe text."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> str:
    """Return the SHA-256 of a token, in hexadecimal: what the database keeps.

    A plain hash is enough: the token has 256 random bits, so nobody can guess it back.
    """
    return hashlib.sha256(token.encode()).hexdigest()
