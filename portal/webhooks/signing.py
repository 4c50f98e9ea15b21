"""Sign notifications as Standard Webhooks says: whoever has the secret knows that they are ours, whole and fresh.

Source: Standard Webhooks specification, "Signature scheme" (symmetric, ``v1``).
"""

import base64
import datetime
import hashlib
import hmac
import secrets

from portal.core import sealing

MARK = "whsec_"
SECRET_BYTES = 32


def new_secret() -> str:
    """Return a fresh secret in the form that verifying libraries take."""
    return MARK + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers(*, message_id: str, body: bytes, sealed_secret: bytes, now: datetime.datetime) -> dict[str, str]:
    """Return the three headers of a notification."""
    moment = str(int(now.timestamp()))
    key = base64.b64decode(sealing.unseal(sealed_secret).decode().removeprefix(MARK))
    signed = b".".join((message_id.encode(), moment.encode(), body))
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": message_id, "webhook-timestamp": moment, "webhook-signature": f"v1,{signature}"}
