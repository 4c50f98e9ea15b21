"""What the customer list and the customer pages show, already scoped to the actor."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, StrIndex
from django.db.models.lookups import GreaterThan
from django.http import Http404

from customers.enums import CURRENT_STATUSES, TAB_FAMILIES, ProductTab, RelationshipKind, RelationshipStatus
from customers.models import (
    CustomerAgreement,
    CustomerProfile,
    MarketCountry,
    ResellerRelationship,
    SavedView,
    Subscription,
    Tag,
)
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, PartnershipStatus
from portal.accounts.models import Organization, Partner
from portal.core.fields import name_key
from portal.core.pages import COUNT_LIMIT, Page, keyset_page, walk

# Sorting of the customer list: parameter of the address -> columns of keyset paging, each with an index of its own.
CUSTOMER_ORDERS: dict[str, tuple[str, ...]] = {
    "name": ("customer_name_key", "pk"),
    "-name": ("-customer_name_key", "-pk"),
    "domain": ("customer_domain", "pk"),
    "-domain": ("-customer_domain", "-pk"),
    "created": ("created_at", "pk"),
    "-created": ("-created_at", "-pk"),
}
SUBSCRIPTION_ORDER = ("friendly_name", "pk")
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
            return _holds("customer_name_key", key) | _holds("customer_domain", domain)
        return Q(customer_domain__startswith=domain) if "domain" in sort else Q(customer_name_key__startswith=key)

    @property
    def has_part(self) -> bool:
        """Say whether the text is looked for anywhere in the name, not only at its beginning."""
        return len(name_key(self.text)) >= SHORTEST_PART


def _holds(column: str, text: str) -> Q:
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


def _customers_of(actor: Actor) -> QuerySet[ResellerRelationship]:
    """The active relationships in which the actor's organization is the partner: none for anybody but partners."""
    return ResellerRelationship.objects.filter(status=RelationshipStatus.ACTIVE, partner_id=actor.organization_id)


def customer_rows(actor: Actor, wanted: CustomerFilter) -> QuerySet[ResellerRelationship]:
    """Return the actor's customers that fit everything but the text, with what a row of the list shows."""
    conditions, rows = wanted.conditions(), _customers_of(actor)
    rows = rows.filter(conditions) if conditions else rows
    if actor.organization_kind == OrganizationKind.DIRECT_BILL:
        return rows.only(*LIST_COLUMNS)
    return rows.select_related("counterpart__organization").only(*LIST_COLUMNS, "counterpart__organization__name")


def customer_page(
    actor: Actor, wanted: CustomerFilter, *, sort: str = "name", cursor: str = "", size: int = 50
) -> Page[ResellerRelationship]:
    """Return one page of the customer list; ``sort`` is one of CUSTOMER_ORDERS. Raises: BadCursor."""
    order, rows = CUSTOMER_ORDERS[sort], customer_rows(actor, wanted)
    match = wanted.matches(sort)
    if not wanted.has_part:
        return keyset_page(rows.filter(match) if match else rows, order=order, cursor=cursor, size=size)

    def fetch(ordered: QuerySet[ResellerRelationship], count: int) -> list[ResellerRelationship]:
        return _search(ordered, match, count, is_long=len(wanted.text) > LONGEST_FREQUENT)

    return keyset_page(rows, order=order, cursor=cursor, size=size, fetch=fetch)


def _search(
    ordered: QuerySet[ResellerRelationship], match: Q, count: int, *, is_long: bool
) -> list[ResellerRelationship]:
    """Return the first ``count`` of the ordered rows that match, whether many of a million do or few.

    A frequent word stands on the next rows, a rare one is found by the trigram index and sorted. The planner cannot
    know which of the two is at hand when names that hold a word begin with it ("hotel"), so it is looked up, and in the
    second case the order is spelled so that no index offers itself for a walk over all rows (decision 0020).
    """
    matching = ordered.filter(match)
    if is_long or not _is_frequent(ordered, match, count):
        matching = matching.order_by(*[_unindexed(str(column)) for column in ordered.query.order_by])
    return list(matching[:count])


def _is_frequent(ordered: QuerySet[ResellerRelationship], match: Q, count: int) -> bool:
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
    rows = _customers_of(actor).filter(wanted.conditions(), wanted.matches(sort))
    return rows[: COUNT_LIMIT + 1].count()


def has_customers(actor: Actor) -> bool:
    """Say whether the actor's partner has any customer at all."""
    return _customers_of(actor).exists()


def all_customers(actor: Actor, wanted: CustomerFilter, *, sort: str = "name") -> Iterator[ResellerRelationship]:
    """Yield every customer that fits, in order, with flat memory: what the export writes."""
    rows = customer_rows(actor, wanted).filter(wanted.matches(sort))
    return walk(rows, order=CUSTOMER_ORDERS[sort], size=EXPORT_BATCH)


def find_customers(actor: Actor, text: str, *, limit: int) -> list[ResellerRelationship]:
    """Return the first customers by name that the text names: a whole Microsoft ID, or part of a name or domain."""
    customer_id = as_uuid(text)
    if customer_id is not None:
        return list(customer_rows(actor, CustomerFilter()).filter(customer_id=customer_id))
    return list(customer_page(actor, CustomerFilter(text=text), size=limit).rows)


def customers_like(actor: Actor, *, name: str, country: str, limit: int = 5) -> list[ResellerRelationship]:
    """Return the partner's customers of this name in this country: perhaps the one about to be added again."""
    rows = ResellerRelationship.objects.visible_to(actor).active()
    return list(rows.filter(customer_name_key=name_key(name), customer_country=country).order_by("pk")[:limit])


