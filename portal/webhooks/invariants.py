"""What must hold for webhook deliveries (quality row 3)."""

from collections.abc import Iterator

from portal.core.invariants import found_by

BREACHES = {
    "Delivery to an organization that does not see the event": """
        SELECT delivery.id::text FROM webhooks_webhookdelivery AS delivery
        JOIN webhooks_webhookregistration AS registration ON registration.id = delivery.registration_id
        WHERE NOT EXISTS (
            SELECT FROM audit_auditeventparty AS party
            WHERE party.event_id = delivery.event_id AND party.organization_id = registration.organization_id
        )""",
    "Delivery of another kind than its event": """
        SELECT delivery.id::text FROM webhooks_webhookdelivery AS delivery
        JOIN audit_auditevent AS event ON event.id = delivery.event_id
        WHERE event.event_type <> delivery.event_type""",
}


def breaches() -> Iterator[str]:
    """Yield what is broken."""
    return found_by(BREACHES)
