"""What must hold of customers and relationships whatever happened (quality row 3, decisions 0020 and 0022)."""

from collections.abc import Iterator

from portal.core.invariants import found_by

CHECKS = {
    "Subscription that nobody is billed for: transferred, but not to anyone": """
        SELECT old.id::text
        FROM customers_subscription AS old
        WHERE old.status = 'transferred'
            AND NOT EXISTS (
                SELECT FROM customers_subscription AS new
                WHERE new.transferred_from_id = old.id
                    AND coalesce(new.entitlement_id, new.id) = coalesce(old.entitlement_id, old.id)
            )
    """,
    "Relationship that repeats another name, domain or country than its customer has": """
        SELECT relationship.id::text
        FROM customers_resellerrelationship AS relationship
        JOIN accounts_organization AS organization ON organization.id = relationship.customer_id
        WHERE (
            relationship.customer_name, relationship.customer_name_key, relationship.customer_domain,
            relationship.customer_country
        ) IS DISTINCT FROM (organization.name, organization.name_key, lower(organization.domain), organization.country)
    """,
    "Relationship that is wrong about the customer agreement": """
        SELECT relationship.id::text
        FROM customers_resellerrelationship AS relationship
        WHERE relationship.status = 'active' AND relationship.has_agreement <> EXISTS (
            SELECT FROM customers_customeragreement AS agreement
            WHERE agreement.customer_id = relationship.customer_id AND agreement.partner_id = CASE relationship.kind
                WHEN 'reseller' THEN relationship.counterpart_id ELSE relationship.partner_id
            END
        )
    """,
    "Tag of a customer that its partner does not have": """
        SELECT relationship.id::text
        FROM customers_resellerrelationship AS relationship
        WHERE relationship.status = 'active' AND EXISTS (
            SELECT FROM unnest(relationship.tags) AS own (name)
            WHERE NOT EXISTS (
                SELECT FROM customers_tag AS tag WHERE tag.partner_id = relationship.partner_id AND tag.name = own.name
            )
        )
    """,
    "Indirect reseller that is billed for a subscription": """
        SELECT subscription.id::text
        FROM customers_subscription AS subscription
        JOIN accounts_organization AS organization ON organization.id = subscription.billing_owner_id
        WHERE organization.kind = 'indirect_reseller' AND subscription.status IN ('pending', 'active', 'suspended')
    """,
    "Indirect reseller with a customer in its own name": """
        SELECT relationship.id::text
        FROM customers_resellerrelationship AS relationship
        JOIN accounts_organization AS organization ON organization.id = relationship.partner_id
        WHERE organization.kind = 'indirect_reseller' AND relationship.kind <> 'reseller'
            AND relationship.status = 'active'
    """,
    "Reseller with a customer through a provider that is not its partner": """
        SELECT relationship.id::text
        FROM customers_resellerrelationship AS relationship
        WHERE relationship.kind = 'reseller' AND relationship.status = 'active' AND NOT EXISTS (
            SELECT FROM accounts_partnership AS partnership
            WHERE partnership.provider_id = relationship.counterpart_id
                AND partnership.reseller_id = relationship.partner_id AND partnership.status = 'active'
        )
    """,
}


def breaches() -> Iterator[str]:
    """Yield a line for each relationship or subscription that stands against a rule."""
    return found_by(CHECKS)
