"""The marketplace's offers as products of the API's catalog: offer, plan, term (API reference, sections 5.2, 5.3)."""

import datetime
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

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
from customers.models import Customer
from customers.queries.wire import credited
from customers.rules.buying import Buyer
from customers.subscription_changes import frequency_of
from customers.wire import cycle_of
from marketplace import rules
from marketplace.enums import FREQUENCIES_OF_TERM, FulfillmentStatus, OfferStatus, Refund
from marketplace.models import ExclusivePartner, Offer, Order, OrderLine, Plan, PlanPrice
from marketplace.rules import Price
from marketplace.workflow.purchases import Purchase, Review, order_at_once
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.core.errors import InvalidInput
from portal.core.fields import name_key

VIEWS = ("MarketplaceSaaS",)
REFUNDS = {Refund.FULL: "Full", Refund.PRORATED: "Partial", Refund.NONE: ""}
SEGMENT = "commercial"  # publishers sell to all segments under this one


class MarketplaceCatalog(Catalog):
    """Offers are products, plans SKUs, terms availabilities."""

    families = frozenset({ProductFamily.THIRD_PARTY})

    def products(self, shelf: Shelf, view: str = "", *, text: str = "") -> list[Product]:
        if view and view not in {name.lower() for name in VIEWS}:
            return []
        offers = _offers(shelf).filter(name_key__contains=name_key(text))
        return [_product(offer) for offer in offers.order_by("name_key", "pk")]

    def product(self, shelf: Shelf, product_id: str) -> Product | None:
        offer = _offer(shelf, product_id)
        return _product(offer) if offer else None

    def skus(self, shelf: Shelf, product_id: str) -> list[Sku]:
        offer = _offer(shelf, product_id)
        if offer is None:
            return []
        return [_sku(plan, shelf) for plan in _plans(shelf).filter(offer=offer).order_by("position", "name", "pk")]

    def availabilities(self, shelf: Shelf, product_id: str, sku_id: str) -> list[Availability]:
        offer = _offer(shelf, product_id)
        plan = _plans(shelf).filter(offer=offer, code=sku_id.lower()).first() if offer else None
        if offer is None or plan is None:
            return []
        found = []
        prices = _costs(plan, shelf)
        for term in Term:
            sold = [_sold_term(offer, price) for price in prices if price.term == term]
            if sold:
                currency = shelf.partner.currency
                found.append(Availability(str(term), offer.pk.hex, plan.code, currency, tuple(sold)))
        return found

    def quote(self, line: WantedLine, *, partner: Partner, customer: Customer, today: datetime.date) -> Quote:
        if line.ends_on:
            raise InvalidInput(_("The term of this product does not end early."), field="customTermEndDate")
        buyer = Buyer(partner, customer, today)
        purchase = _purchase(line)
        plan = Plan.objects.select_related("offer__publisher__organization").get(pk=purchase.plan_id)
        rules.check_plan(plan, buyer)
        rules.check_quantity(plan, line.quantity)
        price = rules.price_for(plan, buyer, term=purchase.term, billing_frequency=purchase.billing_frequency)
        return Quote(price.currency, price.list_price, price.unit_price, price.term_total(line.quantity))

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
        reseller_id, number = credited(partner_on_record, actor) if partner_on_record else (None, "")
        placed = order_at_once(
            customer_id=customer_id,
            purchases=[_purchase(line) for line in lines],
            review=Review(reseller_id=reseller_id, partner_on_record=number, is_attested=is_attested),
            actor=actor,
            now=now,
        )
        return placed.pk

    def orders(self, actor: Actor, customer_id: UUID, *, order_id: UUID | None = None) -> list[PlacedOrder]:
        found = Order.objects.visible_to(actor).filter(customer_id=customer_id)
        if order_id is not None:
            found = found.filter(pk=order_id)
        lines = OrderLine.objects.select_related("plan__offer", "subscription__saas")
        rows: dict[UUID, list[OrderLine]] = {}
        for line in lines.filter(order__in=found).order_by("number"):
            rows.setdefault(line.order_id, []).append(line)
        return [_placed(order, rows[order.pk], actor) for order in found.order_by("-created_at", "-pk")]


def _offers(shelf: Shelf) -> QuerySet[Offer]:
    """Return the offers that the partner may sell on the shelf, in at least one plan that has a price."""
    if shelf.segment != SEGMENT:
        return Offer.objects.none()
    chosen = ExclusivePartner.objects.filter(offer=OuterRef("pk"), partner=shelf.partner)
    offers = Offer.objects.filter(status=OfferStatus.PUBLISHED, is_sold_by_partners=True)
    offers = offers.filter(Q(is_exclusive=False) | Exists(chosen))
    return offers.filter(Exists(_plans(shelf).filter(offer=OuterRef("pk")))).select_related("publisher__organization")


