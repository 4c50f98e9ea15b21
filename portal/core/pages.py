"""Keyset paging: the same cost on the first page and on the thousandth (quality row 30)."""

import base64
import binascii
import datetime
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Field, Model, Q, QuerySet
from django.utils.translation import gettext as _

from portal.core.errors import InvalidInput

Row = TypeVar("Row", bound=Model)
Shown = TypeVar("Shown")  # a model's row, or what a list reads of it
COUNT_LIMIT = 10_000


class BadCursor(InvalidInput):
    """The position in the list cannot be read: the link was cut or changed."""

    code = "bad-cursor"
    http_status = 400


@dataclass(frozen=True)
class Page(Generic[Shown]):
    """One page of a list, with the cursors that lead to its neighbours (empty where there is none)."""

    rows: Sequence[Shown]
    next_cursor: str = ""
    previous_cursor: str = ""
    total: int | None = None  # exact up to COUNT_LIMIT, else COUNT_LIMIT + 1
    order: str = field(default="", compare=False)

    def __iter__(self) -> Any:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def total_is_capped(self) -> bool:
        return self.total is not None and self.total > COUNT_LIMIT


def _no_such_place() -> BadCursor:
    return BadCursor(_("This position in the list does not exist. Start at the first page."))


def _first_rows(rows: QuerySet[Row], count: int) -> list[Row]:
    return list(rows[:count])


@dataclass(frozen=True)
class Place:
    """Where a page of a list begins: the order, the way it goes, and the values of the row at the edge, if any."""

    order: tuple[str, ...]  # its last column is unique; all go the same way
    backwards: bool = False
    edge: tuple[Any, ...] = ()

    @property
    def columns(self) -> list[str]:
        return [name.lstrip("-") for name in self.order]

    @property
    def shape(self) -> tuple[tuple[str, ...], bool]:
        """Return what the SQL depends on beside the edge (``portal.core.statements.ListStatement``)."""
        return self.order, self.backwards

    def rows(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """Return the rows beyond the edge, in the order they are read. Raises: BadCursor."""
        flip = self.order[0].startswith("-") != self.backwards
        if self.edge:
            try:
                rows = rows.filter(_beyond(self.columns, self.edge, less=flip))
            except (ValueError, TypeError, ValidationError) as error:
                raise _no_such_place() from error
        return rows.order_by(*[("-" if flip else "") + name for name in self.columns])

    def values(self, model: type[Model], **others: "Field[Any, Any]") -> dict[str, Any]:
        """Return the values at the edge by name, as the model's columns have them. Raises: BadCursor.

        ``others``: what columns are that the model does not have itself.
        """
        meta = model._meta
        fields = [meta.pk if name == "pk" else others.get(name) or meta.get_field(name) for name in self.columns]
        try:
            found = {f"edge_{at}": fields[at].to_python(value) for at, value in enumerate(self.edge)}  # type: ignore[union-attr]
        except (ValueError, TypeError, ValidationError) as error:
            raise _no_such_place() from error
        if None in found.values():
            raise _no_such_place()
        return found

    def page(self, found: list[Shown], size: int) -> Page[Shown]:
        """Return the page of the rows that were found, one more than it shows if there are any."""
        more, found = len(found) > size, found[:size]
        if self.backwards:
            found.reverse()
        if not found:
            return Page(rows=[])
        has_next, has_previous = (True, more) if self.backwards else (more, bool(self.edge))
        return Page(
            rows=found,
            next_cursor=_write_cursor("n", found[-1], self.columns) if has_next else "",
            previous_cursor=_write_cursor("p", found[0], self.columns) if has_previous else "",
        )


def place_of(cursor: str, order: Sequence[str]) -> Place:
    """Return where the page of a cursor begins. Raises: BadCursor.

    The cursor is "n:" or "p:" (next or previous) and the values of the row at the edge; empty: the first page.
    """
    backwards, edge = _read_cursor(cursor, len(order))
    return Place(tuple(order), backwards, tuple(edge or ()))


def keyset_page(
    rows: QuerySet[Row],
    *,
    order: Sequence[str],
    cursor: str = "",
    size: int = 50,
    with_total: bool = False,
    fetch: Callable[[QuerySet[Row], int], list[Row]] = _first_rows,
) -> Page[Row]:
    """Return one page of ``rows`` ordered by ``order``, whose last column must be unique.

    All columns go the same way ("-occurred_at", "-pk"). ``fetch`` reads the first so many of the ordered rows beyond
    the edge; a list that knows a better way, or has a filter that depends on it, brings its own. Raises: BadCursor.
    """
    place = place_of(cursor, order)
    page = place.page(fetch(place.rows(rows), size + 1), size)
    total = rows.order_by()[: COUNT_LIMIT + 1].count() if with_total else None
    return replace(page, total=total) if with_total else page


def walk(
    rows: QuerySet[Row],
    *,
    order: Sequence[str],
    size: int,
    fetch: Callable[[QuerySet[Row], int], list[Row]] = _first_rows,
) -> Iterator[Row]:
    """Yield all rows by pages: flat memory, and no cursor or snapshot held open while a slow reader takes its time."""
    cursor, is_first = "", True
    while cursor or is_first:
        page = keyset_page(rows, order=order, cursor=cursor, size=size, fetch=fetch)
        yield from page
        cursor, is_first = page.next_cursor, False


def _beyond(columns: Sequence[str], edge: Sequence[Any], *, less: bool) -> Q:
    """Rows after the edge: ``(a, b) < (x, y)`` spelled so that an index on (a, b) serves it."""
    operator = "lt" if less else "gt"
    condition = Q()
    for index in reversed(range(len(columns))):
        here = Q(**{f"{columns[index]}__{operator}": edge[index]})
        if index < len(columns) - 1:
            here |= Q(**{columns[index]: edge[index]}) & condition
        condition = here
    if len(columns) > 1:  # lets the planner start the index scan at the edge
        condition = Q(**{f"{columns[0]}__{operator}e": edge[0]}) & condition
    return condition


def _write_cursor(direction: str, row: object, columns: Sequence[str]) -> str:
    values = [_plain(_value(row, name)) for name in columns]
    raw = json.dumps([direction, *values], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _value(row: Any, name: str) -> Any:
    for part in name.split("__"):
        row = getattr(row, part)
    return row


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _read_cursor(cursor: str, width: int) -> tuple[bool, list[Any] | None]:
    """Return (backwards, values at the edge); ``None`` for the first page. Raises: BadCursor."""
    if not cursor:
        return False, None
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        direction, *values = json.loads(raw)
        usable = direction in ("n", "p") and len(values) == width
        if not usable or any(isinstance(value, list | dict) or "\x00" in str(value) for value in values):
            raise ValueError(cursor)
    except (ValueError, binascii.Error, TypeError, UnicodeDecodeError) as error:
        raise _no_such_place() from error
    return direction == "p", values
