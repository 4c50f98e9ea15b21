"""The list of marketplace subscriptions over all customers: filtered, searched, sorted, paged (M2, decision 0020)."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Coalesce

from customers.queries.lists import LONGEST_FREQUENT, SHORTEST_PART, holds, matching
from marketplace.enums import FulfillmentStatus
from marketplace.models import SaaSSubscription
from marketplace.queries.searching import PartOfName, in_order
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.accounts.queries import organization_names
from portal.core.fields import name_key
from portal.core.pages import COUNT_LIMIT, Page, Place, keyset_page, place_of, walk
from portal.core.statements import ListStatement

# Sorting of the list: parameter of the address -> columns of keyset paging, each with an index of its own.
SUBSCRIPTION_ORDERS: dict[str, tuple[str, ...]] = {
    "newest": ("-purchased_at", "-pk"),
    "oldest": ("purchased_at", "pk"),
    "name": ("name_key", "pk"),
    "ends": ("ends_on", "pk"),  # only what has a term: it begins with the activation
}
RENEWING_DAYS = 30
EXPORT_BATCH = 1_000


class SubscriptionRow(NamedTuple):
    """What a list reads of a subscription: building models for fifty rows would cost half as much again."""

    pk: UUID
    status: str
    end_reason: str
    purchased_at: datetime.datetime
    name_key: str
    ends_on: datetime.date | None
    auto_renew: bool
    cancelable_until: datetime.datetime | None
    publisher_id: UUID
    reseller_id: UUID | None
    offer: str
    plan: str
    is_per_seat: bool
    customer_id: UUID
    name: str
    quantity: int
    term: str
    billing_frequency: str
    pending_operation: str
    partner_on_record: str
    further_partner_ids: list[str]
    customer: str = ""
    publisher: str = ""
    reseller: str = ""


_COLUMNS = (
    *("pk", "status", "end_reason", "purchased_at", "name_key", "ends_on", "auto_renew", "cancelable_until"),
    *("publisher_id", "reseller_id", "plan__offer__name", "plan__name", "plan__is_per_seat"),
    *("subscription__customer_id", "subscription__friendly_name", "subscription__quantity", "subscription__term"),
    *("subscription__billing_frequency", "subscription__pending_operation", "subscription__partner_on_record"),
    "further_partner_ids",
)
_NAMES = (  # of all companies, as SubscriptionRow has them
    "subscription__customer__organization__name",
    "publisher__organization__name",
    Coalesce("reseller__organization__name", Value("")),
)
_FIELDS = SubscriptionRow._fields


@dataclass(frozen=True)
class SubscriptionFilter:
    """What a list of subscriptions is narrowed to; empty values narrow nothing."""

    text: str = ""
    status: str = ""  # one of FulfillmentStatus; empty: the living ones; "all"
    renewing_soon: bool = False
    can_cancel: bool = False
    auto_renew: str = ""  # "yes" or "no"

    @property
    def is_one_walk(self) -> bool:
        """Say whether one index gives what is asked for in the order of the list."""
        return not (self.renewing_soon or self.can_cancel or self.auto_renew)

    def conditions(self, *, now: datetime.datetime, soon: datetime.date) -> Q:
        """Return all but the text; an index of the table serves each. ``soon``: RENEWING_DAYS from now."""
        found = Q()
        if not self.status:
            found &= ~Q(status=FulfillmentStatus.UNSUBSCRIBED)
        elif self.status != "all":
            found &= Q(status=self.status)
        if self.renewing_soon:
            found &= Q(status=FulfillmentStatus.SUBSCRIBED, auto_renew=True, ends_on__lte=soon)
        if self.can_cancel:
            found &= Q(status=FulfillmentStatus.PENDING) | Q(cancelable_until__gt=now)
        if self.auto_renew:
            found &= Q(auto_renew=self.auto_renew == "yes")
        return found

    @property
    def has_part(self) -> bool:
        """Say whether the text is looked for anywhere in a name, not only at its beginning."""
        return len(name_key(self.text)) >= SHORTEST_PART

    def matches(self) -> Q:
        """Return the condition of the text: part of a name; one or two letters begin the subscription's."""
        key = name_key(self.text)
        if len(key) < SHORTEST_PART:
            return Q(name_key__startswith=key)
        return holds("name_key", key) | holds("product_key", key) | holds("customer_name_key", key)


