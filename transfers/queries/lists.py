"""Lists of transfers: over all customers, of one customer, and of the customer itself (reference 6.4.1)."""

import datetime
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.db.models import CharField, DateTimeField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import Http404

from customers.models import Customer
from customers.queries import as_uuid
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Organization, Partner
from portal.core.fields import name_key
from portal.core.pages import Page, Place, place_of, walk
from portal.core.statements import ListStatement, fetch
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


def _soon(now: datetime.datetime) -> datetime.datetime:
    """Return until when a pending request ends that is called near its end."""
    return now + datetime.timedelta(days=settings.TRANSFER_REMINDER_DAYS)


def conditions(wanted: TransferFilter, actor: Actor, *, soon: datetime.datetime) -> Q:
    """Return what a filter asks for, the text aside."""
    found = Q()
    if wanted.direction:
        received = received_by(actor)
        found &= received if wanted.direction == Direction.RECEIVED else ~received & ~Q(status=TransferStatus.DRAFT)
    if wanted.status:
        found &= Q(status=wanted.status)
    if wanted.action:
        found &= needs(actor) if wanted.action == "yes" else ~needs(actor)
    if wanted.expiring:
        found &= Q(status=TransferStatus.PENDING, expires_at__lte=soon)
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
    place = place_of(cursor, ORDERS[sort])
    if wanted.text:
        rows = _fitting(actor, wanted, soon=_soon(now)).filter(_matches(wanted.text))
        return place.page(_read(place.rows(rows)[: size + 1]), size)
    values = {"organization_id": actor.organization_id, "soon": _soon(now)} | place.values(Transfer, **_EDGES)
    if wanted.customer_id:
        values["customer_id"] = wanted.customer_id
    shape = (actor.organization_kind, replace(wanted, customer_id=None), place.shape, size + 1)
    found = _PAGE.rows(shape, keeps_plan=False, **values)
    return place.page([_transfer(row) for row in found], size)


def _page(
    shape: Any,
    *,
    organization_id: uuid.UUID,
    soon: datetime.datetime,
    customer_id: uuid.UUID | None = None,
    **edge: Any,
) -> QuerySet[Transfer, Any]:
    kind, wanted, (order, backwards), count = shape
    rows = _fitting(_reader(kind, organization_id), replace(wanted, customer_id=customer_id), soon=soon)
    return Place(order, backwards, tuple(edge.values())).rows(rows).values_list(*_COLUMNS, *_NAMES)[:count]


def _reader(kind: OrganizationKind, organization_id: uuid.UUID) -> Actor:
    """Return somebody of an organization: which transfers of it are shown depends on nothing else."""
    return Actor(organization_id, "", "", organization_id, "", kind, frozenset())


def _fitting(actor: Actor, wanted: TransferFilter, *, soon: datetime.datetime) -> QuerySet[Transfer]:
    rows = Transfer.objects.visible_to(actor).annotate(due=Coalesce("expires_at", Value(NEVER)))
    return rows.filter(conditions(wanted, actor, soon=soon))


_PAGE = ListStatement(_page)
_COLUMNS = [field.attname for field in Transfer._meta.concrete_fields]
_EDGES: dict[str, Any] = {"due": DateTimeField(), "customer__organization__name_key": CharField()}
_PARTIES: dict[str, type[Customer] | type[Partner]] = {
    "customer": Customer,
    "source_partner": Partner,
    "target_partner": Partner,
    "reseller": Partner,
}


def _of_party(party: str, column: str) -> Subquery:
    """Return a column of a party's organization: joining two tables for each party would take long to plan."""
    return Subquery(Organization.objects.filter(pk=OuterRef(f"{party}_id")).values(column))


_NAMES = tuple(_of_party(party, column) for party in _PARTIES for column in ("name", "name_key"))


def _read(rows: QuerySet[Transfer]) -> list[Transfer]:
    return [_transfer(row) for row in rows.values_list(*_COLUMNS, *_NAMES)]


def _transfer(values: Sequence[Any]) -> Transfer:
    """Return a transfer of which the parties' names are known; all else of them is read when asked for."""
    row = Transfer.from_db(DEFAULT_DB_ALIAS, _COLUMNS, values[: len(_COLUMNS)])
    row.due = row.expires_at or NEVER  # type: ignore[attr-defined]
    for at, (name, model) in enumerate(_PARTIES.items()):
        key = getattr(row, f"{name}_id")
        found: Customer | Partner | None = None
        if key is not None:
            facts = [key, *values[len(_COLUMNS) + 2 * at :][:2]]
            found = model.from_db(DEFAULT_DB_ALIAS, ["organization_id"], [key])
            found.organization = Organization.from_db(DEFAULT_DB_ALIAS, ["id", "name", "name_key"], facts)
        setattr(row, name, found)
    return row


def all_transfers(
    actor: Actor, wanted: TransferFilter, *, now: datetime.datetime, sort: str = DEFAULT_ORDER
) -> Iterator[Transfer]:
    """Yield every transfer that fits, in order, with flat memory: what the export writes."""
    rows = _fitting(actor, wanted, soon=_soon(now)).filter(_matches(wanted.text))
    return walk(rows, order=ORDERS[sort], size=EXPORT_BATCH, fetch=lambda ordered, count: _read(ordered[:count]))


def open_counts(actor: Actor, *, now: datetime.datetime) -> OpenCounts:
    """Count what is open by what it waits for: one query over at most COUNTED_AT_MOST rows."""
    values = {"organization_id": actor.organization_id}
    sql = COUNTS.format(open=_OPEN.sql(actor.organization_kind, values))
    return OpenCounts(*fetch(sql, values | {"soon": _soon(now)}, keeps_plan=False)[0])


COUNTS = """
SELECT count(*) FILTER (WHERE status = 'pending' AND source_partner_id = %(organization_id)s),
    count(*) FILTER (WHERE status = 'pending' AND source_partner_id <> %(organization_id)s),
    count(*) FILTER (WHERE status = 'in_progress'),
    count(*) FILTER (WHERE status = 'pending' AND expires_at <= %(soon)s),
    count(*) FILTER (WHERE status = 'draft')
FROM ({open}) AS open
"""


def _open(kind: OrganizationKind, *, organization_id: uuid.UUID) -> QuerySet[Transfer, Any]:
    states = [TransferStatus.DRAFT, TransferStatus.PENDING, TransferStatus.IN_PROGRESS]
    rows = Transfer.objects.visible_to(_reader(kind, organization_id)).filter(status__in=states).order_by("pk")
    return rows.values_list("status", "source_partner_id", "expires_at")[:COUNTED_AT_MOST]


_OPEN = ListStatement(_open)


def find_transfer(actor: Actor, transfer_id: uuid.UUID) -> Transfer | None:
    """Return a transfer that concerns the actor's organization, with its names; ``None`` for any other id."""
    return rows_of(actor).filter(pk=transfer_id).first()


def transfer_of(actor: Actor, transfer_id: uuid.UUID) -> Transfer:
    """Return the same. Raises: Http404."""
    transfer = find_transfer(actor, transfer_id)
    if transfer is None:
        raise Http404
    return transfer
