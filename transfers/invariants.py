"""What must hold of transfers whatever happened (T13; quality rows 3, 7, 8, 9)."""

from collections.abc import Iterator

from portal.core.invariants import found_by

CHECKS = {
    "Transfer whose counters do not match its items": """
        SELECT transfer.id::text
        FROM transfers_transfer AS transfer
        LEFT JOIN transfers_transferlineitem AS item ON item.transfer_id = transfer.id
        GROUP BY transfer.id
        HAVING transfer.items_total <> count(item.id)
            OR transfer.items_completed <> count(item.id) FILTER (WHERE item.status = 'completed')
            OR transfer.items_failed <> count(item.id) FILTER (WHERE item.status = 'failed')
    """,
    "Transfer that has ended but has open items": """
        SELECT transfer.id::text
        FROM transfers_transfer AS transfer
        WHERE transfer.finished_at IS NOT NULL
            AND transfer.items_total > transfer.items_completed + transfer.items_failed
    """,
    "Subscription marked as in a transfer that is in none": """
        SELECT subscription.id::text
        FROM customers_subscription AS subscription
        WHERE subscription.pending_operation = 'transfer' AND NOT EXISTS (
            SELECT FROM transfers_transferlineitem AS item
            WHERE item.subscription_id = subscription.id AND item.status IN ('not_started', 'in_progress')
        )
    """,
    "Item that moved, but not to the new billing owner": """
        SELECT item.id::text
        FROM transfers_transferlineitem AS item
        JOIN transfers_transfer AS transfer ON transfer.id = item.transfer_id
        JOIN customers_subscription AS old ON old.id = item.subscription_id
        LEFT JOIN customers_subscription AS new ON new.id = item.new_subscription_id
        WHERE item.status = 'completed' AND (
            old.status <> 'transferred' OR old.billing_owner_id <> transfer.source_partner_id
            OR new.transferred_from_id IS DISTINCT FROM old.id OR new.billing_owner_id <> transfer.target_partner_id
        )
    """,
    "Transferred item whose credit and charge are not equal": """
        SELECT item.id::text
        FROM transfers_transferlineitem AS item
        LEFT JOIN billing_charge AS charge
            ON charge.reference = item.id::text AND charge.kind IN ('transfer_credit', 'transfer_charge')
        WHERE item.status = 'completed'
        GROUP BY item.id
        HAVING coalesce(sum(charge.amount), 0) <> 0
            OR coalesce(max(charge.amount), 0) <> coalesce(item.moved_amount, 0)
    """,
    "Transfer that changed without a word in the log": """
        SELECT transfer.id::text
        FROM transfers_transfer AS transfer
        WHERE transfer.sent_at IS NOT NULL AND NOT EXISTS (
            SELECT FROM audit_auditevent AS event
            WHERE event.subject_type = 'transfer' AND event.subject_id = transfer.id::text
                AND event.event_type = CASE transfer.status
                    WHEN 'pending' THEN 'create-transfer'
                    WHEN 'in_progress' THEN 'update-transfer'
                    WHEN 'completed' THEN 'complete-transfer'
                    WHEN 'completed_with_errors' THEN 'complete-transfer'
                    WHEN 'failed' THEN 'fail-transfer'
                    ELSE 'transfer-' || transfer.status
                END
        )
    """,
    "File of many transfers whose counters do not match its rows": """
        SELECT run.id::text
        FROM transfers_bulkrun AS run
        JOIN transfers_bulkrow AS row ON row.run_id = run.id
        GROUP BY run.id
        HAVING run.row_count <> count(row.id)
            OR run.done_count <> count(row.id) FILTER (WHERE row.result = 'done')
            OR run.failed_count <> count(row.id) FILTER (WHERE row.result = 'failed')
            OR run.left_out_count <> count(row.id) FILTER (WHERE row.result = 'left_out')
            OR run.green_count <> count(row.id) FILTER (WHERE row.result = 'waiting' AND row.level = 'green')
            OR run.amber_count <> count(row.id) FILTER (WHERE row.result = 'waiting' AND row.level = 'amber')
            OR run.red_count <> count(row.id) FILTER (WHERE row.result = 'waiting' AND row.level = 'red')
    """,
}
# Work that somebody should have done by now: workers or beat stand still, or something keeps failing.
LATE = {
    "File of many transfers that stands still": """
        SELECT run.id::text FROM transfers_bulkrun AS run
        WHERE run.status IN ('checking', 'running') AND run.touched_at < now() - interval '1 hour'
    """,
}


def breaches() -> Iterator[str]:
    """Yield a line for each transfer or item that contradicts itself."""
    return found_by(CHECKS)


def overdue() -> Iterator[str]:
    """Yield a line for work that lies around."""
    return found_by(LATE)