def _plans(shelf: Shelf) -> QuerySet[Plan]:
    audience = [shelf.partner.pk, *([shelf.customer.pk] if shelf.customer else [])]
    for_them = Q(is_private=False) | Q(pk__in=_private_plans(audience))
    sold_here = Q(countries=[]) | Q(countries__contains=[shelf.country])
    prices = _priced(shelf).filter(plan=OuterRef("pk"))
    return Plan.objects.filter(for_them, sold_here, Exists(prices), is_stopped=False)


def _private_plans(audience: Iterable[UUID]) -> QuerySet[Plan, Any]:
    return Plan.objects.filter(audience__organization_id__in=list(audience)).values("pk")


def _priced(shelf: Shelf) -> QuerySet[PlanPrice]:
    return PlanPrice.objects.filter(currency=shelf.partner.currency).on(shelf.today).filter(is_offered=True)


def _prices(plan: Plan, shelf: Shelf) -> list[PlanPrice]:
    frequencies = list(BillingFrequency)
    rows = _priced(shelf).filter(plan=plan)
    return sorted(rows, key=lambda row: frequencies.index(BillingFrequency(row.billing_frequency)))


def _costs(plan: Plan, shelf: Shelf) -> list[Price]:
    """Return what a plan costs the shelf's partner, its margin taken off."""
    named = shelf.customer.pk if shelf.customer else None
    return rules.prices_of(
        plan, currency=shelf.partner.currency, partner_id=shelf.partner.pk, customer_id=named, on=shelf.today
    )


def _offer(shelf: Shelf, product_id: str) -> Offer | None:
    try:
        key = UUID(product_id)
    except ValueError:
        return None
    return _offers(shelf).filter(pk=key).first()


def _product(offer: Offer) -> Product:
    return Product(
        id=offer.pk.hex,
        title=offer.name,
        description=offer.summary,
        kind="Azure",
        sub_kind="SaaS",
        views=VIEWS,
        is_microsoft=False,
        publisher=offer.publisher.organization.name,
        family=ProductFamily.THIRD_PARTY,
    )


def _sku(plan: Plan, shelf: Shelf) -> Sku:
    cycles = dict.fromkeys(cycle_of(price.billing_frequency, price.term) for price in _prices(plan, shelf))
    return Sku(
        id=plan.code,
        product_id=plan.offer_id.hex,
        title=plan.name,
        description=plan.description,
        minimum=plan.min_quantity,
        maximum=plan.max_quantity,
        is_trial=plan.trial_days > 0,
        billing_cycles=tuple(cycles),
        consumption="metered" if plan.needs_azure_plan else "",
    )


def _sold_term(offer: Offer, price: Price) -> SoldTerm:
    refund = REFUNDS[Refund(offer.refund)]
    hours = offer.window_hours(price.term)
    within = f"P{hours // 24}D" if hours % 24 == 0 else f"PT{hours}H"
    cycle = cycle_of(price.billing_frequency, price.term)
    return SoldTerm(price.term, cycle, price.unit_price, refund=refund, refund_within=within if refund else "")


def _purchase(line: WantedLine) -> Purchase:
    """Return what a line asks for. Raises: InvalidInput."""
    product, sku, availability = [*line.catalog_item.split(":"), "", "", ""][:3]
    term = availability.upper() or line.term.upper()
    try:
        plan = Plan.objects.filter(offer_id=UUID(product), code=sku.lower()).first()
    except ValueError:
        plan = None
    if plan is None or term not in Term.values or line.term.upper() not in ("", term):
        raise InvalidInput(
            _("%(item)s is not in the catalog, or not for this term.") % {"item": line.catalog_item},
            field="catalogItemId",
        )
    frequency = frequency_of(line.billing_cycle, term) or line.billing_cycle
    if plan.trial_days and line.billing_cycle == "none":  # what the original has for trials (section 5.3)
        frequency = FREQUENCIES_OF_TERM[Term(term)][0]
    return Purchase(plan.pk, term, frequency, line.quantity, line.friendly_name)


def _placed(order: Order, lines: Iterable[OrderLine], actor: Actor) -> PlacedOrder:
    """Return an order; a credited reseller does not read what its provider pays (section 5.4)."""
    is_buyer = order.partner_id == actor.organization_id
    return PlacedOrder(
        id=order.pk,
        customer_id=order.customer_id,
        currency=order.currency,
        created_at=order.created_at,
        partner_on_record=order.partner_on_record,
        total=order.total if is_buyer else None,
        lines=tuple(_placed_line(line, is_buyer=is_buyer) for line in lines),
    )


def _placed_line(line: OrderLine, *, is_buyer: bool) -> PlacedLine:
    quote = Quote("", line.list_price, line.unit_price, line.total)
    return PlacedLine(
        number=line.number,
        catalog_item=rules.catalog_id(line.plan, line.term),
        subscription_id=line.subscription_id,
        friendly_name=line.subscription.friendly_name,
        quantity=line.quantity,
        term=line.term,
        billing_cycle=cycle_of(line.billing_frequency, line.term),
        status=line.subscription.status,
        price=quote if is_buyer else None,
        has_activation_link=line.subscription.saas.status != FulfillmentStatus.UNSUBSCRIBED,
    )
