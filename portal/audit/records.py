"""The text of an event as it is sealed: one SQL expression for the sealer, the checker and the export.

PostgreSQL writes it, so that a number or an accent never passes through a second program on its way to the hash. It
names every column of the event and of its parties. A column added later starts a new version beside this one: sealed
events keep the version they were sealed under (decision 0008).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from portal.audit.chain import Link

RECORD_SQL = """
jsonb_build_object(
    'v', 1,
    'id', event.id,
    'public_id', event.public_id,
    'event_type', event.event_type,
    'outcome', event.outcome,
    'occurred_at', to_char(event.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    'actor_user_id', event.actor_user_id,
    'actor_name', event.actor_name,
    'actor_email', event.actor_email,
    'actor_organization_id', event.actor_organization_id,
    'actor_organization_name', event.actor_organization_name,
    'subject_type', event.subject_type,
    'subject_id', event.subject_id,
    'subject_name', event.subject_name,
    'customer_id', event.customer_id,
    'customer_name', event.customer_name,
    'before', event.before,
    'after', event.after,
    'details', event.details,
    'request_id', event.request_id,
    'parties', (
        SELECT coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'id', party.id,
                    'organization_id', party.organization_id,
                    'occurred_at', to_char(party.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                    'event_type', party.event_type,
                    'outcome', party.outcome,
                    'customer_id', party.customer_id,
                    'customer_key', party.customer_key,
                    'actor_user_id', party.actor_user_id,
                    'actor_key', party.actor_key,
                    'details', party.details
                )
                ORDER BY party.id
            ),
            '[]'
        )
        FROM audit_auditeventparty AS party
        WHERE party.event_id = event.id
    )
)::text
"""

RECORDS = f"SELECT event.id, {RECORD_SQL} FROM audit_auditevent AS event WHERE event.id = ANY(%s) ORDER BY event.id"  # noqa: S608

_SEALED = f"""
SELECT seal.position, seal.previous_hash, seal.hash, CASE WHEN event.id IS NOT NULL THEN {RECORD_SQL} END
FROM audit_auditseal AS seal
LEFT JOIN audit_auditevent AS event ON event.id = seal.event_id
ORDER BY seal.position
"""  # noqa: S608 - both are made of constants
FETCH_SIZE = 2000


@contextmanager
def streamed(sql: str) -> Iterator[Iterator[tuple[Any, ...]]]:
    """Read the rows of a query through a server-side cursor: one snapshot, flat memory however many rows."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(sql)
        yield (row for rows in iter(lambda: cursor.fetchmany(FETCH_SIZE), []) for row in rows)


@contextmanager
def sealed_links() -> Iterator[Iterator[Link]]:
    """Give every seal with its record, in the order of the chain."""
    with streamed(_SEALED) as rows:
        yield (
            Link(position, previous_hash, own_hash, record.encode() if record is not None else None)
            for position, previous_hash, own_hash, record in rows
        )
