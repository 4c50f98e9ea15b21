"""What must hold of support cases whatever happened (quality row 9)."""

from collections.abc import Iterator

from portal.core.invariants import found_by

CHECKS = {
    "Support case without a message": """
        SELECT one.id::text FROM support_supportcase AS one
        WHERE NOT EXISTS (SELECT FROM support_casemessage AS message WHERE message.case_id = one.id)
    """,
    "Attachment of a message of another case": """
        SELECT file.id::text FROM support_caseattachment AS file
        JOIN support_casemessage AS message ON message.id = file.message_id
        WHERE message.case_id <> file.case_id
    """,
    "Support case that was opened without a word in the log": """
        SELECT one.id::text FROM support_supportcase AS one
        WHERE NOT EXISTS (
            SELECT FROM audit_auditevent AS event
            WHERE event.subject_type = 'support-case' AND event.subject_id = one.id::text
                AND event.event_type = 'support-case-opened'
        )
    """,
}


def breaches() -> Iterator[str]:
    """Yield a line for each case that contradicts itself."""
    return found_by(CHECKS)
