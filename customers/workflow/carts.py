"""Carts of the API: filled, changed, ordered once (API reference, section 5.4)."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from customers.catalog import Catalog, Shelf, WantedLine, catalog_of
from customers.models import Customer, WireCart
from customers.rules.buying import Buyer, check_may_buy
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput, Refusal


class CartNotFound(Refusal):
    """The customer has no such cart, or its days are over."""

    code = "cart-not-found"
    http_status = 404

    def __init__(self) -> None:
        super().__init__(
            _("The customer has no such cart, or it was not changed for too long."), next_step=_("Begin a new one.")
        )


class CartOrderedAlready(Refusal):
    """The cart became an order."""

    code = "cart-ordered-already"
    http_status = 400

    def __init__(self) -> None:
        super().__init__(_("This cart has been ordered already."), next_step=_("Look at the customer's orders."))


class CatalogItemUnknown(InvalidInput):
    """Nothing of this name is sold to the customer."""

    code = "catalog-item-unknown"
    http_status = 404

    def __init__(self, name: str) -> None:
        super().__init__(
            _("%(item)s is not sold to this customer.") % {"item": name},
            field="catalogItemId",
            next_step=_("Read the product's availabilities again: they change."),
        )


class SeveralFamilies(Refusal):
    """One order holds products of one family."""

    code = "order-of-several-families"
    http_status = 400

    def __init__(self) -> None:
        super().__init__(_("These products are not sold in one order."), next_step=_("Use a cart: it makes several."))


@dataclass(frozen=True)
class Group:
    """Lines that become one order."""

    id: str
    catalog: Catalog
    partner_on_record: str
    lines: Sequence[WantedLine]


@dataclass(frozen=True)
class Checkout:
    """What became of a cart: orders, and refusals of the groups that none was made of."""

    order_ids: list[UUID]
    errors: Mapping[str, Refusal]


@transaction.atomic
def create_cart(
    *, customer_id: UUID, lines: Sequence[WantedLine], is_attested: bool, actor: Actor, now: datetime.datetime
) -> WireCart:
    """Begin a cart; the customer is locked, so that a removal of its relationship waits, or is seen.

    Raises: PermissionDenied, and what rules.check_may_buy raises."""
    actor.require(Permission.SUBSCRIPTION_BUY)
    buyer = buyer_of(Customer.objects.locked(customer_id), actor, now)
    check_may_buy(buyer)
    return WireCart.objects.create(
        partner=buyer.partner,
        customer=buyer.customer,
        lines=[asdict(line) for line in lines],
        is_attested=is_attested,
        created_at=now,
        changed_at=now,
        changed_by=actor.email or actor.name,
        expires_at=now + datetime.timedelta(days=settings.CART_DAYS),
    )


@transaction.atomic
def change_cart(
    *, cart_id: UUID, lines: Sequence[WantedLine], is_attested: bool, actor: Actor, now: datetime.datetime
) -> WireCart:
    """Put other lines into a cart. Raises: PermissionDenied, CartNotFound, CartOrderedAlready."""
    actor.require(Permission.SUBSCRIPTION_BUY)
    cart = _locked(cart_id, actor, now)
    cart.lines = [asdict(line) for line in lines]
    cart.is_attested = is_attested
    cart.changed_at, cart.changed_by = now, actor.email or actor.name
    cart.expires_at = now + datetime.timedelta(days=settings.CART_DAYS)
    cart.save(update_fields=["lines", "is_attested", "changed_at", "changed_by", "expires_at"])
    return cart


@transaction.atomic
def checkout(*, cart_id: UUID, actor: Actor, now: datetime.datetime) -> Checkout:
    """Order what is in a cart, once: an order for each kind of product and PartnerID, as many as can be made.

    Where none can be made the cart stays open. Raises: PermissionDenied, CartNotFound, CartOrderedAlready, what
    rules.check_may_buy raises, and the refusal of the first order where there is none.
    """
    actor.require(Permission.SUBSCRIPTION_BUY)
    asked = visible_cart(cart_id, actor, now)
    buyer = buyer_of(Customer.objects.locked(asked.customer_id), actor, now)
    cart = _locked(cart_id, actor, now)
    check_may_buy(buyer)
    made: list[UUID] = []
    errors: dict[str, Refusal] = {}
    for group in groups_of(lines_of(cart), buyer):
        try:
            with transaction.atomic():
                made.append(_order(group, cart, actor=actor, now=now))
        except Refusal as refusal:
            errors[group.id] = refusal
    if not made:
        raise next(iter(errors.values()))
    cart.ordered_at, cart.order_ids = now, made
    cart.save(update_fields=["ordered_at", "order_ids"])
    return Checkout(made, errors)


@transaction.atomic
def order_at_once(
    *, customer_id: UUID, lines: Sequence[WantedLine], is_attested: bool, actor: Actor, now: datetime.datetime
) -> UUID:
    """Order without a cart. Raises: PermissionDenied, CatalogItemUnknown, SeveralFamilies, and what buying raises."""
    actor.require(Permission.SUBSCRIPTION_BUY)
    buyer = buyer_of(Customer.objects.locked(customer_id), actor, now)
    check_may_buy(buyer)
    groups = groups_of(lines, buyer)
    if len(groups) != 1:
        raise SeveralFamilies
    return groups[0].catalog.order(
        groups[0].lines,
        customer_id=customer_id,
        partner_on_record=groups[0].partner_on_record,
        is_attested=is_attested,
        actor=actor,
        now=now,
    )


def forget_old(*, now: datetime.datetime) -> int:
    """Delete carts whose days are over, ordered or not; return how many."""
    deleted, _by_model = WireCart.objects.filter(expires_at__lt=now).delete()
    return deleted


def lines_of(cart: WireCart) -> list[WantedLine]:
    """Return the lines of a cart."""
    return [WantedLine(**line) for line in cart.lines]


def visible_cart(cart_id: UUID, actor: Actor, now: datetime.datetime) -> WireCart:
    """Return a cart of the actor's partner that still stands. Raises: CartNotFound."""
    cart = WireCart.objects.visible_to(actor).filter(pk=cart_id, expires_at__gte=now).first()
    if cart is None:
        raise CartNotFound
    return cart


