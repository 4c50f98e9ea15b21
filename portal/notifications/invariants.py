"""What must hold for mails and the Action Center (quality row 3)."""

from collections.abc import Iterator

from portal.core.invariants import found_by

BREACHES = {
    "Mail about an event that does not exist": """
        SELECT mail.id::text FROM notifications_outgoingemail AS mail
        WHERE NOT EXISTS (
            SELECT FROM audit_auditevent AS event
            WHERE event.public_id = mail.event_id AND event.event_type = mail.event_type
        )""",
    "Action or notification about an event that does not exist": """
        SELECT item.id::text FROM notifications_actionitem AS item
        WHERE NOT EXISTS (
            SELECT FROM audit_auditevent AS event
            WHERE event.public_id = item.event_id AND event.event_type = item.event_type
        )""",
    "Action or notification of an organization that does not see its event": """
        SELECT item.id::text FROM notifications_actionitem AS item
        JOIN audit_auditevent AS event ON event.public_id = item.event_id
        WHERE NOT EXISTS (
            SELECT FROM audit_auditeventparty AS party
            WHERE party.event_id = event.id AND party.organization_id = item.organization_id
        )""",
}

OVERDUE = {
    "Mail whose next try is overdue by an hour": """
        SELECT id::text FROM notifications_outgoingemail
        WHERE status = 'waiting' AND next_attempt_at < now() - interval '1 hour'""",
    "Mail whose hand-over began more than an hour ago": """
        SELECT id::text FROM notifications_outgoingemail
        WHERE status = 'sending' AND started_at < now() - interval '1 hour'""",
}


def breaches() -> Iterator[str]:
    """Yield what is broken."""
    return found_by(BREACHES)


def overdue() -> Iterator[str]:
    """Yield what should be sent by now."""
    return found_by(OVERDUE)
