"""Lists of transfers: over all customers, of one customer, and of the customer itself (reference 6.4.1)."""

import datetime
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.http import Http404

from customers.queries import as_uuid
from portal.accounts.actor import Actor
from portal.core.fields import name_key
from portal.core.pages import Page, keyset_page, walk
from transfers.enums import Direction, TransferStatus
from transfers.models import Transfer

# Sorting: parameter of the address -> columns of keyset paging.
ORDERS: dict[str, tuple[str, ...]] = {
    "requested": ("created_at", "pk"),
    "-requested": ("-created_at", "-pk"),
    "customer": ("customer__organization__name_key", "pk"),
    "-customer": ("-customer__organization__name_key", "-pk"),
    "expires": ("due", "pk"),
    "-expires": ("-due", "-pk"),
}
DEFAULT_ORDER = "-requested"
EXPORT_BATCH = 500
COUNTED_AT_MOST = 1_000  # open requests of one partner, for the tiles
SHORTEST_PART = 2  # letters of a name
NEVER = datetime.datetime(9999, 1, 1, tzinfo=datetime.UTC)  # drafts do not expire


@dataclass(frozen=True)
class TransferFilter:
    """What a list is narrowed to; empty values narrow nothing. ``action``: "yes" or "no", ``expiring``: "yes"."""

    text: str = ""
    direction: str = ""
    status: str = ""
    action: str = ""
    expiring: str = ""
    product_type: str = ""
    customer_id: uuid.UUID | None = None


@dataclass(frozen=True)
class OpenCounts:
    """How many requests wait for somebody, up to COUNTED_AT_MOST together."""

    to_review: int
    waiting: int
    in_progress: int
    expiring: int
    drafts: int


def rows_of(actor: Actor) -> QuerySet[Transfer]:
    """The transfers that concern the actor's organization, with the names a list shows: one query."""
    rows = Transfer.objects.visible_to(actor).annotate(due=Coalesce("expires_at", Value(NEVER)))
    return rows.select_related(
        "customer__organization",
        "source_partner__organization",
        "target_partner__organization",
        "reseller__organization",
    )


def received_by(actor: Actor) -> Q:
    """The requests that other partners sent to the actor's."""
    return Q(source_partner_id=actor.organization_id) & ~Q(status=TransferStatus.DRAFT)


def needs(actor: Actor) -> Q:
    """The requests that wait for the actor's partner: to be reviewed, or to be sent."""
    own = actor.organization_id
    return Q(source_partner_id=own, status=TransferStatus.PENDING) | Q(
        target_partner_id=own, status=TransferStatus.DRAFT
    )


def expiring_at(now: datetime.datetime) -> Q:
    """The pending requests whose end is near."""
    soon = now + datetime.timedelta(days=settings.TRANSFER_REMINDER_DAYS)
    return Q(status=TransferStatus.PENDING, expires_at__lte=soon)


def conditions(wanted: TransferFilter, actor: Actor, *, now: datetime.datetime) -> Q:
    """Return what a filter asks for."""
    found = _matches(wanted.text)
    if wanted.direction:
        received = received_by(actor)
        found &= received if wanted.direction == Direction.RECEIVED else ~received & ~Q(status=TransferStatus.DRAFT)
    if wanted.status:
        found &= Q(status=wanted.status)
    if wanted.action:
        found &= needs(actor) if wanted.action == "yes" else ~needs(actor)
    if wanted.expiring:
        found &= expiring_at(now)
    if wanted.product_type:  # nothing asked for means all kinds
        found &= Q(product_types__contains=[wanted.product_type]) | Q(product_types=[])
    if wanted.customer_id:
        found &= Q(customer_id=wanted.customer_id)
    return found


def _matches(text: str) -> Q:
    """A transfer's or customer's id, or part of the name of customer or partner."""
    if not text:
        return Q()
    number = as_uuid(text)
    if number is not None:
        partners = Q(source_partner_id=number) | Q(target_partner_id=number)
        return Q(pk=number) | Q(customer_id=number) | partners
    key = name_key(text)
    how = "contains" if len(key) >= SHORTEST_PART else "startswith"
    names = ("customer__organization", "source_partner__organization", "target_partner__organization")
    found = Q()
    for name in names:
        found |= Q(**{f"{name}__name_key__{how}": key})
    return found


def transfer_page(
    actor: Actor,
    wanted: TransferFilter,
    *,
    now: datetime.datetime,
    sort: str = DEFAULT_ORDER,
    cursor: str = "",
    size: int = 50,
) -> Page[Transfer]:
    """Return one page of the transfers that fit, in one query. Raises: BadCursor."""
    rows = rows_of(actor).filter(conditions(wanted, actor, now=now))
    return keyset_page(rows, order=ORDERS[sort], cursor=cursor, size=size)


def all_transfers(
    actor: Actor, wanted: TransferFilter, *, now: datetime.datetime, sort: str = DEFAULT_ORDER
) -> Iterator[Transfer]:
    """Yield every transfer that fits, in order, with flat memory: what the export writes."""
    rows = rows_of(actor).filter(conditions(wanted, actor, now=now))
    return walk(rows, order=ORDERS[sort], size=EXPORT_BATCH)


def open_counts(actor: Actor, *, now: datetime.datetime) -> OpenCounts:
    """Count what is open by what it waits for: one query over at most COUNTED_AT_MOST rows."""
    open_ones = [TransferStatus.DRAFT, TransferStatus.PENDING, TransferStatus.IN_PROGRESS]
    rows = Transfer.objects.visible_to(actor).filter(status__in=open_ones).order_by("pk")[:COUNTED_AT_MOST]
    own, pending = Q(source_partner_id=actor.organization_id), Q(status=TransferStatus.PENDING)
    counted = rows.aggregate(
        to_review=Count("pk", filter=pending & own),
        waiting=Count("pk", filter=pending & ~own),
        in_progress=Count("pk", filter=Q(status=TransferStatus.IN_PROGRESS)),
        expiring=Count("pk", filter=expiring_at(now)),
        drafts=Count("pk", filter=Q(status=TransferStatus.DRAFT)),
    )
    return OpenCounts(**counted)


def find_transfer(actor: Actor, transfer_id: uuid.UUID) -> Transfer | None:
    """Return a transfer that concerns the actor's organization, with its names; ``None`` for any other id."""
    return rows_of(actor).filter(pk=transfer_id).first()


def transfer_of(actor: Actor, transfer_id: uuid.UUID) -> Transfer:
    """Return the same. Raises: Http404."""
    transfer = find_transfer(actor, transfer_id)
    if transfer is None:
        raise Http404
    return transfer
