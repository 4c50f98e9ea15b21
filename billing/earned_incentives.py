"""What usage earns beside the credit, as a statement: each rule of its day, on the cost that is left after the credit.

Source: decision 0047. The run of a month and the page of the running month ask the same way.
"""

# Consumption alone counts, as it does for the credit. One rule holds a day for a family and competency; those of
# several competencies add up. A partner has a competency on a day or has it not, however many rows say so.
_INCENTIVES = """
    SELECT record.subscription_id, record.billing_owner_id, record.customer_id, record.currency,
        date_trunc('month', record.day)::date AS month, rule.id AS rule_id, rule.competency, rule.percent, rule.source,
        sum(record.cost * (100 - record.earned_percent)) / 100 AS base
    FROM billing_usagerecord AS record
    JOIN customers_subscription AS bought ON bought.id = record.subscription_id
    JOIN billing_incentiverule AS rule ON rule.kind = 'incentive' AND rule.family = bought.product_family
        AND record.day >= rule.valid_from AND (rule.valid_until IS NULL OR record.day < rule.valid_until)
    WHERE record.charge_id IS NULL AND record.kind = 'consumption' AND {condition}
        AND (rule.competency = '' OR EXISTS (
            SELECT FROM billing_partnercompetency AS held
            WHERE held.partner_id = record.billing_owner_id AND held.competency = rule.competency
                AND record.day >= held.valid_from AND (held.valid_until IS NULL OR record.day < held.valid_until)
        ))
    GROUP BY record.subscription_id, record.billing_owner_id, record.customer_id, record.currency, month, rule.id
"""
# For the run of a month, which charges the same records in the same statement.
DUE = _INCENTIVES.format(condition="record.day < %(before)s")
# For one partner, whose month is not charged yet.
ESTIMATED = f"""
    SELECT found.subscription_id, bought.friendly_name, customer.name, found.competency, found.percent, found.source,
        found.currency, found.base
    FROM ({
    _INCENTIVES.format(
        condition="record.billing_owner_id = %(owner)s AND record.day >= %(since)s AND record.day < %(before)s"
    )
}) AS found
    JOIN customers_subscription AS bought ON bought.id = found.subscription_id
    JOIN accounts_organization AS customer ON customer.id = found.customer_id
    ORDER BY found.base * found.percent DESC, found.subscription_id, found.rule_id
"""  # noqa: S608 - text of ours
