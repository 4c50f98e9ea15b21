"""From the cart to the order: what a partner buys for a customer (M1)."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import transaction

from customers.enums import ProductFamily, SubscriptionStatus
from customers.models import Customer, Subscription
from customers.rules import check_sandbox_seats, check_sandbox_subscriptions
from marketplace import rules
from marketplace.announcements import announce
from marketplace.enums import CartStatus, MarketplaceEvent
from marketplace.models import Cart, CartLine, Order, OrderLine, Plan, SaaSSubscription
from marketplace.rules import Buyer, Price
from marketplace.workflow.activation import activate_with_order
from portal.accounts.actor import Actor
from portal.accounts.enums import Role
from portal.accounts.models import Membership, Partner
from portal.accounts.permissions import Permission

LINE_COLUMNS = ("plan__offer__publisher__organization",)


@dataclass(frozen=True)
class Purchase:
    """What is put into a cart: a plan, for how long, how it is billed, how many licenses, and a name for it."""

    plan_id: UUID
    term: str
    billing_frequency: str
    quantity: int
    friendly_name: str = ""


@dataclass(frozen=True)
class Review:
    """What whoever buys has confirmed: who is credited, in which role it buys, and the total it was shown."""

    reseller_id: UUID | None = None
    partner_on_record: str = ""  # PartnerID; empty: that of the headquarters
    further: tuple[str, ...] = ()  # PartnerIDs of further resellers
    is_attested: bool = False
    total: Decimal | None = None


@transaction.atomic
def add_to_cart(*, customer_id: UUID, purchase: Purchase, actor: Actor, now: datetime.datetime) -> CartLine:
    """Put a plan into the person's cart for a customer; the same plan and term again replaces the line.

    Raises: PermissionDenied, Customer.DoesNotExist, Plan.DoesNotExist, what rules.check_may_buy, check_plan,
    check_quantity and price_for raise, InvalidInput.
    """
    actor.require(Permission.SUBSCRIPTION_BUY)
    buyer = _buyer(customer_id, actor, now)
    plan = Plan.objects.select_related("offer__publisher__organization").get(pk=purchase.plan_id)
    rules.check_may_buy(buyer)
    rules.check_plan(plan, buyer)
    rules.check_quantity(plan, purchase.quantity)
    check_sandbox_seats(buyer.customer.organization, purchase.quantity)
    rules.price_for(plan, buyer, term=purchase.term, billing_frequency=purchase.billing_frequency)

    cart = _open_cart(buyer, actor, now)
    line, is_new = CartLine.objects.update_or_create(
        cart=cart,
        plan=plan,
        term=purchase.term,
        billing_frequency=purchase.billing_frequency,
        defaults={"quantity": purchase.quantity, "friendly_name": purchase.friendly_name},
        create_defaults={
            "quantity": purchase.quantity,
            "friendly_name": purchase.friendly_name,
            "created_at": now,
        },
    )
    if is_new:
        rules.check_line_count(cart.lines.count())
    return line


@transaction.atomic
def change_cart_line(
    *, line_id: UUID, quantity: int, friendly_name: str, actor: Actor, now: datetime.datetime
) -> CartLine:
    """Change quantity and name of a line.

    Raises: PermissionDenied, CartLine.DoesNotExist, rules.CartOrdered, InvalidInput.
    """
    actor.require(Permission.SUBSCRIPTION_BUY)
    line = _own_line(line_id, actor)
    rules.check_quantity(line.plan, quantity)
    line.quantity, line.friendly_name = quantity, friendly_name
    line.save(update_fields=["quantity", "friendly_name"])
    return line


@transaction.atomic
def remove_from_cart(*, line_id: UUID, actor: Actor, now: datetime.datetime) -> None:
    """Take a line out of the cart. Raises: PermissionDenied, CartLine.DoesNotExist, CartOrdered."""
    actor.require(Permission.SUBSCRIPTION_BUY)
    _own_line(line_id, actor).delete()


def _own_line(line_id: UUID, actor: Actor) -> CartLine:
    """Return a line of one of the actor's own open carts, the cart locked."""
    own = CartLine.objects.filter(cart__in=Cart.objects.visible_to(actor)).select_related("plan")
    line = own.get(pk=line_id)
    rules.check_cart_open(Cart.objects.locked(line.cart_id))
    return line


