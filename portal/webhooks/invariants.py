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
    "Replay of another event, or of another replay": """
        SELECT replay.id::text FROM webhooks_webhookdelivery AS replay
        JOIN webhooks_webhookdelivery AS first ON first.id = replay.replay_of_id
        WHERE (replay.registration_id, replay.event_id, replay.event_type, replay.body)
            IS DISTINCT FROM (first.registration_id, first.event_id, first.event_type, first.body)
        OR first.replay_of_id IS NOT NULL""",
    "Delivery that waits for a webhook that takes none": """
        SELECT delivery.id::text FROM webhooks_webhookdelivery AS delivery
        JOIN webhooks_webhookregistration AS registration ON registration.id = delivery.registration_id
        WHERE delivery.status = 'waiting' AND registration.removed_at IS NOT NULL""",
}

OVERDUE = {
    "Webhook delivery whose next attempt is overdue by ten minutes": """
        SELECT delivery.id::text FROM webhooks_webhookdelivery AS delivery
        JOIN webhooks_webhookregistration AS registration ON registration.id = delivery.registration_id
        WHERE delivery.status = 'waiting' AND delivery.next_attempt_at < now() - interval '10 minutes'
            AND registration.is_active AND registration.paused_at IS NULL AND registration.failing_since IS NULL""",
    "Webhook that has failed for two days, of which nobody was told": """
        SELECT id::text FROM webhooks_webhookregistration
        WHERE failing_since < now() - interval '2 days' AND failing_told_at IS NULL
            AND is_active AND paused_at IS NULL AND removed_at IS NULL""",
}


def breaches() -> Iterator[str]:
    """Yield what is broken."""
    return found_by(BREACHES)


def overdue() -> Iterator[str]:
    """Yield what should be delivered or told by now."""
    return found_by(OVERDUE)
