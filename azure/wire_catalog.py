"""First-party products in the API's catalog: SKUs of the price lists, and Azure offers (API reference, section 5)."""

import datetime
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from azure import prices
from azure.prices import ListedSku, Way
from azure.queries.catalogue import article_of, check_article
from azure.rules import buying as rules
from azure.rules.buying import Article
from azure.rules.coterm import check_end
from azure.workflow.purchases import Purchase, Review, buy_product
from billing.amounts import cycle_amount
from billing.models import PriceListEntry
from customers.catalog import (
    Availability,
    Catalog,
    PlacedLine,
    PlacedOrder,
    Product,
    Quote,
    Shelf,
    Sku,
    SoldTerm,
    WantedLine,
)
from customers.enums import BillingFrequency, ProductFamily, Term
from customers.models import Customer, Subscription
from customers.queries import as_uuid
from customers.queries.wire import credited, partner_by_number
from customers.rules.buying import Buyer
from customers.terms import CYCLE_MONTHS, TERM_MONTHS, cycle_on, whole_days
from customers.wire import cycle_of
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.core.errors import InvalidInput

F = ProductFamily
KINDS: dict[str, tuple[str, str, tuple[str, ...]]] = {  # family -> productType, its subType, targetViews
    F.LICENSE_BASED: ("OnlineServicesNCE", "", ("OnlineServices",)),
    F.RESERVATION: ("Azure", "AzureReservation", ("AzureReservations", "AzureReservationsVM")),
    F.SAVINGS_PLAN: ("Azure", "SavingsPlan", ("Azure", "SpecializedOffers")),
    F.SOFTWARE: ("Software", "", ("Software", "SoftwareSubscriptions")),
    F.PERPETUAL_SOFTWARE: ("Software", "Perpetual", ("Software", "SoftwarePerpetual")),
}
AZURE = ("Azure", "", ("Azure", "MicrosoftAzure"))
USAGE_TITLE = "Pay by usage"
SEGMENT = "commercial"


