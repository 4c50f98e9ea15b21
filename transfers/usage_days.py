"""On which day a subscription that moved became the target's: the day of acceptance, whenever it moved (0031)."""

TRANSFER_DAYS = """
    SELECT item.subscription_id, (transfer.accepted_at AT TIME ZONE 'UTC')::date
    FROM transfers_transferlineitem AS item JOIN transfers_transfer AS transfer ON transfer.id = item.transfer_id
    WHERE item.status = 'completed'
"""
