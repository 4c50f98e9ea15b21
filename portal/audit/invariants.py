"""What must hold in the activity log (quality row 3). The chain has a checker of its own: verify_audit_log."""

from collections.abc import Iterator

from portal.core.invariants import found_by

BREACHES = {
    "Event that nobody sees": """
        SELECT public_id::text FROM audit_auditevent AS event
        WHERE NOT EXISTS (SELECT FROM audit_auditeventparty AS party WHERE party.event_id = event.id)""",
    "Event neither sealed nor waiting for its seal": """
        SELECT public_id::text FROM audit_auditevent AS event
        WHERE NOT EXISTS (SELECT FROM audit_auditseal AS seal WHERE seal.event_id = event.id)
        AND NOT EXISTS (SELECT FROM audit_unsealedevent AS waiting WHERE waiting.event_id = event.id)""",
    "Event both sealed and waiting for its seal": """
        SELECT event_id::text FROM audit_unsealedevent JOIN audit_auditseal USING (event_id)""",
    "Gap in the positions of the seals, which end at": """
        SELECT max(position)::text FROM audit_auditseal HAVING max(position) <> count(*)""",
    "Columns repeated for the filters differ from those of the event": """
        SELECT event.public_id::text FROM audit_auditeventparty AS party
        JOIN audit_auditevent AS event ON event.id = party.event_id
        WHERE (party.occurred_at, party.event_type, party.outcome) IS DISTINCT FROM
              (event.occurred_at, event.event_type, event.outcome)
        OR (party.customer_id, party.actor_user_id) IS DISTINCT FROM (event.customer_id, event.actor_user_id)""",
}

OVERDUE = {
    "Event that waits for its seal longer than ten minutes": """
        SELECT event_id::text FROM audit_unsealedevent WHERE queued_at < now() - interval '10 minutes'""",
}


def breaches() -> Iterator[str]:
    """Yield what is broken."""
    return found_by(BREACHES)


def overdue() -> Iterator[str]:
    """Yield what should be sealed by now."""
    return found_by(OVERDUE)
