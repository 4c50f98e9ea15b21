"""What is allowed with transfers and their items, and why not."""

from transfers.rules.facts import Wanted, with_facts
from transfers.rules.items import Context, ItemFacts, can_move, following, item_findings, processing_finding
from transfers.rules.paths import PATHS
from transfers.rules.prerequisites import Check, check_prerequisites, prerequisites, resolve
from transfers.rules.states import (
    check_can_accept,
    check_can_cancel,
    check_can_decline,
    check_can_delete_draft,
    check_can_retry,
    check_can_send_draft,
    check_is_draft,
    why_not,
)

__all__ = [
    "PATHS",
    "Check",
    "Context",
    "ItemFacts",
    "Wanted",
    "can_move",
    "check_can_accept",
    "check_can_cancel",
    "check_can_decline",
    "check_can_delete_draft",
    "check_can_retry",
    "check_can_send_draft",
    "check_is_draft",
    "check_prerequisites",
    "following",
    "item_findings",
    "prerequisites",
    "processing_finding",
    "resolve",
    "why_not",
    "with_facts",
]
