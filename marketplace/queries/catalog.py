"""The catalogue, carts and orders: what may be bought for a customer, what is about to be, and what was."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404

from customers.models import Customer, ResellerRelationship
from marketplace import rules
from marketplace.enums import CartStatus, OfferStatus
from marketplace.models import Cart, CartLine, Offer, Order, Plan, PlanPrice, Publisher
from marketplace.rules import Buyer, Price
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.core.errors import Refusal, refusal_of
from portal.core.fields import name_key

# Sorting of the catalogue: parameter of the address -> columns of keyset paging.
OFFER_ORDERS: dict[str, tuple[str, ...]] = {
    "name": ("name_key", "pk"),
    "-name": ("-name_key", "-pk"),
    "newest": ("-published_at", "-pk"),
}
_SEARCHED = SearchVector("name", "summary", "description", "category", "publisher__organization__name", config="simple")


@dataclass(frozen=True)
class OfferFilter:
    """What the catalogue is narrowed to; empty values narrow nothing."""

    text: str = ""
    category: str = ""
    publisher_id: UUID | None = None
    country: str = ""  # sold there, in at least one plan
    trial_only: bool = False


@dataclass(frozen=True)
class PlanChoice:
    """A plan as a buyer sees it: its prices, or why it cannot be bought."""

    plan: Plan
    prices: list[Price]
    refusal: Refusal | None

    @property
    def cheapest(self) -> Price | None:
        return min(self.prices, key=lambda price: price.unit_price, default=None)


@dataclass(frozen=True)
class CartRow:
    """A line of a cart with today's price, or why it cannot be bought any more."""

    line: CartLine
    price: Price | None
    refusal: Refusal | None

    @property
    def total(self) -> Decimal:
        return self.price.term_total(self.line.quantity) if self.price else Decimal(0)


@dataclass(frozen=True)
class CartView:
    """A person's cart for a customer. ``total`` is what checkout is told that the buyer has seen."""

    cart: Cart | None
    rows: list[CartRow]
    currency: str

    @property
    def total(self) -> Decimal:
        return sum((row.total for row in self.rows), Decimal(0))

    @property
    def can_be_bought(self) -> bool:
        return bool(self.rows) and all(row.refusal is None for row in self.rows)


def offer_list(actor: Actor, found: OfferFilter, *, today: datetime.date) -> QuerySet[Offer]:
    """Return the published offers; one of OFFER_ORDERS sorts. Words are found from their beginning, without accents."""
    offers = Offer.objects.filter(status=OfferStatus.PUBLISHED).select_related("publisher__organization")
    plans = Plan.objects.filter(offer=OuterRef("pk"), is_stopped=False, is_private=False)
    if found.country:
        plans = plans.filter(Q(countries=[]) | Q(countries__contains=[found.country]))
    if found.trial_only:
        plans = plans.filter(trial_days__gt=0)
    if found.country or found.trial_only:
        offers = offers.filter(Exists(plans))
    if found.category:
        offers = offers.filter(category=found.category)
    if found.publisher_id:
        offers = offers.filter(publisher_id=found.publisher_id)
    return _search(offers, found.text) if found.text.strip() else offers


def _search(offers: QuerySet[Offer], text: str) -> QuerySet[Offer]:
    key = name_key(text.strip())
    words = "".join(letter if letter.isalnum() else " " for letter in text).split()[:10]
    named = Q(name_key__contains=key) | Q(publisher__organization__name_key__contains=key)
    if not words:
        return offers.filter(named)
    query = SearchQuery(" & ".join(f"{word}:*" for word in words), search_type="raw", config="simple")
    return offers.annotate(searched=_SEARCHED).filter(named | Q(searched=query))


def publishers_with_offers() -> QuerySet[Publisher]:
    """Return the publishers of published offers, for a filter."""
    offers = Offer.objects.filter(publisher=OuterRef("pk"), status=OfferStatus.PUBLISHED)
    return Publisher.objects.filter(Exists(offers)).select_related("organization").order_by("organization__name_key")


