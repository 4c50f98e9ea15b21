"""One transfer as a party sees it: its fields, its items page by page, its money (T13, X3; quality rows 17 and 31)."""

import datetime
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet, Sum

from portal.accounts.actor import Actor
from portal.core.pages import Page, keyset_page, walk
from transfers.enums import OPEN_ITEM_STATUSES, LineItemStatus, Party, TransferStatus
from transfers.models import Transfer, TransferLineItem
from transfers.queries.lists import transfer_of
from transfers.queries.visibility import ITEM_FIELDS, items_shown, party_of, shown

ITEM_ORDER = ("position",)
EXPORT_BATCH = 1_000


@dataclass(frozen=True)
class Detail:
    """A transfer, what the actor's organization is to it, and the fields it may read of it."""

    transfer: Transfer
    party: Party
    fields: dict[str, Any]

    @property
    def is_running(self) -> bool:
        return self.transfer.status == TransferStatus.IN_PROGRESS

    @property
    def shows_items(self) -> bool:
        """Say whether there are items that the party may know of."""
        return "items_total" in self.fields and self.fields["items_total"] > 0

    @property
    def shows_money(self) -> bool:
        return self.shows_items and self.party in ITEM_FIELDS["moved_amount"]


@dataclass(frozen=True)
class Total:
    """What the moved items of one currency cost in the running cycles, and who pays which part (X3)."""

    currency: str
    items: int
    amount: Decimal
    moved: Decimal

    @property
    def kept(self) -> Decimal:
        return self.amount - self.moved


def detail_of(actor: Actor, transfer_id: uuid.UUID) -> Detail:
    """Return a transfer as the actor's organization may see it. Raises: Http404."""
    transfer = transfer_of(actor, transfer_id)
    party = party_of(transfer, actor)
    return Detail(transfer, party, shown(transfer, party))


def item_page(detail: Detail, *, status: str = "", cursor: str = "", size: int = 50) -> Page[TransferLineItem]:
    """Return one page of the items the party sees, by their order or those of one state; one query, no count."""
    return keyset_page(_items(detail, status), order=ITEM_ORDER, cursor=cursor, size=size)


def all_items(detail: Detail) -> Iterator[TransferLineItem]:
    """Yield every item the party sees, read in parts."""
    return walk(_items(detail), order=ITEM_ORDER, size=EXPORT_BATCH)


def _items(detail: Detail, status: str = "") -> QuerySet[TransferLineItem]:
    items = items_shown(detail.transfer, detail.party)
    return items.filter(status=status) if status else items


def totals(detail: Detail) -> list[Total]:
    """Return what the items that moved credit and charge, by currency; for a page of its own, as it reads them all."""
    if not detail.shows_money:
        return []
    moved = items_shown(detail.transfer, detail.party).filter(
        status=LineItemStatus.COMPLETED, moved_amount__isnull=False
    )
    sums = moved.order_by("currency").values("currency")
    rows = sums.annotate(items=Count("pk"), amount=Sum("cycle_amount"), moved=Sum("moved_amount"))
    return [Total(**row) for row in rows]


def next_try(transfer: Transfer) -> datetime.datetime | None:
    """Return when the next open item is due (an index gives it)."""
    waiting = TransferLineItem.objects.filter(transfer=transfer, status__in=OPEN_ITEM_STATUSES)
    return waiting.order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first()


def expected_end(
    transfer: Transfer, *, due_at: datetime.datetime | None, now: datetime.datetime
) -> datetime.datetime | None:
    """Return when a running transfer will probably end: at its pace so far, and not before its next try.

    ``None`` before anything has moved. At the latest it ends at ``retry_until``.
    """
    done = transfer.items_completed + transfer.items_failed
    if transfer.accepted_at is None or not done:
        return None
    pace = (now - transfer.accepted_at) / done
    end = max(now + pace * transfer.items_open, due_at or now)
    return min(end, transfer.retry_until) if transfer.retry_until else end
