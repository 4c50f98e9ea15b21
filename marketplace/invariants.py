"""What must hold between a subscription, its publisher's side, its orders and its charges (quality row 3)."""

from collections.abc import Iterator

from portal.core.invariants import found_by

CHECKS = {
    "Marketplace subscription whose two statuses disagree": """
        SELECT saas.subscription_id::text
        FROM marketplace_saassubscription AS saas
        JOIN customers_subscription AS row ON row.id = saas.subscription_id
        WHERE row.status <> ALL (CASE saas.status
            WHEN 'PendingFulfillmentStart' THEN ARRAY['pending']
            WHEN 'Subscribed' THEN ARRAY['active']
            WHEN 'Suspended' THEN ARRAY['suspended']
            ELSE ARRAY['expired', 'deleted']
        END)
    """,
    "Marketplace subscription that another partner is billed for than bought it": """
        SELECT saas.subscription_id::text
        FROM marketplace_saassubscription AS saas
        JOIN customers_subscription AS row ON row.id = saas.subscription_id
        WHERE row.billing_owner_id <> saas.partner_id
    """,
    "Marketplace subscription that the list over all customers shows otherwise than it is": """
        SELECT saas.subscription_id::text
        FROM marketplace_saassubscription AS saas
        JOIN customers_subscription AS row ON row.id = saas.subscription_id
        JOIN accounts_organization AS customer ON customer.id = row.customer_id
        WHERE (saas.ends_on, saas.auto_renew, saas.cancelable_until, saas.reseller_id, saas.customer_name_key)
            IS DISTINCT FROM
            (row.ends_on, row.auto_renew, row.cancelable_until, row.reseller_id, customer.name_key)
            OR (row.friendly_name !~ '[^ -~]' AND saas.name_key <> lower(row.friendly_name))
            OR (row.product_name !~ '[^ -~]' AND saas.product_key <> lower(row.product_name))
    """,
    "Marketplace subscription charged without ever having been activated": """
        SELECT charge.id::text
        FROM billing_charge AS charge
        JOIN marketplace_saassubscription AS saas ON saas.subscription_id = charge.subscription_id
        WHERE saas.activated_at IS NULL
    """,
    "Marketplace subscription charged for days before its activation": """
        SELECT charge.id::text
        FROM billing_charge AS charge
        JOIN marketplace_saassubscription AS saas ON saas.subscription_id = charge.subscription_id
        WHERE charge.kind <> 'metered' AND charge.starts_on < (saas.activated_at AT TIME ZONE 'UTC')::date
    """,
    "Two charges for the same cycle of a marketplace subscription": """
        SELECT first.id::text
        FROM billing_charge AS first
        JOIN marketplace_saassubscription AS saas ON saas.subscription_id = first.subscription_id
        JOIN billing_charge AS second ON second.subscription_id = first.subscription_id AND second.id > first.id
        WHERE first.kind IN ('new', 'cycle', 'renewal') AND second.kind IN ('new', 'cycle', 'renewal')
            AND daterange(first.starts_on, first.ends_on) && daterange(second.starts_on, second.ends_on)
    """,
    "Subscription that shows a running change without one, or hides one": """
        SELECT saas.subscription_id::text
        FROM marketplace_saassubscription AS saas
        JOIN customers_subscription AS row ON row.id = saas.subscription_id
        LEFT JOIN marketplace_operation AS operation
            ON operation.saas_id = saas.subscription_id AND operation.status = 'InProgress'
        WHERE row.pending_operation <> CASE operation.action
            WHEN 'ChangeQuantity' THEN 'quantity' WHEN 'ChangePlan' THEN 'plan' ELSE '' END
    """,
    "Order whose lines do not add up to its total": """
        SELECT placed.id::text
        FROM marketplace_order AS placed
        WHERE placed.total <> (
            SELECT coalesce(sum(line.total), 0) FROM marketplace_orderline AS line WHERE line.order_id = placed.id
        )
    """,
}


def breaches() -> Iterator[str]:
    """Yield a line for everything in the marketplace that contradicts itself."""
    return found_by(CHECKS)


# Work that somebody should have done by now: workers or beat stand still, or something keeps failing.
LATE = {
    "Call to a publisher that nobody makes": """
        SELECT call.id::text FROM marketplace_webhookcall AS call
        WHERE call.status = 'waiting' AND call.next_attempt_at < now() - interval '1 hour'
    """,
    "Change that its publisher agreed to, and nobody carries out": """
        SELECT operation.id::text FROM marketplace_operation AS operation
        WHERE operation.status = 'InProgress'
            AND least(operation.accepts_itself_at, operation.fails_at) < now() - interval '1 hour'
    """,
    "Marketplace subscription whose billing stands still": """
        SELECT saas.subscription_id::text FROM marketplace_saassubscription AS saas
        WHERE saas.status = 'Subscribed' AND saas.billed_until < current_date - 2
            AND NOT EXISTS (
                SELECT FROM marketplace_operation AS operation
                WHERE operation.saas_id = saas.subscription_id AND operation.status = 'InProgress'
            )
    """,
}


def overdue() -> Iterator[str]:
    """Yield a line for work that lies around."""
    return found_by(LATE)
