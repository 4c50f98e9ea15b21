"""The partner's customer list: filtered, searched, sorted, paged."""

import datetime
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Case, Count, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, StrIndex
from django.db.models.lookups import GreaterThan

from customers.enums import RelationshipStatus
from customers.models import ResellerRelationship
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.core.fields import name_key
from portal.core.pages import COUNT_LIMIT, Page, Place, Row, keyset_page, place_of, walk
from portal.core.statements import ListStatement

# Sorting of the customer list: parameter of the address -> columns of keyset paging, each with an index of its own.
CUSTOMER_ORDERS: dict[str, tuple[str, ...]] = {
    "name": ("customer_name_key", "pk"),
    "-name": ("-customer_name_key", "-pk"),
    "domain": ("customer_domain", "pk"),
    "-domain": ("-customer_domain", "-pk"),
    "created": ("created_at", "pk"),
    "-created": ("-created_at", "-pk"),
}
SHORTEST_PART = 3  # letters; a trigram index cannot find less
INDEXED_PART = 12  # letters; more make the index slower and find no less: every domain may end in the same letters
LONGEST_FREQUENT = 12  # letters; no longer text stands in one of fifty names
NEAR = 2_000  # rows beyond the edge in which a frequent word fills the page
EXPORT_BATCH = 2_000
LIST_COLUMNS = (
    "customer_id",
    "customer_name",
    "customer_name_key",
    "customer_domain",
    "customer_country",
    "created_at",
    "kind",
    "tags",
    "has_admin_rights",
    "has_agreement",
)


class CustomerRow(NamedTuple):
    """What a page of the list reads of a customer: building models for fifty rows would cost half as much again."""

    pk: UUID
    customer_id: UUID
    customer_name: str
    customer_name_key: str
    customer_domain: str
    created_at: datetime.datetime
    kind: str
    tags: list[str]
    counterpart_name: str | None = None  # of the other partner of the indirect model


ROW_COLUMNS: tuple[str, ...] = CustomerRow._fields[:-1]


@dataclass(frozen=True)
class CustomerFilter:
    """What a customer list is narrowed to; empty values narrow nothing. ``rights`` and ``agreement``: "yes" or "no"."""

    text: str = ""
    reseller_id: UUID | None = None
    country: str = ""
    tag: str = ""
    kind: str = ""
    rights: str = ""
    agreement: str = ""

    def conditions(self) -> Q:
        """Return all but the text; an index of the relationship table serves each (decision 0020)."""
        values: dict[str, Any] = {
            "counterpart_id": self.reseller_id,
            "customer_country": self.country,
            "tags__contains": [self.tag] if self.tag else None,
            "kind": self.kind,
            "has_admin_rights": self.rights == "yes" if self.rights else None,
            "has_agreement": self.agreement == "yes" if self.agreement else None,
        }
        return Q(**{name: value for name, value in values.items() if value not in (None, "")})

    def matches(self, sort: str = "name") -> Q:
        """Return the condition of the text, if there is any: part of a name or domain.

        One or two letters are looked for at the beginning of what the list is sorted by: there an index finds them.
        """
        if not self.text:
            return Q()
        key, domain = name_key(self.text), self.text.lower()
        if len(key) >= SHORTEST_PART:
            return holds("customer_name_key", key) | holds("customer_domain", domain)
        return Q(customer_domain__startswith=domain) if "domain" in sort else Q(customer_name_key__startswith=key)

    @property
    def is_free(self) -> bool:
        """Say whether it holds a value that anybody may think up, and not only choices out of a few."""
        return bool(self.text or self.reseller_id or self.country or self.tag)

    @property
    def has_part(self) -> bool:
        """Say whether the text is looked for anywhere in the name, not only at its beginning."""
        return len(name_key(self.text)) >= SHORTEST_PART