class AzureCatalog(Catalog):
    """One line is one order, for each product is ordered by itself."""

    is_one_line = True
    families = frozenset(F) - {F.THIRD_PARTY}

    def products(self, shelf: Shelf, view: str = "", *, text: str = "") -> list[Product]:
        families = [family for family, (_kind, _sub, views) in KINDS.items() if _is_in(view, views)]
        rows = _sold(shelf).filter(price_list__family__in=families)
        if text:
            rows = rows.filter(Q(product_title__icontains=text) | Q(product_id__iexact=text))
        listed = rows.order_by("product_title", "product_id").distinct("product_title", "product_id")
        own = [one for one in _azure_products(view) if text.casefold() in one.title.casefold()]
        return [*own, *(_product(row) for row in listed)]

    def product(self, shelf: Shelf, product_id: str) -> Product | None:
        own = next((one for one in _azure_products("") if one.id.lower() == product_id.lower()), None)
        row = None if own else _sold(shelf).filter(product_id=product_id).order_by("product_title").first()
        return own or (_product(row) if row else None)

    def skus(self, shelf: Shelf, product_id: str) -> list[Sku]:
        article = rules.azure_article(product_id)
        if article is not None:
            return [Sku(rules.USAGE, product_id, USAGE_TITLE, article.title, billing_cycles=("none",))]
        return [_sku(found) for found in _skus(shelf, product_id)]

    def availabilities(self, shelf: Shelf, product_id: str, sku_id: str) -> list[Availability]:
        currency = shelf.partner.currency
        if rules.azure_article(product_id) is not None:
            sold = (SoldTerm("", "none"),)
            return [Availability(str(Term.NONE), product_id, rules.USAGE, currency, sold)] if _is_usage(sku_id) else []
        found = next((sku for sku in _skus(shelf, product_id) if sku.sku_id == sku_id), None)
        ways = sorted(found.ways, key=lambda way: way.term) if found else []
        return [
            Availability(term, product_id, sku_id, currency, tuple(_sold_term(way) for way in of_term))
            for term, of_term in groupby(ways, key=lambda way: way.term)
        ]

    def quote(self, line: WantedLine, *, partner: Partner, customer: Customer, today: datetime.date) -> Quote:
        buyer = Buyer(partner, customer, today)
        article = _article(line, buyer)
        check_article(article, buyer, reseller_id=_reseller_of(line, partner))
        rules.check_quantity(article, line.quantity)
        way = _way(article, line)
        if not line.ends_on:
            return _quote(way, line.quantity, partner.currency)
        ends_on = datetime.date.fromisoformat(line.ends_on)
        check_end(article, buyer, term=way.term if way else Term.NONE, ends_on=ends_on)
        return _cut_quote(way, line.quantity, partner.currency, today=today, ends_on=ends_on)

    def order(
        self,
        lines: Sequence[WantedLine],
        *,
        customer_id: UUID,
        partner_on_record: str,
        is_attested: bool,
        actor: Actor,
        now: datetime.datetime,
    ) -> UUID:
        line, order_id = lines[0], uuid.uuid4()
        reseller_id, number = credited(partner_on_record, actor) if partner_on_record else (None, "")
        partner = Partner.objects.select_related("organization").get(pk=actor.organization_id)
        article = _article(line, Buyer(partner, Customer.objects.get(pk=customer_id), now.date()))
        way = _way(article, line)
        buy_product(
            customer_id=customer_id,
            purchase=Purchase(
                order_id=order_id,
                product_id=article.product_id,
                sku_id=article.sku_id,
                term=way.term if way else Term.NONE,
                billing_frequency=way.billing_frequency if way else BillingFrequency.USAGE,
                quantity=line.quantity,
                friendly_name=line.friendly_name,
                scope_id=as_uuid(line.scope) if line.scope else None,
                ends_on=datetime.date.fromisoformat(line.ends_on) if line.ends_on else None,
            ),
            review=Review(reseller_id=reseller_id, partner_on_record=number, is_attested=is_attested),
            actor=actor,
            now=now,
        )
        return order_id

    def orders(self, actor: Actor, customer_id: UUID, *, order_id: UUID | None = None) -> list[PlacedOrder]:
        rows = Subscription.objects.visible_to(actor).select_related("billing_owner")
        rows = rows.filter(customer_id=customer_id, order_id__isnull=False)
        rows = rows.exclude(product_family=F.THIRD_PARTY)
        if order_id is not None:
            rows = rows.filter(order_id=order_id)
        ordered = rows.order_by("-created_at", "order_id", "pk")
        return [_placed(list(group), actor) for _key, group in groupby(ordered, key=lambda row: row.order_id)]


def _is_in(view: str, views: Iterable[str]) -> bool:
    return not view or view in {name.lower() for name in views}


def _is_usage(sku_id: str) -> bool:
    return sku_id.lower() == rules.USAGE


def _azure_products(view: str) -> list[Product]:
    if not _is_in(view, AZURE[2]):
        return []
    articles = [rules.check_found(rules.azure_article(product_id)) for product_id in rules.OFFERS]
    return [
        Product(one.product_id, str(one.name), str(one.name), AZURE[0], AZURE[2], family=one.family) for one in articles
    ]


def _sold(shelf: Shelf) -> QuerySet[PriceListEntry]:
    rows = prices.sold(country=shelf.country, currency=shelf.partner.currency, day=shelf.today)
    return rows if shelf.segment == SEGMENT else rows.none()


def _skus(shelf: Shelf, product_id: str) -> list[ListedSku]:
    rows = _sold(shelf).filter(product_id=product_id)
    return prices.skus_of(rows.order_by(*prices.ORDER, "term", "billing_frequency", "-starts_on", "pk"))


def _product(row: PriceListEntry) -> Product:
    kind, sub_kind, views = KINDS[row.price_list.family]
    title, family = row.product_title, row.price_list.family
    return Product(row.product_id, title, title, kind, views, sub_kind=sub_kind, family=family)


def _sku(found: ListedSku) -> Sku:
    is_counted = rules.listed_article(found).is_counted
    cycles = tuple(dict.fromkeys(cycle_of(way.billing_frequency, way.term) for way in found.ways))
    return Sku(
        id=found.sku_id,
        product_id=found.product_id,
        title=found.name,
        description=found.product,
        maximum=rules.MAX_LICENSES if is_counted else 1,
        billing_cycles=cycles,
    )


