"""What pages, API and workflow read of transfers: everything already scoped to the actor."""

from transfers.queries.items import (
    FACTS,
    context_for,
    facts_of,
    sandbox_subscription,
    source_items,
    uses_of_relationship,
)

__all__ = ["FACTS", "context_for", "facts_of", "sandbox_subscription", "source_items", "uses_of_relationship"]