def holds(column: str, text: str) -> Q:
    """Return the condition that a column holds the text: its first letters by the index, then all of it."""
    found = Q(**{f"{column}__contains": text[:INDEXED_PART]})
    if len(text) <= INDEXED_PART:
        return found
    return found & Q(GreaterThan(StrIndex(column, Value(text)), Value(0)))


def as_uuid(text: str) -> UUID | None:
    """Return the id that a text is, however it is written, or ``None``."""
    try:
        return uuid.UUID(text.strip())
    except ValueError:
        return None


def customers_of(actor: Actor) -> QuerySet[ResellerRelationship]:
    """The active relationships in which the actor's organization is the partner: none for anybody but partners."""
    return customers_of_partner(actor.organization_id)


def customers_of_partner(partner_id: UUID) -> QuerySet[ResellerRelationship]:
    """The active relationships of one partner."""
    return ResellerRelationship.objects.filter(status=RelationshipStatus.ACTIVE, partner_id=partner_id)


def customer_rows(actor: Actor, wanted: CustomerFilter) -> QuerySet[ResellerRelationship]:
    """Return the actor's customers that fit everything but the text, with what a row of the list shows."""
    conditions, rows = wanted.conditions(), customers_of(actor)
    rows = rows.filter(conditions) if conditions else rows
    if actor.organization_kind == OrganizationKind.DIRECT_BILL:
        return rows.only(*LIST_COLUMNS)
    return rows.select_related("counterpart__organization").only(*LIST_COLUMNS, "counterpart__organization__name")


def customer_page(
    actor: Actor, wanted: CustomerFilter, *, sort: str = "name", cursor: str = "", size: int = 50
) -> Page[CustomerRow]:
    """Return one page of the customer list; ``sort`` is one of CUSTOMER_ORDERS. Raises: BadCursor."""
    is_direct = actor.organization_kind == OrganizationKind.DIRECT_BILL
    if wanted.is_free:
        return _searched_page(actor, wanted, _columns(is_direct), sort=sort, cursor=cursor, size=size)
    place = place_of(cursor, CUSTOMER_ORDERS[sort])
    found = _PAGE.rows(
        (is_direct, wanted, place.shape, size + 1),
        keeps_plan=wanted == CustomerFilter(),
        partner_id=actor.organization_id,
        **place.values(ResellerRelationship),
    )
    return place.page([CustomerRow(*values) for values in found], size)


def _columns(is_direct: bool) -> tuple[str, ...]:
    return ROW_COLUMNS if is_direct else (*ROW_COLUMNS, "counterpart__organization__name")


def _page(shape: Any, *, partner_id: UUID, **edge: Any) -> QuerySet[ResellerRelationship, Any]:
    is_direct, wanted, (order, backwards), count = shape
    rows = Place(order, backwards, tuple(edge.values())).rows(customers_of_partner(partner_id))
    return rows.filter(wanted.conditions()).values_list(*_columns(is_direct))[:count]


_PAGE = ListStatement(_page)


def _searched_page(
    actor: Actor, wanted: CustomerFilter, columns: Sequence[str], *, sort: str, cursor: str, size: int
) -> Page[CustomerRow]:
    rows, match = customers_of(actor).filter(wanted.conditions()), wanted.matches(sort)
    if not wanted.has_part:
        rows = rows.filter(match)

    def fetch(ordered: QuerySet[ResellerRelationship], count: int) -> list[Any]:
        if wanted.has_part:
            ordered = matching(ordered, match, count, is_long=len(wanted.text) > LONGEST_FREQUENT)
        return [CustomerRow(*values) for values in ordered.values_list(*columns)[:count]]

    page: Page[Any] = keyset_page(rows, order=CUSTOMER_ORDERS[sort], cursor=cursor, size=size, fetch=fetch)
    return page


