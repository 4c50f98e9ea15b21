"""Seal committed events: link each into the hash chain, a batch at a time (X7, decision 0008)."""

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from portal.audit.chain import Head, link_hash
from portal.audit.records import RECORDS

logger = structlog.get_logger(__name__)

BATCH_SIZE = 2000
SEALER_LOCK = 0x61756469  # "audi": one sealer at a time in this database

_HEAD = "SELECT position, hash FROM audit_auditseal ORDER BY position DESC LIMIT 1"
_TAKE = """
DELETE FROM audit_unsealedevent WHERE event_id = ANY (ARRAY(
    SELECT event_id FROM audit_unsealedevent ORDER BY event_id LIMIT %s FOR UPDATE SKIP LOCKED
)) RETURNING event_id
"""
_SEAL = "COPY audit_auditseal (position, event_id, previous_hash, hash) FROM STDIN"


def seal_waiting(*, batch_size: int = BATCH_SIZE) -> int:
    """Seal every committed event that waits, and return how many.

    Each batch is one transaction, so a killed sealer leaves a right chain and the next goes on from there. A second
    sealer finds the lock taken and stops: the one at work sees what was committed meanwhile. The order of the chain is
    the order of sealing: an event that commits late with a lower id comes later.
    """
    total = 0
    while sealed := _seal_batch(batch_size):
        total += sealed
        if sealed < batch_size:
            break
    return total


@transaction.atomic
def _seal_batch(batch_size: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        # Each statement sees what was committed before it began: first the seals of whoever held the lock before, then
        # the parties of events taken out of the queue, which from then on takes no more of them.
        cursor.execute(_HEAD)
        found = cursor.fetchone()
        cursor.execute(_TAKE, [batch_size])
        taken = [event_id for (event_id,) in cursor.fetchall()]
        if not taken:
            return 0
        cursor.execute(RECORDS, [taken])
        head = _write_seals(cursor, Head(*found) if found else Head(), cursor.fetchall())
    logger.info("audit_sealed", events=len(taken), head=str(head))  # the log keeps heads where the database cannot
    return len(taken)


def _write_seals(cursor: CursorWrapper, head: Head, records: list[tuple[int, str]]) -> Head:
    lines = []
    for event_id, record in records:
        position = head.position + 1
        own_hash = link_hash(head.hash, position, record.encode())
        lines.append(f"{position}\t{event_id}\t{head.hash}\t{own_hash}\n")
        head = Head(position, own_hash)
    with cursor.copy(_SEAL) as copy:
        copy.write("".join(lines))
    return head
