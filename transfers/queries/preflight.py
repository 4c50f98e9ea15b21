"""Everything a customer has at the source, as the review page shows it: what can move, in groups, and what cannot (X1).

The rules are asked of every item, for that is what "choose everything that can move" promises; rows with their words
and money are then read for one page only.
"""

import datetime
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from customers.enums import ProductFamily
from customers.models import Subscription
from transfers import rules, statements
from transfers.enums import TYPE_OF_FAMILY, Level, ProductType
from transfers.models import Transfer
from transfers.queries.items import context_for, source_items
from transfers.reasons import Finding
from transfers.rules import Context, ItemFacts

# In the order of the page (reference 6.4.4); Azure subscriptions come first, below their plans.
_ORDER = (ProductType.AZURE_RESERVATION, ProductType.AZURE_SAVINGS_PLAN, ProductType.LICENSE_BASED)
CANNOT_MOVE = "cannot-move"
NAMED_AT_MOST = 500  # beyond that, reading all the customer has costs less than naming thousands of ids


@dataclass(frozen=True)
class Group:
    """Items that stand together: those of one Azure plan, of one kind, or all that cannot move."""

    key: str
    kind: ProductType | None
    item_ids: Sequence[uuid.UUID]
    plan_id: uuid.UUID | None = None
    plan_name: str = ""


@dataclass(frozen=True)
class Preflight:
    """What the rules say of every item that can be chosen or refused by itself; what follows another is not listed."""

    context: Context
    findings: dict[uuid.UUID, list[Finding]]
    groups: Sequence[Group]

    @cached_property
    def movable(self) -> Sequence[uuid.UUID]:
        """The items that can be chosen, in the order of the page."""
        return [item_id for group in self.groups if group.key != CANNOT_MOVE for item_id in group.item_ids]

    @property
    def with_warning(self) -> int:
        return sum(1 for item_id in self.movable if self.findings[item_id])

    @property
    def blocked(self) -> int:
        return sum(len(group.item_ids) for group in self.groups if group.key == CANNOT_MOVE)

    def level(self, item_id: uuid.UUID) -> Level:
        found = self.findings[item_id]
        if any(finding.stops for finding in found):
            return Level.RED
        return Level.AMBER if found else Level.GREEN

    def following(self, item_id: uuid.UUID) -> list[ItemFacts]:
        return rules.following(self.context.items[item_id], self.context)

    def group(self, key: str) -> Group | None:
        return next((group for group in self.groups if group.key == key), None)

    def page(self, number: int, size: int) -> "PreflightPage":
        """Return a page of the list, each group cut to what stands on it; the last page where there is none so far."""
        total = sum(len(group.item_ids) for group in self.groups)
        last = max((total + size - 1) // size, 1)
        number = min(max(number, 1), last)
        first, shown, at = (number - 1) * size, [], 0
        for group in self.groups:
            ids = group.item_ids[max(first - at, 0) : max(first + size - at, 0)]
            at += len(group.item_ids)
            if ids:
                shown.append((group, ids))
        return PreflightPage(number, last, shown)


@dataclass(frozen=True)
class PreflightPage:
    """One page of the list: the groups, each with the items of it that stand on this page."""

    number: int
    last: int
    groups: Sequence[tuple[Group, Sequence[uuid.UUID]]]

    @property
    def item_ids(self) -> list[uuid.UUID]:
        return [item_id for _group, ids in self.groups for item_id in ids]


@dataclass(frozen=True)
class Chosen:
    """What a choice comes to: how many items, how many follow them, and what moves in each currency."""

    items: int
    following: int
    totals: dict[str, Decimal]


def preflight(transfer: Transfer, *, today: datetime.date) -> Preflight:
    """Ask the rules of everything the customer has at the source; two queries, whatever the number."""
    context = context_for(transfer, today=today)
    follows = {child.id for item in context.items.values() for child in rules.following(item, context)}
    plans = {item.id: item for item in context.items.values() if item.family == ProductFamily.AZURE_PLAN}
    findings: dict[uuid.UUID, list[Finding]] = {}
    groups: dict[str, list[uuid.UUID]] = {}
    for item in context.items.values():
        if item.id in plans or item.id in follows:
            continue
        found = findings[item.id] = rules.item_findings(item, context)
        key = CANNOT_MOVE if any(finding.stops for finding in found) else _key(item)
        groups.setdefault(key, []).append(item.id)
    return Preflight(context, findings, _in_order(groups, plans))


def _key(item: ItemFacts) -> str:
    kind = TYPE_OF_FAMILY[item.family]
    return str(item.parent_id or kind) if kind == ProductType.AZURE_SUBSCRIPTION else str(kind)


def _in_order(groups: dict[str, list[uuid.UUID]], plans: dict[uuid.UUID, ItemFacts]) -> list[Group]:
    ordered = [
        Group(str(plan.id), ProductType.AZURE_SUBSCRIPTION, groups.pop(str(plan.id)), plan.id, plan.friendly_name)
        for plan in plans.values()
        if str(plan.id) in groups
    ]
    last = {str(kind): kind for kind in _ORDER}
    others = [key for key in groups if key not in last and key != CANNOT_MOVE]  # Azure subscriptions of no plan
    ordered += [Group(key, ProductType.AZURE_SUBSCRIPTION, groups[key]) for key in others]
    ordered += [Group(key, kind, groups[key]) for key, kind in last.items() if key in groups]
    if CANNOT_MOVE in groups:
        ordered.append(Group(CANNOT_MOVE, None, groups[CANNOT_MOVE]))
    return ordered


def chosen(transfer: Transfer, found: Preflight, item_ids: Collection[uuid.UUID]) -> Chosen:
    """Return what a choice comes to; the items with what follows them in one query."""
    following = [child.id for item_id in item_ids for child in found.following(item_id)]
    moving = {*item_ids, *following}
    if len(moving) > NAMED_AT_MOST:
        rows = [row for row in source_items(transfer) if row.pk in moving]
    else:
        rows = list(subscriptions(moving).values())
    money = [statements.item_statement(row, found.context.today) for row in rows]
    return Chosen(len(item_ids), len(following), statements.totals(money))


def subscriptions(item_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Subscription]:
    """Return these subscriptions by their id."""
    return {row.pk: row for row in Subscription.objects.filter(pk__in=list(item_ids))}
