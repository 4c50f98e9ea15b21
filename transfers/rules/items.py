"""Which items move, and why others do not (T5; portal reference, section 6.3).

The review page, acceptance and processing all ask these functions, so that preflight cannot promise what the run does
not keep (X1). They read plain facts and never the database.
"""

import datetime
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from customers.enums import (
    BillingFrequency,
    MoveRestriction,
    PendingOperation,
    ProductFamily,
    ReservationScope,
    SubscriptionStatus,
)
from transfers.enums import TYPE_OF_FAMILY, ProductType
from transfers.reasons import Finding

F, S = ProductFamily, SubscriptionStatus
_NEVER: dict[str, str] = {
    F.SOFTWARE: "software-does-not-move",
    F.PERPETUAL_SOFTWARE: "perpetual-software-does-not-move",
    F.THIRD_PARTY: "third-party-does-not-move",
    F.SHARED_SERVICES: "shared-services-do-not-move",
    F.AZURE_PLAN: "azure-plan-stays",
}
_AZURE_PLAN_NEEDED = frozenset({F.AZURE_SUBSCRIPTION, F.AZURE_LEGACY, F.RESERVATION, F.SAVINGS_PLAN})
_COMMITMENTS = frozenset({F.RESERVATION, F.SAVINGS_PLAN})
_LIVING = frozenset({S.PENDING, S.ACTIVE, S.SUSPENDED})
_BASES = frozenset({F.LICENSE_BASED, F.AZURE_SUBSCRIPTION, F.AZURE_LEGACY})  # what others can belong to and follow


class ItemFacts(NamedTuple):
    """What the rules ask about one subscription. The order is that of ``queries.FACTS``."""

    id: uuid.UUID
    family: str
    status: str
    is_trial: bool
    pending_operation: str
    parent_id: uuid.UUID | None
    scope: str
    move_restriction: str
    billing_frequency: str
    ends_on: datetime.date | None
    friendly_name: str


@dataclass(frozen=True)
class Context:
    """What holds for all items of one transfer.

    ``items``: what belongs to, or is the base of, the items asked about. ``product_types`` empty: all kinds.
    """

    today: datetime.date
    product_types: frozenset[str] = frozenset()
    target_has_azure_plan: bool = True
    keeps_previous_offer: bool = False  # a partner that becomes the target's reseller brings it along as it is (A2)
    currencies_differ: bool = False
    items: Mapping[uuid.UUID, ItemFacts] = field(default_factory=dict)
    children: Mapping[uuid.UUID, Sequence[ItemFacts]] = field(default_factory=dict)
    cycle_ends: Mapping[uuid.UUID, datetime.date] = field(default_factory=dict)  # of items that are billed in cycles


def item_findings(item: ItemFacts, context: Context) -> list[Finding]:
    """Return all that stops an item, or is to be known before it moves, the stopping reasons first."""
    findings = [*_own(item, context), *_of_dependents(item, context)]
    return sorted(findings, key=lambda finding: not finding.stops)


def can_move(item: ItemFacts, context: Context) -> bool:
    """Say whether the source may choose the item."""
    return not any(finding.stops for finding in item_findings(item, context))


def following(item: ItemFacts, context: Context) -> list[ItemFacts]:
    """Return what moves along with an item: add-ons, reservations of single scope, marketplace products inside it."""
    if item.family not in _BASES:
        return []
    return [child for child in context.children.get(item.id, ()) if _follows(child)]


def product_type_of(item: ItemFacts, base: ItemFacts | None = None) -> ProductType:
    """Return the kind of an item; a marketplace product inside an Azure subscription counts as that one's."""
    kind = TYPE_OF_FAMILY.get(item.family) or (TYPE_OF_FAMILY.get(base.family) if base else None)
    if kind is None:
        raise ValueError(f"{item.family} never moves")
    return kind


def processing_finding(item: ItemFacts, context: Context) -> Finding | None:
    """Return what stops an accepted item now, or ``None``. Its own mark as part of a transfer does not."""
    freed = item._replace(pending_operation="") if item.pending_operation == PendingOperation.TRANSFER else item
    if item.family == F.THIRD_PARTY and item.parent_id is not None:
        return None if item.status in _LIVING else _not_active(item)
    return next((finding for finding in _own(freed, context, alone=False) if finding.stops), None)


def _own(item: ItemFacts, context: Context, *, alone: bool = True) -> Iterator[Finding]:
    """What the item itself says. ``alone``: it was chosen for itself, not because it follows another."""
    if never := _NEVER.get(item.family):
        yield Finding(never)
        return
    base = context.items.get(item.parent_id) if item.parent_id else None
    if alone and base is not None and base.family in _BASES and base.status in _LIVING and _follows(item):
        yield Finding("moves-with-its-base", {"name": base.friendly_name})
    if alone and context.product_types and TYPE_OF_FAMILY[item.family] not in context.product_types:
        yield Finding("type-not-requested")
    if item.is_trial:
        yield Finding("trial-does-not-move")
    if item.status != S.ACTIVE:
        yield _not_active(item)
    elif item.ends_on is not None and item.ends_on <= context.today:
        yield Finding("term-is-over", {"date": item.ends_on.isoformat()})
    if item.pending_operation == PendingOperation.TRANSFER:
        yield Finding("in-another-transfer")
    elif item.pending_operation:
        yield Finding("operation-running", {"operation": PendingOperation(item.pending_operation)})
    if _needs_azure_plan(item, context) and not context.target_has_azure_plan:
        yield Finding("azure-plan-missing-at-target")
    yield from _warnings(item, context)


def _needs_azure_plan(item: ItemFacts, context: Context) -> bool:
    """Say whether the item goes below an Azure plan of the target."""
    if item.family == F.AZURE_LEGACY and context.keeps_previous_offer:
        return False
    return item.family in _AZURE_PLAN_NEEDED


def _warnings(item: ItemFacts, context: Context) -> Iterator[Finding]:
    if item.family == F.AZURE_LEGACY and not context.keeps_previous_offer:
        yield Finding("converts-to-azure-plan")
    if item.family in _COMMITMENTS:
        if item.billing_frequency == BillingFrequency.UPFRONT:
            yield Finding("prepaid-stays-as-it-is")
        elif context.currencies_differ and item.id in context.cycle_ends:
            yield Finding("ends-at-next-cycle", {"date": context.cycle_ends[item.id].isoformat()})


def _of_dependents(item: ItemFacts, context: Context) -> Iterator[Finding]:
    for child in following(item, context):
        if child.family == F.THIRD_PARTY:
            if child.move_restriction:
                restriction = MoveRestriction(child.move_restriction).label
                yield Finding("marketplace-product-inside", {"name": child.friendly_name, "restriction": restriction})
            continue
        for finding in _own(child, context, alone=False):
            if finding.stops:
                params = {"name": child.friendly_name, "message": finding.message}
                yield Finding("dependent-item-cannot-move", params)
            else:
                yield finding


def _follows(child: ItemFacts) -> bool:
    """Say whether something that belongs to another item moves with it; a shared reservation stands for itself.

    A reservation or savings plan that is not active stays where it is and keeps nothing else from moving.
    """
    if child.family in _COMMITMENTS:
        return child.status == S.ACTIVE and child.scope == ReservationScope.SINGLE
    return child.status in _LIVING and child.family in {F.LICENSE_BASED, F.THIRD_PARTY}


def _not_active(item: ItemFacts) -> Finding:
    return Finding("item-not-active", {"status": SubscriptionStatus(item.status)})