def _buyer(customer_id: UUID, actor: Actor, now: datetime.datetime) -> Buyer:
    """Return for whom is bought, the customer locked: a removal of its relationship waits, or is seen."""
    customer = Customer.objects.locked(customer_id)
    partner = Partner.objects.select_related("organization").get(pk=actor.organization_id)
    return Buyer(partner, customer, now.date())


def _open_cart(buyer: Buyer, actor: Actor, now: datetime.datetime) -> Cart:
    cart, _is_new = Cart.objects.get_or_create(
        partner=buyer.partner,
        customer=buyer.customer,
        user_id=actor.user_id,
        status=CartStatus.OPEN,
        defaults={"created_at": now},
    )
    return Cart.objects.locked(cart.pk)


@transaction.atomic
def checkout(*, cart_id: UUID, review: Review, actor: Actor, now: datetime.datetime) -> Order:
    """Buy what is in the cart. A second click, and a hundredth, gets the order that the first one made.

    Each line becomes a subscription that waits for its publisher. Nothing is charged before activation (M6).
    Source: requirement M1; portal reference, section 7.2.
    Raises: PermissionDenied, Cart.DoesNotExist, rules.CartEmpty, PriceChanged, TooManySubscriptions, ResellerNotYours,
    InvalidInput, and what rules.check_may_buy, check_plan, check_quantity and price_for raise.
    """
    actor.require(Permission.SUBSCRIPTION_BUY)
    asked = Cart.objects.visible_to(actor).get(pk=cart_id)
    buyer = _buyer(asked.customer_id, actor, now)
    cart = Cart.objects.locked(cart_id)
    if cart.status == CartStatus.ORDERED:
        return Order.objects.get(cart=cart)
    lines = list(cart.lines.select_related(*LINE_COLUMNS).order_by("created_at", "pk"))
    return _order(cart, lines, buyer, review, actor=actor, now=now)


@transaction.atomic
def order_at_once(
    *, customer_id: UUID, purchases: Sequence[Purchase], review: Review, actor: Actor, now: datetime.datetime
) -> Order:
    """Buy without a person's cart, as the API does; the open cart of the same person is left alone.

    Raises: as checkout, Plan.DoesNotExist.
    """
    actor.require(Permission.SUBSCRIPTION_BUY)
    buyer = _buyer(customer_id, actor, now)
    rules.check_line_count(len(purchases))
    plans = Plan.objects.select_related("offer__publisher__organization").in_bulk(
        {purchase.plan_id for purchase in purchases}
    )
    cart = Cart(partner=buyer.partner, customer=buyer.customer, user_id=actor.user_id, created_at=now)
    lines = [
        CartLine(
            cart=cart,
            plan=plans[purchase.plan_id],
            term=purchase.term,
            billing_frequency=purchase.billing_frequency,
            quantity=purchase.quantity,
            friendly_name=purchase.friendly_name,
        )
        for purchase in purchases
    ]
    return _order(cart, lines, buyer, review, actor=actor, now=now)


def _order(
    cart: Cart, lines: list[CartLine], buyer: Buyer, review: Review, *, actor: Actor, now: datetime.datetime
) -> Order:
    """Check everything once more and write the order; the cart is done with."""
    number = _check_review(buyer, lines, review)
    priced = [(line, _checked_price(line, buyer)) for line in lines]
    total = sum((price.term_total(line.quantity) for line, price in priced), Decimal(0))
    rules.check_total(seen=review.total, total=total)

    cart.status, cart.ordered_at = CartStatus.ORDERED, now
    cart.save()
    order = Order.objects.create(
        cart=cart,
        partner=buyer.partner,
        customer=buyer.customer,
        reseller_id=review.reseller_id,
        partner_on_record=number,
        further_partner_ids=list(review.further),
        currency=buyer.partner.currency,
        total=total,
        ordered_by_id=actor.user_id,
        ordered_by_name=actor.name,
        ordered_by_email=actor.email,
        created_at=now,
    )
    for position, (line, price) in enumerate(priced):
        _order_line(order, position, line, price, actor=actor, now=now)
    return order


