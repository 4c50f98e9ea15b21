"""Check the log in the database: the chain, and that no event was left out of it."""

import datetime
from collections.abc import Callable

from django.db import connection

from portal.audit.chain import Fault, Head, Result, check
from portal.audit.records import sealed_links

SEALED_WITHIN = datetime.timedelta(minutes=10)

# Events that were never queued for sealing (put in with the trigger disabled), or that wait for too long.
_LEFT_OUT = """
SELECT event.public_id, waiting.queued_at
FROM audit_auditevent AS event
LEFT JOIN audit_auditseal AS seal ON seal.event_id = event.id
LEFT JOIN audit_unsealedevent AS waiting ON waiting.event_id = event.id
WHERE seal.event_id IS NULL AND (waiting.event_id IS NULL OR waiting.queued_at < %s::timestamptz)
ORDER BY event.id LIMIT 1
"""


def check_log(*, now: datetime.datetime | None, expected: Head | None, progress: Callable[[int], None]) -> Result:
    """Walk the sealed events, then look for an event without a seal; name the first fault.

    Without ``now`` an event may wait for its seal as long as it likes: no worker was there.
    """
    with sealed_links() as links:
        result = check(links, expected=expected, progress=progress)
    return result if result.fault else Result(result.head, _left_out(now))


def _left_out(now: datetime.datetime | None) -> Fault | None:
    with connection.cursor() as cursor:
        cursor.execute(_LEFT_OUT, [now and now - SEALED_WITHIN])
        found = cursor.fetchone()
    if found is None:
        return None
    public_id, queued_at = found
    reason = f"it waits for its seal since {queued_at:%Y-%m-%d %H:%M:%S} UTC" if queued_at else "it was never queued"
    return Fault("unsealed", f"event {public_id}", reason)