def _sold_term(way: Way) -> SoldTerm:
    duration = "" if way.term == Term.NONE else way.term
    return SoldTerm(duration, cycle_of(way.billing_frequency, way.term), way.unit_price)


def _article(line: WantedLine, buyer: Buyer) -> Article:
    product, sku, _availability = [*line.catalog_item.split(":"), "", "", ""][:3]
    return rules.check_found(article_of(buyer, product, sku))


def _reseller_of(line: WantedLine, partner: Partner) -> UUID | None:
    found = partner_by_number(line.partner_on_record) if line.partner_on_record else None
    return found.pk if found and found.pk != partner.pk else None


def _way(article: Article, line: WantedLine) -> Way | None:
    """Return the way to buy that a line names by term and billing cycle. Raises: InvalidInput."""
    if not article.ways:
        return None
    term = [*line.catalog_item.split(":"), "", "", ""][2] or line.term or str(Term.NONE)
    for way in article.ways:
        is_term = way.term.lower() == term.lower() and line.term.lower() in ("", way.term.lower())
        if is_term and cycle_of(way.billing_frequency, way.term) == line.billing_cycle:
            return way
    raise InvalidInput(_("This product is not sold for this term and billing frequency."), field="billingCycle")


def _quote(way: Way | None, quantity: int, currency: str) -> Quote:
    """Return the price of the whole term; what is billed by usage costs nothing yet."""
    if way is None:
        zero = prices.EXACT * 0
        return Quote(currency, zero, zero, zero)
    first = rules.first_total(way, quantity) or prices.EXACT * 0
    months = TERM_MONTHS.get(Term(way.term), 0)
    cycle = CYCLE_MONTHS.get(BillingFrequency(way.billing_frequency), months)
    return Quote(way.currency, way.unit_price, way.unit_price, first * (months // cycle if cycle else 1))


def _cut_quote(way: Way | None, quantity: int, currency: str, *, today: datetime.date, ends_on: datetime.date) -> Quote:
    """Return the price of a first term that ends early: its whole cycles, and the days of the one that is cut."""
    whole = _quote(way, quantity, currency)
    if way is None:
        return whole
    total, day = prices.EXACT * 0, today
    while day < ends_on:
        cycle = cycle_on(day, starts_on=today, ends_on=ends_on, frequency=way.billing_frequency)
        if cycle is None:
            return whole
        days = whole_days(cycle, starts_on=today, term=way.term, frequency=way.billing_frequency)
        total += cycle_amount(
            unit_price=way.unit_price, quantity=quantity, currency=way.currency, days=cycle.days, whole_days=days
        )
        day = cycle.ends_on
    first = rules.first_total(way, quantity, today=today, ends_on=ends_on)
    return replace(whole, total=total, first=first)


def _placed(rows: list[Subscription], actor: Actor) -> PlacedOrder:
    first = rows[0]
    lines = tuple(_placed_line(number, row, actor) for number, row in enumerate(rows))
    totals = [line.price.total for line in lines if line.price is not None]
    return PlacedOrder(
        id=first.order_id or first.pk,
        customer_id=first.customer_id,
        currency=first.currency or first.billing_owner.currency,
        created_at=first.created_at,
        partner_on_record=first.partner_on_record,
        total=sum(totals, prices.EXACT * 0) if totals else None,
        lines=lines,
    )


def _placed_line(number: int, row: Subscription, actor: Actor) -> PlacedLine:
    is_buyer = row.billing_owner_id == actor.organization_id
    way = None
    if row.unit_price is not None and row.billing_frequency != BillingFrequency.USAGE:
        way = Way(row.term, row.billing_frequency, row.unit_price, row.currency)
    return PlacedLine(
        number=number,
        catalog_item=row.offer_id or str(row.pk),
        subscription_id=row.pk,
        friendly_name=row.friendly_name,
        quantity=row.quantity,
        term="" if row.term == Term.NONE else row.term,
        billing_cycle=cycle_of(row.billing_frequency, row.term),
        status=row.status,
        price=_quote(way, row.quantity, row.currency) if is_buyer else None,
    )
