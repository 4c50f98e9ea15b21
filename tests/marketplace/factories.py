"""Publishers, offers, purchases and active subscriptions, each with a valid default."""

import datetime
import itertools
from decimal import Decimal
from typing import Any

from customers.enums import BillingFrequency, Term
from customers.models import ResellerRelationship
from marketplace.enums import OfferCategory, OfferStatus
from marketplace.models import (
    Dimension,
    DimensionPrice,
    Offer,
    Order,
    Plan,
    PlanPrice,
    Publisher,
    SaaSSubscription,
)
from marketplace.workflow import activation, purchases
from marketplace.workflow.purchases import Purchase, Review
from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind, Role
from tests.customers.factories import make_indirect_relationships, make_relationship
from tests.factories import NOON, make_actor, make_organization

_numbers = itertools.count(1)
SINCE = datetime.date(2026, 1, 1)


def make_publisher(**fields: Any) -> Publisher:
    """A publisher organization; ``name`` is the organization's."""
    number = next(_numbers)
    own = {"name": fields.pop("name")} if "name" in fields else {}
    organization = make_organization(OrganizationKind.PUBLISHER, **own)
    return Publisher.objects.create(organization=organization, **{"code": f"publisher{number}"} | fields)


def make_offer(publisher: Publisher | None = None, **fields: Any) -> Offer:
    """A published offer without plans."""
    number = next(_numbers)
    defaults = {
        "publisher": publisher or make_publisher(),
        "code": f"offer-{number}",
        "name": f"Notes {number}",
        "category": OfferCategory.COLLABORATION,
        "status": OfferStatus.PUBLISHED,
        "landing_page_url": "https://notes.example/start",
        "webhook_url": "https://notes.example/webhook",
        "created_at": NOON,
        "published_at": NOON,
    }
    return Offer.objects.create(**defaults | fields)


def make_plan(offer: Offer | None = None, *, price: str | None = "10.00", **fields: Any) -> Plan:
    """A plan that counts licenses, billed monthly for a month or a year and yearly for a year, in euro."""
    number = next(_numbers)
    defaults = {"offer": offer or make_offer(), "code": f"plan-{number}", "name": f"Plan {number}"}
    if fields.get("is_per_seat") is False:
        defaults |= {"min_quantity": 1, "max_quantity": 1}
    plan = Plan.objects.create(**defaults | fields)
    if price is not None:
        monthly = Decimal(price)
        make_price(plan, Term.MONTH, BillingFrequency.MONTHLY, monthly)
        make_price(plan, Term.YEAR, BillingFrequency.MONTHLY, monthly)
        make_price(plan, Term.YEAR, BillingFrequency.ANNUAL, monthly * 10)
    return plan


def make_price(
    plan: Plan, term: str, frequency: str, unit_price: Decimal | str, *, valid_from: datetime.date = SINCE, **more: Any
) -> PlanPrice:
    return PlanPrice.objects.create(
        plan=plan,
        term=term,
        billing_frequency=frequency,
        currency=more.pop("currency", "EUR"),
        unit_price=Decimal(unit_price),
        valid_from=valid_from,
        **more,
    )


def make_dimension(plan: Plan, *, price: str = "0.10", **fields: Any) -> Dimension:
    """Something metered of a flat-rate plan, priced in euro."""
    defaults = {"plan": plan, "code": f"calls-{next(_numbers)}", "name": "Calls", "unit": "1,000 calls"}
    dimension = Dimension.objects.create(**defaults | fields)
    DimensionPrice.objects.create(dimension=dimension, currency="EUR", unit_price=Decimal(price))
    return dimension


def make_buying_relationship(**fields: Any) -> ResellerRelationship:
    """A direct bill partner that may buy for a customer: the customer agreement is signed."""
    return make_relationship(has_agreement=True, **fields)


def make_indirect_buying_relationship() -> tuple[ResellerRelationship, ResellerRelationship]:
    """A provider that may buy for a customer, and its reseller."""
    return make_indirect_relationships(has_agreement=True)


def make_order(
    relationship: ResellerRelationship | None = None,
    plan: Plan | None = None,
    *,
    quantity: int = 12,
    term: str = Term.MONTH,
    billing_frequency: str = BillingFrequency.MONTHLY,
    actor: Actor | None = None,
    now: datetime.datetime = NOON,
) -> Order:
    """An order of one line, bought by a sales agent of the relationship's partner."""
    relationship = relationship or make_buying_relationship()
    plan = plan or make_plan()
    actor = actor or make_actor(relationship.partner.organization, Role.SALES_AGENT)
    purchase = Purchase(plan.pk, term, billing_frequency, quantity if plan.is_per_seat else 1, "Ferndale notes")
    line = purchases.add_to_cart(customer_id=relationship.customer_id, purchase=purchase, actor=actor, now=now)
    review = Review(reseller_id=relationship.counterpart_id, is_attested=True)
    return purchases.checkout(cart_id=line.cart_id, review=review, actor=actor, now=now)


def make_purchase(
    relationship: ResellerRelationship | None = None, plan: Plan | None = None, **more: Any
) -> SaaSSubscription:
    """A subscription that waits for its publisher."""
    order = make_order(relationship, plan, **more)
    return SaaSSubscription.objects.with_rows().get(subscription__order_id=order.pk)


def make_active(
    relationship: ResellerRelationship | None = None,
    plan: Plan | None = None,
    *,
    now: datetime.datetime = NOON,
    **more: Any,
) -> SaaSSubscription:
    """A subscription that its publisher activated at the moment it was bought."""
    saas = make_purchase(relationship, plan, now=now, **more)
    activation.activate_subscription(subscription_id=saas.pk, actor=publisher_of(saas), now=now)
    return reread(saas)


def publisher_of(saas: SaaSSubscription) -> Actor:
    return make_actor(saas.publisher.organization, Role.PUBLISHER_ADMIN)


def admin_of(saas: SaaSSubscription) -> Actor:
    """An admin agent of the billing partner."""
    return make_actor(saas.subscription.billing_owner.organization, Role.ADMIN_AGENT)


def make_operator() -> Actor:
    return make_actor(make_organization(OrganizationKind.OPERATOR), Role.OPERATOR_ADMIN)


def reread(saas: SaaSSubscription) -> SaaSSubscription:
    return SaaSSubscription.objects.with_rows().get(pk=saas.pk)
