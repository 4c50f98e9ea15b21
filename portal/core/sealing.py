"""Encrypt secrets that must be read again: webhook secrets, unique links waiting in the outbox (quality row 22)."""

import base64

from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def _key(secret: str) -> Fernet:
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=b"portal.core.sealing").derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def _keys() -> MultiFernet:
    return MultiFernet([_key(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def seal(plain: bytes) -> bytes:
    """Encrypt with a key derived from SECRET_KEY."""
    return _keys().encrypt(plain)


def unseal(sealed: bytes) -> bytes:
    """Decrypt; also with SECRET_KEY_FALLBACKS, so that the key can be rotated.

    Raises: cryptography.fernet.InvalidToken.
    """
    return _keys().decrypt(bytes(sealed))


def proofs() -> list[bytes]:
    """Return one sealed text for each key: whoever can unseal it later has that key."""
    return [_key(secret).encrypt(b"a proof") for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