def lowest_prices(offers: Iterable[Offer], *, currency: str, today: datetime.date) -> dict[UUID, PlanPrice]:
    """Return the lowest list price of each offer's public plans that day, for a page of the catalogue (one query)."""
    rows = PlanPrice.objects.filter(
        plan__offer__in=list(offers), plan__is_private=False, plan__is_stopped=False, currency=currency
    )
    found: dict[UUID, PlanPrice] = {}
    for row in rows.on(today).filter(is_offered=True).select_related("plan").order_by("-unit_price", "pk"):
        found[row.plan.offer_id] = row
    return found


def offer_detail(actor: Actor, offer_id: UUID) -> Offer:
    """Return an offer the actor may see, with its publisher. Raises: Http404."""
    offers = Offer.objects.visible_to(actor).select_related("publisher__organization")
    offer = offers.filter(pk=offer_id).first()
    if offer is None:
        raise Http404
    return offer


def buyer_for(actor: Actor, customer_id: UUID, *, today: datetime.date) -> Buyer:
    """Return for whom the actor would buy: a customer of its partner. Raises: Http404."""
    relationships = ResellerRelationship.objects.visible_to(actor).active().filter(customer_id=customer_id)
    if not actor.is_partner or not relationships.exists():
        raise Http404
    customer = Customer.objects.select_related("organization").get(pk=customer_id)
    partner = Partner.objects.select_related("organization").get(pk=actor.organization_id)
    return Buyer(partner, customer, today)


def refusal_to_buy(buyer: Buyer) -> Refusal | None:
    """Return why nothing at all can be bought for a customer, or ``None``."""
    return refusal_of(lambda: rules.check_may_buy(buyer))


def offer_refusal(offer: Offer, buyer: Buyer) -> Refusal | None:
    """Return why an offer as a whole cannot be bought for a customer, or ``None``."""
    return refusal_of(lambda: rules.check_offer(offer, buyer))


def plan_choices(offer: Offer, buyer: Buyer) -> list[PlanChoice]:
    """Return the plans of an offer that exist for a customer, with prices or the reason against each (section 7.1).

    Private plans for somebody else are left out: nobody learns that they exist.
    """
    choices = []
    plans = Plan.objects.filter(offer=offer).select_related("offer__publisher__organization")
    for plan in plans.prefetch_related("dimensions__prices").order_by("position", "name", "pk"):
        if plan.is_private and not rules.is_in_audience(plan, buyer):
            continue
        prices = rules.prices_of(
            plan,
            currency=buyer.partner.currency,
            partner_id=buyer.partner.pk,
            customer_id=buyer.customer.pk,
            on=buyer.today,
        )
        choices.append(PlanChoice(plan, prices, _plan_refusal(plan, prices, buyer)))
    return choices


def _plan_refusal(plan: Plan, prices: list[Price], buyer: Buyer) -> Refusal | None:
    refusal = refusal_of(lambda: rules.check_plan(plan, buyer))
    return refusal or (None if prices else rules.no_price(plan, currency=buyer.partner.currency))


def cart_view(actor: Actor, customer_id: UUID, *, today: datetime.date) -> CartView:
    """Return the person's open cart for a customer, priced as of today. Raises: Http404."""
    buyer = buyer_for(actor, customer_id, today=today)
    cart = Cart.objects.visible_to(actor).filter(customer_id=customer_id, status=CartStatus.OPEN).first()
    lines = CartLine.objects.filter(cart=cart).select_related("plan__offer__publisher__organization")
    rows = [_cart_row(line, buyer) for line in lines.order_by("created_at", "pk")] if cart else []
    return CartView(cart, rows, buyer.partner.currency)


def _cart_row(line: CartLine, buyer: Buyer) -> CartRow:
    try:
        rules.check_plan(line.plan, buyer)
        rules.check_quantity(line.plan, line.quantity)
        price = rules.price_for(line.plan, buyer, term=line.term, billing_frequency=line.billing_frequency)
    except Refusal as refusal:
        return CartRow(line, None, refusal)
    return CartRow(line, price, None)


def order_detail(actor: Actor, order_id: UUID) -> Order:
    """Return an order with its lines and their subscriptions. Raises: Http404."""
    orders = Order.objects.visible_to(actor).select_related("customer__organization", "reseller__organization")
    order = orders.prefetch_related("lines__subscription__saas", "lines__plan__offer__publisher__organization")
    found = order.filter(pk=order_id).first()
    if found is None:
        raise Http404
    return found
