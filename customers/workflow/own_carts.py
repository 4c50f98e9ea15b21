"""The cart that a person fills on the order page: the API's cart, one open at a time, bought as a whole (1.10)."""

import datetime
from collections.abc import Sequence
from dataclasses import asdict, replace
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import transaction

from customers.catalog import Standing, WantedLine, standing_of
from customers.enums import ProductFamily
from customers.models import Customer, WireCart
from customers.rules.buying import (
    Buyer,
    check_attested,
    check_line_count,
    check_may_buy,
    check_not_empty,
    check_room,
    check_total,
)
from customers.workflow.carts import CartNotFound, buyer_of, groups_of, lines_of, seller_of, shelf_of
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal


def key_of(line: WantedLine) -> str:
    """Return what tells a line of a cart from the others."""
    return "|".join((line.catalog_item, line.billing_cycle, line.scope, line.ends_on))


def open_cart(actor: Actor, customer_id: UUID, *, now: datetime.datetime) -> WireCart | None:
    """Return the person's open cart for a customer."""
    carts = WireCart.objects.of_person(actor).filter(customer_id=customer_id, ordered_at__isnull=True)
    return carts.filter(expires_at__gte=now).first()


def standings(lines: Sequence[WantedLine], buyer: Buyer) -> list[Standing]:
    """Return what each line costs today, or why it cannot be bought."""
    brings_plan = any(_is_plan(line, buyer) for line in lines)
    return [_standing(line, buyer, brings_plan=brings_plan) for line in lines]


def _standing(line: WantedLine, buyer: Buyer, *, brings_plan: bool) -> Standing:
    try:
        return standing_of(seller_of(line, buyer), line, buyer, brings_plan=brings_plan)
    except Refusal as refusal:  # nobody sells it any more
        return Standing(line, None, refusal)


def _is_plan(line: WantedLine, buyer: Buyer) -> bool:
    try:
        product = seller_of(line, buyer).product(shelf_of(buyer), line.product_id)
    except Refusal:
        return False
    return product is not None and product.family == ProductFamily.AZURE_PLAN


def first_total(found: Sequence[Standing]) -> Decimal:
    """Return what is charged at once: the first billing cycle of each line."""
    return sum((one.quote.at_once(one.line.quantity) for one in found if one.quote is not None), Decimal(0))


@transaction.atomic
def put_into_cart(*, customer_id: UUID, line: WantedLine, actor: Actor, now: datetime.datetime) -> WireCart:
    """Put a product into the person's cart for a customer; the same product bought alike again replaces the line.

    Raises: PermissionDenied, Customer.DoesNotExist, InvalidInput, what check_may_buy raises, and what the product's
    catalog says against it.
    """
    actor.require(Permission.SUBSCRIPTION_BUY)
    buyer = buyer_of(Customer.objects.locked(customer_id), actor, now)
    check_may_buy(buyer)
    cart = _cart(buyer, actor, now)
    others = [one for one in lines_of(cart) if key_of(one) != key_of(line)]
    check_line_count(len(others) + 1)
    *_before, added = standings([*others, line], buyer)
    if added.refusal is not None:
        raise added.refusal
    return _write(cart, [*others, line], actor, now)


@transaction.atomic
def change_in_cart(*, customer_id: UUID, key: str, quantity: int, actor: Actor, now: datetime.datetime) -> WireCart:
    """Change the quantity of a line of the person's cart; 0 takes it out.

    Raises: PermissionDenied, Customer.DoesNotExist, CartNotFound, and what the product's catalog says against it.
    """
    actor.require(Permission.SUBSCRIPTION_BUY)
    buyer = buyer_of(Customer.objects.locked(customer_id), actor, now)
    cart = open_cart(actor, customer_id, now=now)
    if cart is None:
        raise CartNotFound
    lines = [replace(one, quantity=quantity) if key_of(one) == key else one for one in lines_of(cart)]
    if quantity:
        changed = [one for one in standings(lines, buyer) if key_of(one.line) == key]
        if changed and changed[0].refusal is not None:
            raise changed[0].refusal
    return _write(cart, [one for one in lines if one.quantity], actor, now)


@transaction.atomic
def buy_cart(
    *,
    cart_id: UUID,
    partner_on_record: str,
    is_attested: bool,
    total: Decimal | None,
    actor: Actor,
    now: datetime.datetime,
) -> WireCart:
    """Order all that is in a person's cart, or nothing; a second click gets what the first one made.

    An Azure plan is ordered first: other lines may run under it. ``total`` is the sum that was shown.
    Raises: PermissionDenied, CartNotFound, CartEmpty, PriceChanged, TooManySubscriptions, InvalidInput, what
    check_may_buy raises, and what buying a line raises.
    """
    actor.require(Permission.SUBSCRIPTION_BUY)
    asked = WireCart.objects.of_person(actor).filter(pk=cart_id, expires_at__gte=now).first()
    if asked is None:
        raise CartNotFound
    buyer = buyer_of(Customer.objects.locked(asked.customer_id), actor, now)
    cart = WireCart.objects.locked(cart_id)
    if cart.ordered_at is not None:
        return cart
    lines = [replace(line, partner_on_record=partner_on_record) for line in lines_of(cart)]
    check_not_empty(len(lines))
    check_may_buy(buyer)
    check_attested(is_attested)
    check_room(buyer, len(lines))
    check_total(seen=total, total=first_total(standings(lines, buyer)))
    cart.lines = [asdict(line) for line in lines]
    cart.order_ids = _order(lines, buyer, actor=actor, now=now)
    cart.ordered_at = now
    cart.save(update_fields=["lines", "order_ids", "ordered_at"])
    return cart


def _order(lines: Sequence[WantedLine], buyer: Buyer, *, actor: Actor, now: datetime.datetime) -> list[UUID]:
    return [
        group.catalog.order(
            group.lines,
            customer_id=buyer.customer.pk,
            partner_on_record=group.partner_on_record,
            is_attested=True,
            actor=actor,
            now=now,
        )
        for group in groups_of(sorted(lines, key=lambda line: not _is_plan(line, buyer)), buyer)
    ]


def _cart(buyer: Buyer, actor: Actor, now: datetime.datetime) -> WireCart:
    """Return the person's open cart, the customer locked; one whose days are over makes room for another."""
    own = WireCart.objects.of_person(actor).filter(customer=buyer.customer, ordered_at__isnull=True)
    own.filter(expires_at__lt=now).delete()
    found = own.first()
    return found or WireCart(
        partner=buyer.partner, customer=buyer.customer, user_id=actor.user_id, lines=[], created_at=now
    )


def _write(cart: WireCart, lines: Sequence[WantedLine], actor: Actor, now: datetime.datetime) -> WireCart:
    cart.lines = [asdict(line) for line in lines]
    cart.changed_at, cart.changed_by = now, actor.email or actor.name
    cart.expires_at = now + datetime.timedelta(days=settings.CART_DAYS)
    cart.save()
    return cart