def subscription_page(
    actor: Actor,
    wanted: SubscriptionFilter,
    *,
    sort: str = "newest",
    cursor: str = "",
    size: int = 50,
    now: datetime.datetime,
) -> Page[SubscriptionRow]:
    """Return one page of the list; ``sort`` is one of SUBSCRIPTION_ORDERS. Raises: BadCursor."""
    if not actor.is_partner or (wanted.text and not wanted.has_part):
        return _other_page(actor, wanted, sort=sort, cursor=cursor, size=size, now=now)
    place = place_of(cursor, SUBSCRIPTION_ORDERS[sort])
    is_reseller = actor.organization_kind == OrganizationKind.INDIRECT_RESELLER
    shape = (is_reseller, replace(wanted, text=""), sort, place.shape)
    values = {"organization_id": actor.organization_id, "now": now, "soon": _soon(now)}
    values |= place.values(SaaSSubscription)
    if wanted.text:
        ids = _BY_PART.ids(shape, wanted.text, count=size + 1, **values)
        whole = _WHOLE.rows("whole", keeps_plan=True, ids=ids) if ids else []
        return place.page([SubscriptionRow._make(row) for row in in_order(ids, whole)], size)
    found = _PAGE.rows((*shape, size + 1), keeps_plan=wanted.is_one_walk and not is_reseller, **values)
    return place.page(_named(found), size)


def _beyond(
    shape: Any, *, organization_id: UUID, now: datetime.datetime, soon: datetime.date, **edge: Any
) -> QuerySet[SaaSSubscription]:
    """Return what a partner may see beyond the edge of the page, in order."""
    is_reseller, wanted, sort, (order, backwards) = shape
    rows = _sortable(_of_partner(organization_id, is_reseller=is_reseller), sort)
    rows = rows.filter(wanted.conditions(now=now, soon=soon))
    return Place(order, backwards, tuple(edge.values())).rows(rows)


def _page(asked: Any, **values: Any) -> QuerySet[SaaSSubscription, Any]:
    *shape, count = asked
    return _beyond(shape, **values).values_list(*_COLUMNS)[:count]


def _whole(_shape: Any, *, ids: Sequence[UUID]) -> QuerySet[SaaSSubscription, Any]:
    return SaaSSubscription.objects.filter(pk__in=ids).values_list(*_COLUMNS, *_NAMES)


_PAGE, _BY_PART, _WHOLE = ListStatement(_page), PartOfName(_beyond), ListStatement(_whole)


def _other_page(
    actor: Actor, wanted: SubscriptionFilter, *, sort: str, cursor: str, size: int, now: datetime.datetime
) -> Page[SubscriptionRow]:
    """Return the page by SQL of Django's own: for those whose rows are few, and for the beginning of a name."""

    def fetch(ordered: QuerySet[SaaSSubscription], count: int) -> list[Any]:
        if wanted.text:
            ordered = matching(ordered, wanted.matches(), count, is_long=len(wanted.text) > LONGEST_FREQUENT)
        return _read(ordered[:count])

    rows = _narrowed(actor, wanted, sort=sort, now=now)
    page: Page[Any] = keyset_page(rows, order=SUBSCRIPTION_ORDERS[sort], cursor=cursor, size=size, fetch=fetch)
    return page


def subscription_count(
    actor: Actor, wanted: SubscriptionFilter, *, sort: str = "newest", now: datetime.datetime
) -> int:
    """Count the subscriptions that fit, up to one above COUNT_LIMIT: the page says "10,000+"."""
    if not wanted.text and actor.is_partner:
        is_reseller = actor.organization_kind == OrganizationKind.INDIRECT_RESELLER
        shape = (is_reseller, wanted, sort, COUNT_LIMIT + 1)
        return _COUNT.count(shape, organization_id=actor.organization_id, now=now, soon=_soon(now))
    rows = _narrowed(actor, wanted, sort=sort, now=now)
    rows = rows.filter(wanted.matches()) if wanted.text else rows
    return rows[: COUNT_LIMIT + 1].count()


