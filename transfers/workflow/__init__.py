"""Every change of state of a transfer, one function each."""

from transfers.workflow.acceptance import accept_transfer, decline_transfer, mark_seen
from transfers.workflow.requests import (
    Request,
    cancel_transfer,
    close_without_relationship,
    create_transfer,
    delete_draft,
    expire_transfers,
    prepare_draft,
    remind_transfers,
    send_draft,
    wanted_again,
)
from transfers.workflow.results import finish_transfer, plan_fault, retry_failed_items

__all__ = [
    "Request",
    "accept_transfer",
    "cancel_transfer",
    "close_without_relationship",
    "create_transfer",
    "decline_transfer",
    "delete_draft",
    "expire_transfers",
    "finish_transfer",
    "mark_seen",
    "plan_fault",
    "prepare_draft",
    "remind_transfers",
    "retry_failed_items",
    "send_draft",
    "wanted_again",
]
