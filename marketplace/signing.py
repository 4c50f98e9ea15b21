"""The token by which a publisher knows that a webhook call is ours (fulfillment reference, section 4.5)."""

import datetime
import uuid

import jwt

from marketplace.models import Publisher
from portal.api.tokens import claims, keys
from portal.api.tokens.audiences import PUBLISHER_RESOURCE

LIFETIME = datetime.timedelta(minutes=10)
CLOCK_SKEW = datetime.timedelta(minutes=2)


def call_token(publisher: Publisher, *, now: datetime.datetime) -> str:
    """Return a token for the publisher's own app: RS256, its keys at the discovery addresses of its tenant."""
    tenant = str(publisher.pk)
    key = keys.signing_key(now)
    return jwt.encode(
        {
            "aud": str(publisher.application_id),
            "iss": claims.issuer(publisher.pk, version=2),
            "tid": tenant,
            "azp": PUBLISHER_RESOURCE,
            "azpacr": "2",
            "oid": PUBLISHER_RESOURCE,
            "sub": PUBLISHER_RESOURCE,
            "iat": int(now.timestamp()),
            "nbf": int((now - CLOCK_SKEW).timestamp()),
            "exp": int((now + LIFETIME).timestamp()),
            "uti": uuid.uuid4().hex,
            "ver": "2.0",
        },
        keys.private_key(key),
        algorithm="RS256",
        headers={"kid": key.kid, "x5t": key.kid},
    )
