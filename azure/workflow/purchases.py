"""Ordering first-party products for a customer (A1, M1; sections 1.10 and 9)."""

import datetime
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from azure.announcements import announce
from azure.enums import AzureEvent
from azure.prices import Way
from azure.queries.catalogue import article_of, check_article
from azure.rules import buying as rules
from azure.rules.buying import Article
from azure.rules.coterm import check_end
from azure.rules.families import window_end
from azure.workflow.terms import open_window, start_term
from customers.enums import BillingFrequency, ProductFamily, ReservationScope, SubscriptionStatus, Term
from customers.models import Customer, Subscription
from customers.rules.buying import (
    Buyer,
    azure_plan_of,
    check_attested,
    check_may_buy,
    check_room,
    partner_on_record,
)
from customers.terms import end_of_term
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput


@dataclass(frozen=True)
class Purchase:
    """What is ordered. ``order_id`` is made with the form: sent twice, it is one order."""

    order_id: UUID
    product_id: str
    sku_id: str
    term: str = Term.NONE
    billing_frequency: str = BillingFrequency.USAGE
    quantity: int = 1
    friendly_name: str = ""
    scope_id: UUID | None = None  # the Azure subscription that a reservation is limited to
    ends_on: datetime.date | None = None  # the first day after a first term that is shorter than the others


@dataclass(frozen=True)
class Review:
    """What whoever buys has confirmed: who is credited, and in which role it buys; carts compare the price as well."""

    reseller_id: UUID | None = None
    partner_on_record: str = ""  # PartnerID; empty: that of the headquarters
    is_attested: bool = False


@transaction.atomic
def buy_product(
    *, customer_id: UUID, purchase: Purchase, review: Review, actor: Actor, now: datetime.datetime
) -> Subscription:
    """Order one product; a second click, and a hundredth, gets the subscription that the first one made.

    What is billed in cycles is charged from today on; what is billed by usage costs nothing yet (A7).
    Raises: PermissionDenied, Customer.DoesNotExist, rules.ProductNotSold, PlanHeldAlready, AzurePlanMissing,
    AzureOfferRefused, TooManySubscriptions, ResellerNotYours, InvalidInput, and as check_may_buy.
    """
    actor.require(Permission.SUBSCRIPTION_BUY)
    customer = Customer.objects.locked(customer_id)
    partner = Partner.objects.select_related("organization").get(pk=actor.organization_id)
    buyer = Buyer(partner, customer, now.date())
    same = Subscription.objects.filter(order_id=purchase.order_id).first()
    if same is not None:
        return _own_order(same, buyer)
    check_may_buy(buyer)
    check_attested(review.is_attested)
    check_room(buyer, 1)
    number = partner_on_record(buyer, reseller_id=review.reseller_id, number=review.partner_on_record)
    article = rules.check_found(article_of(buyer, purchase.product_id, purchase.sku_id))
    check_article(article, buyer, reseller_id=review.reseller_id)
    rules.check_quantity(article, purchase.quantity)
    way = rules.way_of(article, term=purchase.term, billing_frequency=purchase.billing_frequency)
    check_end(article, buyer, term=purchase.term, ends_on=purchase.ends_on)

    subscription = _subscription(article, way, purchase, buyer, reseller_id=review.reseller_id, number=number, now=now)
    subscription.save(force_insert=True)
    start_term(subscription, now=now)
    open_window(subscription, subscription.quantity, now=now)
    announce(
        AzureEvent.PURCHASED,
        subscription,
        actor=actor,
        now=now,
        after={"quantity": subscription.quantity, "term": subscription.term},
    )
    return subscription


def _own_order(same: Subscription, buyer: Buyer) -> Subscription:
    """Return what the same order made already. Raises: InvalidInput for the id of another order."""
    if (same.customer_id, same.billing_owner_id) != (buyer.customer.pk, buyer.partner.pk):
        raise InvalidInput(_("This order belongs to another customer."))
    return same


def _subscription(
    article: Article,
    way: Way | None,
    purchase: Purchase,
    buyer: Buyer,
    *,
    reseller_id: UUID | None,
    number: str,
    now: datetime.datetime,
) -> Subscription:
    today = now.date()
    return Subscription(
        customer=buyer.customer,
        billing_owner=buyer.partner,
        reseller_id=reseller_id,
        partner_on_record=number,
        product_family=article.family,
        product_name=article.title[:200],
        friendly_name=purchase.friendly_name or article.title[:200],
        quantity=purchase.quantity,
        unit_price=way.unit_price if way else None,
        currency=way.currency if way else "",
        status=SubscriptionStatus.ACTIVE,
        term=way.term if way else Term.NONE,
        billing_frequency=way.billing_frequency if way else BillingFrequency.USAGE,
        auto_renew=rules.has_term(way),
        starts_on=today,
        ends_on=purchase.ends_on or end_of_term(today, way.term) if way else None,
        cancelable_until=window_end(article.family, now),
        parent=_parent(article, buyer, purchase.scope_id, reseller_id),
        scope=_scope(article, purchase.scope_id),
        offer_id=f"{article.product_id}:{article.sku_id}:{way.term if way else Term.NONE}",
        order_id=purchase.order_id,
        created_at=now,
    )


def _parent(article: Article, buyer: Buyer, scope_id: UUID | None, reseller_id: UUID | None) -> Subscription | None:
    """Return the plan of an Azure subscription, or the Azure subscription of a reservation of single scope."""
    if article.family == ProductFamily.AZURE_SUBSCRIPTION:
        return azure_plan_of(buyer, reseller_id=reseller_id)
    return rules.check_scope(article, buyer, scope_id)


def _scope(article: Article, scope_id: UUID | None) -> str:
    if article.family != ProductFamily.RESERVATION:
        return ""
    return ReservationScope.SINGLE if scope_id else ReservationScope.SHARED
