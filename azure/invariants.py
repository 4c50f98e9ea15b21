"""What must hold between first-party subscriptions, their terms and their charges (quality row 3)."""

from collections.abc import Iterator

from portal.core.invariants import found_by

CHECKS = {
    "Two charges for the same cycle of a first-party subscription": """
        SELECT first.id::text
        FROM billing_charge AS first
        JOIN azure_productterm AS term ON term.subscription_id = first.subscription_id
        JOIN billing_charge AS second ON second.subscription_id = first.subscription_id AND second.id > first.id
        WHERE first.kind IN ('new', 'cycle', 'renewal') AND second.kind IN ('new', 'cycle', 'renewal')
            AND daterange(first.starts_on, first.ends_on) && daterange(second.starts_on, second.ends_on)
            AND NOT EXISTS (  -- another term or billing frequency gave the rest of the first cycle back
                SELECT FROM billing_charge AS given_back
                WHERE given_back.subscription_id = first.subscription_id AND given_back.kind = 'convert'
                    AND given_back.starts_on >= least(first.starts_on, second.starts_on)
                    AND given_back.starts_on <= greatest(first.starts_on, second.starts_on)
            )
    """,
    "Azure subscription that stands below something else than an Azure plan of its partner": """
        SELECT row.id::text
        FROM customers_subscription AS row
        JOIN customers_subscription AS plan ON plan.id = row.parent_id
        WHERE row.product_family = 'azure_subscription' AND row.status IN ('active', 'suspended')
            AND (plan.product_family <> 'azure_plan' OR plan.customer_id <> row.customer_id
                OR plan.billing_owner_id <> row.billing_owner_id)
    """,
    "Subscription that shows a conversion to the Azure plan without one, or hides one": """
        SELECT row.id::text
        FROM customers_subscription AS row
        FULL JOIN (SELECT subscription_id FROM azure_transitionitem WHERE status = 'running') AS item
            ON item.subscription_id = row.id
        WHERE (row.pending_operation = 'conversion') <> (item.subscription_id IS NOT NULL)
    """,
    "More licenses that can be taken back than there are": """
        SELECT row.id::text
        FROM customers_subscription AS row
        JOIN azure_licenseaddition AS addition ON addition.subscription_id = row.id
        WHERE row.status IN ('active', 'suspended') AND addition.reducible_until > now()
        GROUP BY row.id HAVING sum(addition."left") > row.quantity
    """,
    "Transition to the Azure plan that has ended with something still running": """
        SELECT transition.id::text
        FROM azure_plantransition AS transition
        WHERE transition.status <> 'running' AND EXISTS (
            SELECT FROM azure_transitionitem AS item
            WHERE item.transition_id = transition.id AND item.status = 'running'
        )
    """,
}


def breaches() -> Iterator[str]:
    """Yield a line for everything in first-party products that contradicts itself."""
    return found_by(CHECKS)


# Work that somebody should have done by now: workers or beat stand still, or something keeps failing.
LATE = {
    "First-party subscription whose billing stands still": """
        SELECT term.subscription_id::text
        FROM azure_productterm AS term
        JOIN customers_subscription AS row ON row.id = term.subscription_id
        WHERE term.ended_at IS NULL AND row.status IN ('active', 'suspended') AND row.pending_operation = ''
            AND term.billed_until < current_date - 2
    """,
    "Transition to the Azure plan that nobody works on": """
        SELECT transition.id::text FROM azure_plantransition AS transition
        WHERE transition.status = 'running' AND transition.started_at < now() - interval '1 hour'
    """,
}


def overdue() -> Iterator[str]:
    """Yield a line for work that lies around."""
    return found_by(LATE)
