"""Selling a bundle: its orders, all or none, and what links their subscriptions (A13, decision 0048)."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from bundles import rules
from bundles.announcements import announce_release, announce_sale
from bundles.models import Bundle, BundleLine, BundlePart, BundleSale, BundleVersion
from bundles.queries.sales import Standing, cost_of, standings
from customers.catalog import WantedLine, orders_of
from customers.models import Customer, Subscription
from customers.queries.wire import credited
from customers.rules.buying import Buyer, check_attested, check_may_buy, check_room, check_total
from customers.workflow.carts import buyer_of, groups_of
from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput

PLACES = Decimal("0.000000000001")


@dataclass(frozen=True)
class Sale:
    """What is sold. ``id`` is made with the form: sent twice, it is one sale."""

    id: UUID
    bundle_id: UUID
    quantity: int = 1
    partner_on_record: str = ""  # PartnerID that is credited
    is_attested: bool = False
    seen: UUID | None = None  # the version that was shown
    cost: Decimal | None = None  # of one bundle, as it was shown


@transaction.atomic
def sell_bundle(*, customer_id: UUID, sale: Sale, actor: Actor, now: datetime.datetime) -> BundleSale:
    """Order every product of a bundle for a customer, or none; a second click gets the sale of the first.

    Raises: PermissionDenied, Customer.DoesNotExist, Bundle.DoesNotExist, BundleNotForSale, BundleChanged,
    BundleProductRefused, PriceChanged, TooManySubscriptions, InvalidInput, and as check_may_buy.
    """
    actor.require(Permission.SUBSCRIPTION_BUY)
    buyer = buyer_of(Customer.objects.locked(customer_id), actor, now)
    same = BundleSale.objects.select_related("version").filter(pk=sale.id).first()
    if same is not None:
        return _own_sale(same, buyer)
    version = _version(sale, actor)
    check_may_buy(buyer)
    check_attested(sale.is_attested)
    rules.check_for_sale(version, buyer)
    rules.check_count(sale.quantity)
    reseller_id, number = credited(sale.partner_on_record, actor) if sale.partner_on_record else (None, "")
    rules.check_reseller(version, reseller_id)
    found = standings(version, buyer, quantity=sale.quantity, partner_on_record=number)
    check_room(buyer, len(found))
    for one in found:
        if one.refusal is not None:
            raise rules.product_refused(one.line.title, one.refusal)
    rules.check_cost(version, cost_of(found))
    check_total(seen=sale.cost, total=cost_of(found))
    bought = _order(found, buyer, number, actor=actor, now=now)
    row = _write(sale, version, buyer, bought, reseller_id=reseller_id, number=number, actor=actor, now=now)
    announce_sale(row, customer_name=buyer.customer.organization.name, actor=actor, now=now)
    return row


def _own_sale(same: BundleSale, buyer: Buyer) -> BundleSale:
    """Return what the same form sold already. Raises: InvalidInput for the id of another sale."""
    if (same.customer_id, same.partner_id) != (buyer.customer.pk, buyer.partner.pk):
        raise InvalidInput(_("This sale belongs to another customer."))
    return same


def _version(sale: Sale, actor: Actor) -> BundleVersion:
    """Return the version that is sold now, its bundle locked: a change of it waits, or is seen."""
    bundle = Bundle.objects.visible_to(actor).locked(sale.bundle_id)
    version = bundle.versions.select_related("bundle").get(is_current=True)
    rules.check_seen(version, sale.seen)
    return version


def _order(
    found: Sequence[Standing], buyer: Buyer, number: str, *, actor: Actor, now: datetime.datetime
) -> dict[BundleLine, Subscription]:
    """Order the products from their catalogs, as single orders do; return the subscription of each line."""
    line_of: dict[WantedLine, BundleLine] = {one.wanted: one.line for one in found}
    ids: dict[BundleLine, UUID] = {}
    for group in groups_of(list(line_of), buyer):
        order_id = group.catalog.order(
            group.lines,
            customer_id=buyer.customer.pk,
            partner_on_record=number,
            is_attested=True,
            actor=actor,
            now=now,
        )
        (order,) = orders_of(actor, buyer.customer.pk, order_id=order_id)
        placed = sorted(order.lines, key=lambda line: line.number)
        ids |= {line_of[wanted]: line.subscription_id for wanted, line in zip(group.lines, placed, strict=True)}
    subscriptions = Subscription.objects.in_bulk(ids.values())
    return {line: subscriptions[key] for line, key in ids.items()}


def _write(
    sale: Sale,
    version: BundleVersion,
    buyer: Buyer,
    bought: dict[BundleLine, Subscription],
    *,
    reseller_id: UUID | None,
    number: str,
    actor: Actor,
    now: datetime.datetime,
) -> BundleSale:
    """Write the sale; each part counts for as much of the price as it has of the cost on this day."""
    cost = sum((_unit_price(row) * line.quantity for line, row in bought.items()), Decimal(0))
    row = BundleSale.objects.create(
        id=sale.id,
        version=version,
        partner=buyer.partner,
        customer=buyer.customer,
        reseller_id=reseller_id,
        partner_on_record=number,
        quantity=sale.quantity,
        cost=cost,
        sold_by_name=actor.name,
        created_at=now,
    )
    BundlePart.objects.bulk_create(
        BundlePart(
            subscription=subscription,
            sale=row,
            line=line,
            unit_price=(_unit_price(subscription) * row.ratio).quantize(PLACES, rounding=ROUND_HALF_UP),
        )
        for line, subscription in bought.items()
    )
    return row


def _unit_price(subscription: Subscription) -> Decimal:
    return subscription.unit_price or Decimal(0)


@transaction.atomic
def release_part(*, subscription_id: UUID, left_on: datetime.date, actor: Actor, now: datetime.datetime) -> BundlePart:
    """Bill a subscription of a bundle by itself from a day on, by the prices for single products.

    Raises: PermissionDenied, BundlePart.DoesNotExist, BundlePartLeft, InvalidInput.
    """
    actor.require(Permission.PRICING_MANAGE)
    asked = BundlePart.objects.filter(sale__partner_id=actor.organization_id).get(pk=subscription_id)
    part = BundlePart.objects.select_for_update(of=("self",), no_key=True).get(pk=asked.pk)
    rules.check_part_stays(part)
    rules.check_leaving_day(left_on, today=now.date())
    part.left_on = left_on
    part.save(update_fields=["left_on"])
    part = BundlePart.objects.select_related("subscription", "sale__version", "sale__customer__organization").get(
        pk=part.pk
    )
    name = part.sale.customer.organization.name
    announce_release(part, customer_name=name, actor=actor, now=now, on=left_on)
    return part