def buyer_of(customer: Customer, actor: Actor, now: datetime.datetime) -> Buyer:
    """Return for whom is bought."""
    partner = Partner.objects.select_related("organization").get(pk=actor.organization_id)
    return Buyer(partner, customer, now.date())


def groups_of(lines: Sequence[WantedLine], buyer: Buyer) -> list[Group]:
    """Return which lines become one order: those of one catalog and PartnerID. Raises: CatalogItemUnknown."""
    found: dict[tuple[str, ...], Group] = {}
    for position, line in enumerate(lines):
        catalog = seller_of(line, buyer)
        key = group_key(catalog, line, position)
        old = found.get(key)
        number = old.id if old else str(len(found))
        found[key] = Group(number, catalog, line.partner_on_record, [*(old.lines if old else ()), line])
    return list(found.values())


def group_key(catalog: Catalog, line: WantedLine, position: int) -> tuple[str, ...]:
    """Return what lines of one order have in common."""
    own = (str(position),) if catalog.is_one_line else ()
    return (type(catalog).__qualname__, line.partner_on_record, *own)


def seller_of(line: WantedLine, buyer: Buyer) -> Catalog:
    """Return the catalog that sells a line's product to the customer. Raises: CatalogItemUnknown."""
    catalog = catalog_of(shelf_of(buyer), line.product_id)
    if catalog is None:
        raise CatalogItemUnknown(line.catalog_item)
    return catalog


def shelf_of(buyer: Buyer) -> Shelf:
    """Return the shelf before which a partner stands with a customer."""
    return Shelf(buyer.partner, buyer.country, buyer.today, buyer.customer)


def _locked(cart_id: UUID, actor: Actor, now: datetime.datetime) -> WireCart:
    visible_cart(cart_id, actor, now)
    cart = WireCart.objects.locked(cart_id)
    if cart.ordered_at is not None:
        raise CartOrderedAlready
    return cart


def _order(group: Group, cart: WireCart, *, actor: Actor, now: datetime.datetime) -> UUID:
    return group.catalog.order(
        group.lines,
        customer_id=cart.customer_id,
        partner_on_record=group.partner_on_record,
        is_attested=cart.is_attested,
        actor=actor,
        now=now,
    )
