"""The keys that sign tokens: made on demand, newest signs, kept sealed (quality row 22)."""

import datetime
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from django.conf import settings
from django.db import connection, transaction
from jwt.algorithms import RSAAlgorithm

from portal.api.models import SigningKey
from portal.core import sealing

ROTATION = datetime.timedelta(days=settings.API_KEY_ROTATION_DAYS)
KEPT_AFTERWARDS = datetime.timedelta(days=2)  # far longer than any token lives
LOCK = 0x6170695F6B6579  # "api_key": two processes must not both make the next key

_public_keys: dict[str, RSAPublicKey] = {}  # a key never changes; a process keeps those it has met


def signing_key(now: datetime.datetime) -> SigningKey:
    """Return the newest key, making one where there is none or the newest has served its time."""
    newest = SigningKey.objects.order_by("-created_at").first()
    if newest is not None and now - newest.created_at < ROTATION:
        return newest
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        newest = SigningKey.objects.order_by("-created_at").first()  # somebody else may have made it meanwhile
        if newest is None or now - newest.created_at >= ROTATION:
            newest = _make_key(now)
    return newest


def private_key(key: SigningKey) -> RSAPrivateKey:
    """Return the private key for signing.

    OpenSSL's search for a bad key is left out: it takes a hundred times as long as a signature, and the seal is a
    proof already that the key is the one that we made.
    """
    pem = sealing.unseal(bytes(key.private_key))
    loaded = serialization.load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(loaded, RSAPrivateKey)  # noqa: S101 - we wrote it
    return loaded


def public_key(kid: str) -> RSAPublicKey | None:
    """Return the key that checks signatures of this id; ``None`` where there is no such key."""
    if kid not in _public_keys:
        row = SigningKey.objects.filter(pk=kid).first()
        if row is None:
            return None
        _public_keys[kid] = _load(row)
    return _public_keys[kid]


def published() -> dict[str, list[dict[str, Any]]]:
    """Return the JSON Web Key Set of all keys whose tokens may be in use."""
    keys = []
    for row in SigningKey.objects.order_by("-created_at"):
        jwk = json.loads(RSAAlgorithm.to_jwk(_load(row)))
        keys.append({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": row.kid, "n": jwk["n"], "e": jwk["e"]})
    return {"keys": keys}


def forget_old(now: datetime.datetime) -> int:
    """Delete keys whose tokens have all run out; return how many."""
    deleted, _ = SigningKey.objects.filter(created_at__lt=now - ROTATION - KEPT_AFTERWARDS).delete()
    return deleted


def _load(row: SigningKey) -> RSAPublicKey:
    key = serialization.load_pem_public_key(row.public_key.encode())
    assert isinstance(key, RSAPublicKey)  # noqa: S101 - we wrote it
    return key


def _make_key(now: datetime.datetime) -> SigningKey:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return SigningKey.objects.create(
        kid=secrets.token_urlsafe(20), private_key=sealing.seal(pem), public_key=public.decode(), created_at=now
    )