# --- what the panels of the list offer -------------------------------------------------------------------------------
def tags_of(actor: Actor) -> list[Tag]:
    """Return the words the actor's partner sorts its customers by, in alphabetical order."""
    return sorted(Tag.objects.filter(partner_id=actor.organization_id), key=lambda tag: name_key(tag.name))


def views_of(actor: Actor) -> list[SavedView]:
    """Return the actor's own views of the list, by name."""
    own = SavedView.objects.filter(user_id=actor.user_id, organization_id=actor.organization_id)
    return sorted(own, key=lambda view: name_key(view.name))


def view_of(actor: Actor, view_id: UUID) -> SavedView:
    """Return one of the actor's own views. Raises: Http404."""
    view = next((view for view in views_of(actor) if view.pk == view_id), None)
    if view is None:
        raise Http404
    return view


def tag_of(actor: Actor, tag_id: UUID) -> Tag:
    """Return one of the tags of the actor's partner. Raises: Http404."""
    tag = Tag.objects.filter(partner_id=actor.organization_id, pk=tag_id).first()
    if tag is None:
        raise Http404
    return tag


def market_countries(actor: Actor) -> list[str]:
    """Return the countries that the market of the actor's partner has, had or will have: where customers can be."""
    market = Partner.objects.filter(pk=actor.organization_id).values("market")
    countries = MarketCountry.objects.filter(market_id__in=market).values_list("country", flat=True)
    return list(countries.distinct().order_by("country"))


def resellers_of(actor: Actor, *, text: str = "", limit: int) -> list[Organization]:
    """Return the first indirect resellers of the actor's provider by name, ended partnerships left out."""
    resellers = Organization.objects.filter(
        partner__provider_partnerships__provider_id=actor.organization_id,
        partner__provider_partnerships__status=PartnershipStatus.ACTIVE,
    )
    if text:
        resellers = resellers.filter(name_key__contains=name_key(text))
    return list(resellers.order_by("name_key", "pk")[:limit])


def reseller_name(actor: Actor, reseller_id: UUID) -> str:
    """Return the name of a reseller of the actor's provider, past ones included; nothing for any other id."""
    names = Organization.objects.filter(
        pk=reseller_id, partner__provider_partnerships__provider_id=actor.organization_id
    ).values_list("name", flat=True)
    return names.first() or ""


def chosen_customers(actor: Actor, customer_ids: list[UUID]) -> list[ResellerRelationship]:
    """Return those of the ids that are customers of the actor's partner, by name: what a bulk action is about."""
    rows = customer_rows(actor, CustomerFilter()).filter(customer_id__in=customer_ids)
    return list(rows.order_by("customer_name_key", "pk"))


# --- one customer ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class CustomerDetail:
    """A customer as one of its partners sees it."""

    relationship: ResellerRelationship
    profile: CustomerProfile  # an empty one where the partner has noted nothing yet
    agreement: CustomerAgreement | None  # the newest; of a reseller's customer: with its provider


def customer_of(actor: Actor, customer_id: UUID) -> ResellerRelationship:
    """Return the active relationship of the actor's partner with a customer, in one query. Raises: Http404."""
    rows = _customers_of(actor).filter(customer_id=customer_id)
    relationship = rows.select_related("customer__organization", "counterpart__organization", "profile").first()
    if relationship is None:
        raise Http404
    return relationship


def customer_detail(actor: Actor, customer_id: UUID) -> CustomerDetail:
    """Return a customer with all its account page shows, in two queries. Raises: Http404."""
    relationship = customer_of(actor, customer_id)
    signed_with = relationship.partner_id
    if relationship.kind == RelationshipKind.RESELLER and relationship.counterpart_id:
        signed_with = relationship.counterpart_id
    agreements = CustomerAgreement.objects.filter(partner_id=signed_with, customer_id=customer_id)
    return CustomerDetail(
        relationship=relationship,
        profile=getattr(relationship, "profile", None) or CustomerProfile(relationship=relationship),
        agreement=agreements.order_by("-created_at", "-pk").first(),
    )


def subscriptions_of(
    actor: Actor, customer_id: UUID, *, tab: ProductTab | None = None, status: str = ""
) -> QuerySet[Subscription]:
    """Return a customer's subscriptions as far as the actor may see them, with what a row shows.

    ``status``: one of SubscriptionStatus, "all", or empty for the current ones.
    """
    rows = Subscription.objects.visible_to(actor).filter(customer_id=customer_id)
    if tab is not None:
        rows = rows.filter(product_family__in=TAB_FAMILIES[tab])
    if status != "all":
        rows = rows.filter(status__in=[status] if status else CURRENT_STATUSES)
    return rows.select_related("reseller__organization")


def subscription_counts(actor: Actor, customer_id: UUID) -> dict[ProductTab, int]:
    """Count a customer's current subscriptions on each tab (one query)."""
    rows = Subscription.objects.visible_to(actor).filter(customer_id=customer_id, status__in=CURRENT_STATUSES)
    counts = dict(rows.order_by().values_list("product_family").annotate(count=Count("pk")))
    return {tab: sum(counts.get(family, 0) for family in families) for tab, families in TAB_FAMILIES.items()}


def find_subscription(actor: Actor, subscription_id: UUID) -> Subscription | None:
    """Return a subscription of one of the actor's customers by its id, if the actor may see it."""
    own_customers = _customers_of(actor).values("customer_id")
    rows = Subscription.objects.visible_to(actor).filter(pk=subscription_id, customer_id__in=own_customers)
    return rows.select_related("customer__organization").first()


def tab_of(subscription: Subscription) -> ProductTab:
    """Return the tab of the Subscriptions page on which a subscription stands."""
    return next(tab for tab, families in TAB_FAMILIES.items() if subscription.product_family in families)
