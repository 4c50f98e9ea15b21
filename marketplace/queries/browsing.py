"""The catalogue as one customer's partner browses it: what can be bought today, and in short why not (section 7.1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from customers.enums import ProductFamily, SubscriptionStatus
from customers.models import Subscription
from marketplace.enums import LIVING
from marketplace.models import ExclusivePartner, Offer, Plan, PlanPrice, SaaSSubscription
from marketplace.queries.catalog import OfferFilter, offer_list
from marketplace.rules import Buyer
from portal.accounts.actor import Actor


@dataclass(frozen=True)
class CatalogueFilter:
    """What the catalogue of a customer is narrowed to; ``with_refused``: also what cannot be bought for it."""

    offers: OfferFilter
    term: str = ""
    exclusive: str = ""  # "yes" or "no"
    with_refused: bool = False


def catalogue(actor: Actor, buyer: Buyer, found: CatalogueFilter) -> QuerySet[Offer]:
    """Return the published offers with what decides on them: one of OFFER_ORDERS sorts.

    Adds ``is_chosen`` (or not exclusive), ``is_sold_here``, ``is_priced``, ``is_usable`` (the Azure plan that metered
    plans need is there) and ``is_had`` (once only, and there).
    """
    prices = PlanPrice.objects.filter(currency=buyer.partner.currency).on(buyer.today).filter(is_offered=True)
    if found.term:
        prices = prices.filter(term=found.term)
    plans = Plan.objects.filter(_sold(buyer), offer=OuterRef("pk"))
    had = SaaSSubscription.objects.filter(
        plan__offer=OuterRef("pk"), status__in=LIVING, subscription__customer_id=buyer.customer.pk
    )
    chosen = ExclusivePartner.objects.filter(offer=OuterRef("pk"), partner_id=buyer.partner.pk)
    offers = offer_list(actor, found.offers, today=buyer.today).annotate(
        is_chosen=_flag(Q(is_exclusive=False) | Q(Exists(chosen))),
        is_sold_here=Exists(plans),
        is_usable=_flag(
            Q(Exists(plans.filter(needs_azure_plan=False))) | Q(Exists(plans) & Exists(_azure_plans(buyer)))
        ),
        is_priced=Exists(prices.filter(_sold(buyer, "plan__"), plan__offer=OuterRef("pk"))),
        is_had=_flag(Q(is_once_per_customer=True) & Q(Exists(had))),
    )
    if found.term:
        offers = offers.filter(is_priced=True)
    if found.exclusive:
        offers = offers.filter(is_exclusive=found.exclusive == "yes")
    if not found.with_refused:
        offers = offers.filter(
            is_sold_by_partners=True,
            is_chosen=True,
            is_sold_here=True,
            is_usable=True,
            is_priced=True,
            is_had=False,
        )
    return offers


def _sold(buyer: Buyer, prefix: str = "") -> Q:
    """What makes a plan exist for a customer in its country; ``prefix`` leads to the plan."""
    country = Q(**{f"{prefix}countries": []}) | Q(**{f"{prefix}countries__contains": [buyer.country]})
    for_them = [buyer.customer.pk, buyer.partner.pk]
    audience = Q(**{f"{prefix}is_private": False}) | Q(**{f"{prefix}audience__organization_id__in": for_them})
    return country & audience & Q(**{f"{prefix}is_stopped": False})


def _azure_plans(buyer: Buyer) -> QuerySet[Subscription]:
    return Subscription.objects.filter(
        customer_id=buyer.customer.pk,
        billing_owner_id=buyer.partner.pk,
        product_family=ProductFamily.AZURE_PLAN,
        status=SubscriptionStatus.ACTIVE,
    )


def _flag(condition: Q) -> "ExpressionWrapper[Any]":
    return ExpressionWrapper(condition, output_field=BooleanField())


def has_trial(offers: Iterable[Offer]) -> set[UUID]:
    """Return which of a page's offers have a plan with a free trial."""
    plans = Plan.objects.filter(offer__in=list(offers), trial_days__gt=0, is_stopped=False, is_private=False)
    return set(plans.values_list("offer_id", flat=True))
