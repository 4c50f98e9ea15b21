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
    "Delivery that waits without a time, or has one though it does not wait": """
        SELECT delivery.id::text FROM webhooks_webhookdelivery AS delivery
        WHERE (delivery.status = 'waiting') = (delivery.next_attempt_at IS NULL)""",
    "Delivery counted otherwise than its attempts": """
        SELECT delivery.id::text FROM webhooks_webhookdelivery AS delivery
        WHERE delivery.attempts <> (
            SELECT count(*) FROM webhooks_deliveryattempt AS attempt WHERE attempt.delivery_id = delivery.id
        )""",
}


def breaches() -> Iterator[str]:
    """Yield what is broken."""
    return found_by(BREACHES)
