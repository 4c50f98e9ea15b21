"""The list of marketplace subscriptions over all customers: filtered, searched, sorted, paged (M2, decision 0020)."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from customers.queries.lists import LONGEST_FREQUENT, SHORTEST_PART, holds, matching
from marketplace.enums import FulfillmentStatus
from marketplace.models import SaaSSubscription
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Organization
from portal.core.fields import name_key
from portal.core.pages import COUNT_LIMIT, Page, keyset_page, walk

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
_FIELDS = SubscriptionRow._fields


@dataclass(frozen=True)
class SubscriptionFilter:
    """What a list of subscriptions is narrowed to; empty values narrow nothing."""

    text: str = ""
    status: str = ""  # one of FulfillmentStatus; empty: the living ones; "all"
    renewing_soon: bool = False
    can_cancel: bool = False
    auto_renew: str = ""  # "yes" or "no"

    def conditions(self, *, now: datetime.datetime) -> Q:
        """Return all but the text; an index of the table serves each."""
        found = Q()
        if not self.status:
            found &= ~Q(status=FulfillmentStatus.UNSUBSCRIBED)
        elif self.status != "all":
            found &= Q(status=self.status)
        if self.renewing_soon:
            until = now.date() + datetime.timedelta(days=RENEWING_DAYS)
            found &= Q(status=FulfillmentStatus.SUBSCRIBED, auto_renew=True, ends_on__lte=until)
        if self.can_cancel:
            found &= Q(status=FulfillmentStatus.PENDING) | Q(cancelable_until__gt=now)
        if self.auto_renew:
            found &= Q(auto_renew=self.auto_renew == "yes")
        return found

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

    def fetch(ordered: QuerySet[SaaSSubscription], count: int) -> list[Any]:
        if wanted.text:
            is_long = len(wanted.text) > LONGEST_FREQUENT
            ordered = matching(ordered, wanted.matches(), count, is_long=is_long)
        return _read(ordered[:count])

    rows = _narrowed(actor, wanted, sort=sort, now=now)
    page: Page[Any] = keyset_page(rows, order=SUBSCRIPTION_ORDERS[sort], cursor=cursor, size=size, fetch=fetch)
    return page


def subscription_count(
    actor: Actor, wanted: SubscriptionFilter, *, sort: str = "newest", now: datetime.datetime
) -> int:
    """Count the subscriptions that fit, up to one above COUNT_LIMIT: the page says "10,000+"."""
    rows = _narrowed(actor, wanted, sort=sort, now=now)
    rows = rows.filter(wanted.matches()) if wanted.text else rows
    return rows[: COUNT_LIMIT + 1].count()


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
    return _read(SaaSSubscription.objects.visible_to(actor).filter(pk__in=subscription_ids))


def _narrowed(
    actor: Actor, wanted: SubscriptionFilter, *, sort: str, now: datetime.datetime
) -> QuerySet[SaaSSubscription]:
    """Return what the actor may see and the filters leave, the text aside."""
    rows = _own(actor).filter(wanted.conditions(now=now))
    return rows.filter(ends_on__isnull=False) if sort == "ends" else rows


def _own(actor: Actor) -> QuerySet[SaaSSubscription]:
    """Return what the actor may see, by one index: only indirect resellers see what another partner bought."""
    organization_id, kind = actor.organization_id, actor.organization_kind
    if kind == OrganizationKind.INDIRECT_RESELLER:
        return SaaSSubscription.objects.filter(Q(partner_id=organization_id) | Q(reseller_id=organization_id))
    if actor.is_partner:
        return SaaSSubscription.objects.filter(partner_id=organization_id)
    return SaaSSubscription.objects.visible_to(actor)


def _read(rows: QuerySet[SaaSSubscription]) -> list[SubscriptionRow]:
    """Read rows, then the names of all companies on them: two small queries cost less than one over ten tables."""
    found = list(rows.values_list(*_COLUMNS))
    customer, publisher, reseller = (_FIELDS.index(name) for name in ("customer_id", "publisher_id", "reseller_id"))
    ids = {row[at] for row in found for at in (customer, publisher, reseller)}
    names = dict(Organization.objects.filter(pk__in=ids - {None}).values_list("pk", "name")) if ids else {}
    return [
        SubscriptionRow._make((*row, names[row[customer]], names[row[publisher]], names.get(row[reseller], "")))
        for row in found
    ]