def _counted(
    shape: Any, *, organization_id: UUID, now: datetime.datetime, soon: datetime.date
) -> QuerySet[SaaSSubscription, Any]:
    is_reseller, wanted, sort, most = shape
    rows = _sortable(_of_partner(organization_id, is_reseller=is_reseller), sort)
    return rows.filter(wanted.conditions(now=now, soon=soon)).values_list("pk")[:most]


_COUNT = ListStatement(_counted)


def all_subscriptions(
    actor: Actor, wanted: SubscriptionFilter, *, sort: str = "newest", now: datetime.datetime
) -> Iterator[SubscriptionRow]:
    """Yield every subscription that fits, in order, with flat memory: what the export writes."""
    rows = _narrowed(actor, wanted, sort=sort, now=now)
    rows = rows.filter(wanted.matches()) if wanted.text else rows

    def fetch(ordered: QuerySet[SaaSSubscription], count: int) -> list[Any]:
        return _read(ordered[:count])

    found: Iterator[Any] = walk(rows, order=SUBSCRIPTION_ORDERS[sort], size=EXPORT_BATCH, fetch=fetch)
    return found


def chosen_rows(actor: Actor, subscription_ids: Sequence[UUID]) -> list[SubscriptionRow]:
    """Return those of the ids that the actor may see: the rows of a customer's tab."""
    if not actor.is_partner:
        return _read(SaaSSubscription.objects.visible_to(actor).filter(pk__in=subscription_ids))
    ids = list(subscription_ids)
    return _named(_CHOSEN.rows("chosen", keeps_plan=True, partner_id=actor.organization_id, ids=ids))


def _chosen(_shape: Any, *, partner_id: UUID, ids: Sequence[UUID]) -> QuerySet[SaaSSubscription, Any]:
    return SaaSSubscription.objects.of_partner(partner_id).filter(pk__in=ids).values_list(*_COLUMNS)


_CHOSEN = ListStatement(_chosen)


def _narrowed(
    actor: Actor, wanted: SubscriptionFilter, *, sort: str, now: datetime.datetime
) -> QuerySet[SaaSSubscription]:
    """Return what the actor may see and the filters leave, the text aside."""
    return _sortable(_own(actor), sort).filter(wanted.conditions(now=now, soon=_soon(now)))


def _soon(now: datetime.datetime) -> datetime.date:
    return now.date() + datetime.timedelta(days=RENEWING_DAYS)


def _sortable(rows: QuerySet[SaaSSubscription], sort: str) -> QuerySet[SaaSSubscription]:
    return rows.filter(ends_on__isnull=False) if sort == "ends" else rows


def _own(actor: Actor) -> QuerySet[SaaSSubscription]:
    """Return what the actor may see, by one index."""
    if not actor.is_partner:
        return SaaSSubscription.objects.visible_to(actor)
    is_reseller = actor.organization_kind == OrganizationKind.INDIRECT_RESELLER
    return _of_partner(actor.organization_id, is_reseller=is_reseller)


def _of_partner(partner_id: UUID, *, is_reseller: bool) -> QuerySet[SaaSSubscription]:
    """Return what a partner bought; only indirect resellers see what another partner bought."""
    if is_reseller:
        return SaaSSubscription.objects.filter(Q(partner_id=partner_id) | Q(reseller_id=partner_id))
    return SaaSSubscription.objects.filter(partner_id=partner_id)


def _read(rows: QuerySet[SaaSSubscription]) -> list[SubscriptionRow]:
    return _named(list(rows.values_list(*_COLUMNS)))


def _named(found: Sequence[tuple[Any, ...]]) -> list[SubscriptionRow]:
    """Put the names of all companies beside the rows: two small queries cost less than one over ten tables."""
    customer, publisher, reseller = (_FIELDS.index(name) for name in ("customer_id", "publisher_id", "reseller_id"))
    names = organization_names({row[at] for row in found for at in (customer, publisher, reseller)} - {None})
    return [
        SubscriptionRow._make((*row, names[row[customer]], names[row[publisher]], names.get(row[reseller], "")))
        for row in found
    ]