def _check_review(buyer: Buyer, lines: list[CartLine], review: Review) -> str:
    """Check all but the lines themselves; return the PartnerID that is credited."""
    rules.check_not_empty(len(lines))
    rules.check_may_buy(buyer)
    rules.check_attested(review.is_attested)
    rules.check_room(buyer, len(lines))
    check_sandbox_subscriptions(buyer.customer, more=len(lines))
    number = rules.partner_on_record(buyer, reseller_id=review.reseller_id, number=review.partner_on_record)
    rules.check_further(buyer.partner, review.further, first=number)
    return number


def _checked_price(line: CartLine, buyer: Buyer) -> Price:
    """Check a line once more, because time has passed since it was put into the cart; return its price of today."""
    rules.check_plan(line.plan, buyer)
    rules.check_quantity(line.plan, line.quantity)
    return rules.price_for(line.plan, buyer, term=line.term, billing_frequency=line.billing_frequency)


def _order_line(
    order: Order, number: int, line: CartLine, price: Price, *, actor: Actor, now: datetime.datetime
) -> None:
    """Write one line of an order and the subscription that it becomes, and tell everybody."""
    plan = line.plan
    product = rules.product_name(plan)
    subscription = Subscription.objects.create(
        customer_id=order.customer_id,
        billing_owner_id=order.partner_id,
        reseller_id=order.reseller_id,
        partner_on_record=order.partner_on_record,
        product_family=ProductFamily.THIRD_PARTY,
        product_name=product,
        friendly_name=line.friendly_name or product,
        quantity=line.quantity,
        unit_price=price.unit_price,
        currency=price.currency,
        status=SubscriptionStatus.PENDING,
        term=line.term,
        billing_frequency=line.billing_frequency,
        auto_renew=True,
        cancelable_until=now + datetime.timedelta(hours=plan.offer.window_hours(line.term)),
        is_trial=plan.trial_days > 0,
        offer_id=rules.catalog_id(plan, line.term),
        order_id=order.pk,
        created_at=now,
    )
    OrderLine.objects.create(
        order=order,
        number=number,
        plan=plan,
        term=line.term,
        billing_frequency=line.billing_frequency,
        quantity=line.quantity,
        list_price=price.list_price,
        unit_price=price.unit_price,
        total=price.term_total(line.quantity),
        subscription=subscription,
    )
    _start_fulfillment(subscription, plan, price, further=order.further_partner_ids, actor=actor, now=now)


def _start_fulfillment(
    subscription: Subscription, plan: Plan, price: Price, *, further: list[str], actor: Actor, now: datetime.datetime
) -> None:
    """Write the publisher's side, which waits to be set up, and announce the purchase."""
    beneficiary = _beneficiary(subscription.customer_id)
    saas = SaaSSubscription(
        subscription=subscription,
        publisher_id=plan.offer.publisher_id,
        partner_id=subscription.billing_owner_id,
        plan=plan,
        beneficiary_email=beneficiary.user.email if beneficiary else "",
        beneficiary_object_id=beneficiary.user_id if beneficiary else None,
        purchaser_email=actor.email,
        purchaser_object_id=actor.user_id,
        list_price=price.list_price,
        refund=plan.offer.refund,
        publisher_may_change=plan.offer.publisher_may_change,
        further_partner_ids=further,
        purchased_at=now,
        activate_by=now + datetime.timedelta(days=settings.ACTIVATION_DAYS),
    )
    saas.copy_for_list()
    saas.save(force_insert=True)
    written = SaaSSubscription.objects.with_rows().get(pk=subscription.pk)
    announce(
        MarketplaceEvent.PURCHASED,
        written,
        actor=actor,
        now=now,
        after={
            "plan": plan.name,
            "quantity": subscription.quantity,
            "term": subscription.term,
            "billing frequency": subscription.billing_frequency,
        },
    )
    activate_with_order(written, now=now)


def _beneficiary(customer_id: UUID) -> Membership | None:
    """Return the customer's first administrator, for whom the publisher sets the product up."""
    admins = Membership.objects.active().with_role(Role.CUSTOMER_ADMIN).filter(organization_id=customer_id)
    return admins.select_related("user").order_by("created_at", "pk").first()
