"""What must hold of sold bundles, whatever happened (quality row 3)."""

from collections.abc import Iterator

from portal.core.invariants import found_by

CHECKS = {
    "Sold bundle whose parts do not make up its price": """
        SELECT sale.id::text
        FROM bundles_bundlesale AS sale
        JOIN bundles_bundleversion AS version ON version.id = sale.version_id
        JOIN bundles_bundlepart AS part ON part.sale_id = sale.id
        JOIN bundles_bundleline AS line ON line.id = part.line_id
        GROUP BY sale.id, version.price
        HAVING abs(sum(part.unit_price * line.quantity) - version.price) > 0.0001
    """,
    "Part of a bundle that is another customer's": """
        SELECT part.subscription_id::text
        FROM bundles_bundlepart AS part
        JOIN bundles_bundlesale AS sale ON sale.id = part.sale_id
        JOIN customers_subscription AS row ON row.id = part.subscription_id
        WHERE row.customer_id <> sale.customer_id
    """,
}


def breaches() -> Iterator[str]:
    """Yield a line for everything that is broken; nothing in a healthy database."""
    return found_by(CHECKS)
