"""A subscription over its owners, each party its own part (T13, X8)."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.http import Http404

from customers.models import Subscription
from portal.accounts.actor import Actor
from transfers.models import TransferLineItem

# Both ways along the links of old and new rows; each step is one look into a unique index.
_CHAIN = """
    WITH RECURSIVE before AS (
        SELECT id, transferred_from_id FROM customers_subscription WHERE id = %(id)s
        UNION ALL
        SELECT old.id, old.transferred_from_id FROM customers_subscription AS old
        JOIN before ON old.id = before.transferred_from_id
    ), after AS (
        SELECT id FROM customers_subscription WHERE id = %(id)s
        UNION ALL
        SELECT new.id FROM customers_subscription AS new JOIN after ON new.transferred_from_id = after.id
    )
    SELECT id FROM before UNION SELECT id FROM after
"""


@dataclass(frozen=True)
class Neighbor:
    """The owner before or after: its name, when, by which transfer, and the identifier there if one may know it."""

    name: str
    at: datetime.datetime | None
    transfer_id: uuid.UUID | None
    subscription_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Part:
    """A time in which the subscription belonged to the actor's partner, with the neighbors it knows."""

    subscription: Subscription
    came_from: Neighbor | None = None
    went_to: Neighbor | None = None


def lineage_of(actor: Actor, subscription_id: uuid.UUID) -> Sequence[Part]:
    """Return the parts that the actor's organization had of a subscription, oldest first; three queries.

    It learns the names of those it had it from and gave it to, and the identifier at the one before; of all others
    nothing, not even that they exist. Raises: Http404.
    """
    rows = _chain(subscription_id)
    visible = Subscription.objects.visible_to(actor).filter(pk__in=[row.pk for row in rows])
    own = set(visible.values_list("pk", flat=True))
    if subscription_id not in own:
        raise Http404
    parts = []
    for number, row in enumerate(rows):
        if row.pk in own:
            before = rows[number - 1] if number else None
            after = rows[number + 1] if number + 1 < len(rows) else None
            parts.append(Part(row, _came_from(row, before), _went_to(row, after, actor)))
    return parts


def _chain(subscription_id: uuid.UUID) -> list[Subscription]:
    """Return all rows of one thing, each after the one it came from."""
    with connection.cursor() as cursor:
        cursor.execute(_CHAIN, {"id": subscription_id})
        ids = [row[0] for row in cursor.fetchall()]
    found = Subscription.objects.filter(pk__in=ids)
    rows = {row.transferred_from_id: row for row in found.select_related("billing_owner__organization", "arrived_by")}
    ordered: list[Subscription] = []
    following = rows.get(None)
    while following is not None:
        ordered.append(following)
        following = rows.get(following.pk)
    return ordered


def _came_from(row: Subscription, before: Subscription | None) -> Neighbor | None:
    if before is None:
        return None
    name = before.billing_owner.organization.name
    return Neighbor(name, before.transferred_at, _transfer_of(row), before.pk)


def _went_to(row: Subscription, after: Subscription | None, actor: Actor) -> Neighbor | None:
    """The transfer itself is seen by the one who gave, not by the reseller on record it had."""
    if after is None:
        return None
    transfer_id = _transfer_of(after) if row.billing_owner_id == actor.organization_id else None
    return Neighbor(after.billing_owner.organization.name, row.transferred_at, transfer_id)


def _transfer_of(arrived: Subscription) -> uuid.UUID | None:
    item = getattr(arrived, "arrived_by", None)
    return item.transfer_id if item else None


def transfer_ids(line_item_ids: Sequence[str]) -> dict[str, str]:
    """Return the transfer of each line item, by the item's id as charges refer to it (setting CHARGE_TRANSFERS)."""
    found = TransferLineItem.objects.filter(pk__in=line_item_ids).values_list("pk", "transfer_id")
    return {str(item_id): str(transfer_id) for item_id, transfer_id in found}
