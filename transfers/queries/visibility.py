"""Which fields of a transfer, and of the items in it, each party sees (T13, quality row 17). The one table.

Before completion the target sees nothing of what the source has or chose; the source sees nothing of what the target
makes of it; the customer sees who, what state and when, and after completion the names of what moved.
"""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from portal.accounts.actor import Actor
from transfers.enums import FINISHED_STATUSES, LineItemStatus, Party, TransferStatus
from transfers.models import Transfer, TransferLineItem

_SOURCE, _TARGET, _RESELLER, _CUSTOMER = Party.SOURCE, Party.TARGET, Party.RESELLER, Party.CUSTOMER
_ALL = frozenset(Party)
_PARTNERS = frozenset({_SOURCE, _TARGET, _RESELLER})
_TARGET_SIDE = frozenset({_TARGET, _RESELLER})
_BOTH_ENDS = frozenset({_SOURCE, _TARGET})

FIELDS: Mapping[str, frozenset[Party]] = {
    **dict.fromkeys(("id", "status", "customer_id", "product_types"), _ALL),
    **dict.fromkeys(("source_partner", "target_partner", "reseller"), _ALL),
    **dict.fromkeys(("sent_at", "expires_at", "accepted_at", "closed_at", "finished_at"), _ALL),
    **dict.fromkeys(("customer_name", "customer_email", "customer_language", "source_partner_name"), _PARTNERS),
    **dict.fromkeys(("wishes", "note", "seen_at", "close_reason", "target_partner_email"), _PARTNERS),
    **dict.fromkeys(("partner_on_record", "created_at", "created_by_name"), _TARGET_SIDE),
    **dict.fromkeys(("seen_by_name", "accepted_by_name", "retry_until"), frozenset({_SOURCE})),
    "closed_by_name": _PARTNERS,
    "order_id": _TARGET_SIDE,
    **dict.fromkeys(("items_total", "items_completed", "items_failed"), _PARTNERS),
}
# Said of the choice of the source: for the others only when the transfer has ended.
_AFTER_THE_END = frozenset({"items_total", "items_completed", "items_failed", "order_id"})

ITEM_FIELDS: Mapping[str, frozenset[Party]] = {
    **dict.fromkeys(("product_name", "friendly_name", "status", "completed_at"), _ALL),
    **dict.fromkeys(("position", "product_type", "quantity", "ends_early_on"), _PARTNERS),
    **dict.fromkeys(("subscription_id", "last_error"), _PARTNERS),
    **dict.fromkeys(("attempts", "next_attempt_at", "last_error_params"), frozenset({_SOURCE})),
    **dict.fromkeys(("cycle_starts_on", "cycle_ends_on", "cycle_amount", "moved_amount", "currency"), _BOTH_ENDS),
    "new_subscription_id": _TARGET_SIDE,
}


def party_of(transfer: Transfer, actor: Actor) -> Party:
    """Return what the actor's organization is to a transfer that is visible to it."""
    own = actor.organization_id
    is_draft = transfer.status == TransferStatus.DRAFT  # the source of which sees it as its reseller at most
    if own == transfer.source_partner_id and not is_draft:
        return Party.SOURCE
    if own == transfer.target_partner_id:
        return Party.TARGET
    return Party.RESELLER if actor.is_partner else Party.CUSTOMER


def sees(party: Party, field: str, transfer: Transfer) -> bool:
    """Say whether a party sees a field of the transfer now."""
    if party not in FIELDS.get(field, ()):
        return False
    return party == Party.SOURCE or field not in _AFTER_THE_END or transfer.status in FINISHED_STATUSES


def shown(transfer: Transfer, party: Party) -> dict[str, Any]:
    """Return the fields that a party sees with their values, and no others."""
    return {name: getattr(transfer, name) for name in FIELDS if sees(party, name, transfer)}


def items_shown(transfer: Transfer, party: Party) -> QuerySet[TransferLineItem]:
    """Return the line items that a party sees, in order.

    The source all of them; the target's side once the transfer has ended; the customer then what moved.
    """
    items = TransferLineItem.objects.filter(transfer=transfer).order_by("position")
    if party == Party.SOURCE:
        return items
    if transfer.status not in FINISHED_STATUSES:
        return items.none()
    return items.filter(status=LineItemStatus.COMPLETED) if party == Party.CUSTOMER else items


def shown_item(item: TransferLineItem, party: Party) -> dict[str, Any]:
    """Return the fields of an item that ``items_shown`` gave a party, with their values, and no others."""
    return {name: getattr(item, name) for name, parties in ITEM_FIELDS.items() if party in parties}
