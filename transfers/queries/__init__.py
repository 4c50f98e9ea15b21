"""What pages, API and workflow read of transfers: everything already scoped to the actor."""

from transfers.queries.items import (
    FACTS,
    context_for,
    context_of,
    facts_of,
    sandbox_subscription,
    source_items,
    uses_of_relationship,
)
from transfers.queries.lists import (
    DEFAULT_ORDER,
    ORDERS,
    OpenCounts,
    TransferFilter,
    all_transfers,
    find_transfer,
    open_counts,
    transfer_of,
    transfer_page,
)
from transfers.queries.visibility import items_shown, party_of, sees, shown, shown_item

__all__ = [
    "DEFAULT_ORDER",
    "FACTS",
    "ORDERS",
    "OpenCounts",
    "TransferFilter",
    "all_transfers",
    "context_for",
    "context_of",
    "facts_of",
    "find_transfer",
    "items_shown",
    "open_counts",
    "party_of",
    "sandbox_subscription",
    "sees",
    "shown",
    "shown_item",
    "source_items",
    "transfer_of",
    "transfer_page",
    "uses_of_relationship",
]