def matching(ordered: QuerySet[Row], match: Q, count: int, *, is_long: bool) -> QuerySet[Row]:
    """Return the ordered rows that match, so that the first ``count`` are found soon if many of a million do or few.

    A frequent word stands on the next rows, a rare one is found by the trigram index and sorted. The planner cannot
    know which of the two is at hand when names that hold a word begin with it ("hotel"), so it is looked up, and in the
    second case the order is spelled so that no index offers itself for a walk over all rows (decision 0020).
    """
    matching = ordered.filter(match)
    if is_long or not _is_frequent(ordered, match, count):
        matching = matching.order_by(*[_unindexed(str(column)) for column in ordered.query.order_by])
    return matching


def _is_frequent(ordered: QuerySet[Row], match: Q, count: int) -> bool:
    """Say whether ``count`` of the next rows match."""
    near = ordered.annotate(hit=Case(When(match, then=Value(1))))[:NEAR]
    hits: int = near.aggregate(hits=Count("hit"))["hits"]
    return hits >= count


def _unindexed(column: str) -> Any:
    name = column.lstrip("-")
    expression = Coalesce(name, name)
    return expression.desc() if column.startswith("-") else expression.asc()


def customer_count(actor: Actor, wanted: CustomerFilter, *, sort: str = "name") -> int:
    """Count the customers that fit, up to one above COUNT_LIMIT: the page says "10,000+"."""
    if not wanted.is_free:
        return _COUNT.count((wanted, COUNT_LIMIT + 1), partner_id=actor.organization_id)
    rows = customers_of(actor).filter(wanted.conditions(), wanted.matches(sort))
    return rows[: COUNT_LIMIT + 1].count()


def _counted(shape: tuple[CustomerFilter, int], *, partner_id: UUID) -> QuerySet[ResellerRelationship, Any]:
    wanted, most = shape
    return customers_of_partner(partner_id).filter(wanted.conditions()).values_list("pk")[:most]


_COUNT = ListStatement(_counted)


def all_customers(actor: Actor, wanted: CustomerFilter, *, sort: str = "name") -> Iterator[ResellerRelationship]:
    """Yield every customer that fits, in order, with flat memory: what the export writes."""
    rows = customer_rows(actor, wanted).filter(wanted.matches(sort))
    return walk(rows, order=CUSTOMER_ORDERS[sort], size=EXPORT_BATCH)


def find_customers(actor: Actor, text: str, *, limit: int) -> Sequence[CustomerRow]:
    """Return the first customers by name that the text names: a whole Microsoft ID, or part of a name or domain."""
    customer_id = as_uuid(text)
    if customer_id is not None:
        found = customers_of(actor).filter(customer_id=customer_id)
        return [CustomerRow(*values) for values in found.values_list(*ROW_COLUMNS)]
    return customer_page(actor, CustomerFilter(text=text), size=limit).rows


def customer_named(actor: Actor, text: str) -> ResellerRelationship | None:
    """Return the partner's customer of this whole Microsoft ID, primary domain or name; nothing if several have it."""
    rows = ResellerRelationship.objects.visible_to(actor).active()
    customer_id = as_uuid(text)
    if customer_id is not None:
        return rows.filter(customer_id=customer_id).first()
    by_domain = rows.filter(customer_domain=text.strip().lower()).first()
    if by_domain is not None:
        return by_domain
    by_name = list(rows.filter(customer_name_key=name_key(text))[:2])
    return by_name[0] if len(by_name) == 1 else None


def customers_like(actor: Actor, *, name: str, country: str, limit: int = 5) -> list[ResellerRelationship]:
    """Return the partner's customers of this name in this country: perhaps the one about to be added again."""
    rows = ResellerRelationship.objects.visible_to(actor).active()
    return list(rows.filter(customer_name_key=name_key(name), customer_country=country).order_by("pk")[:limit])


def chosen_customers(actor: Actor, customer_ids: list[UUID]) -> list[ResellerRelationship]:
    """Return those of the ids that are customers of the actor's partner, by name: what a bulk action is about."""
    rows = customer_rows(actor, CustomerFilter()).filter(customer_id__in=customer_ids)
    return list(rows.order_by("customer_name_key", "pk"))
