"""Who may buy which offer for which customer, and each reason why not (M1, section 7.1)."""

import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from customers.rules.buying import AzurePlanMissing, Buyer, azure_plan_of
from customers.subscription_changes import QuantityOutOfRange
from marketplace.enums import LIVING, CartStatus, FulfillmentStatus, OfferStatus
from marketplace.models import Cart, Offer, Plan, SaaSSubscription
from marketplace.rules.pricing import Price, price_of
from portal.core.countries import country_name
from portal.core.errors import Refusal


class OfferNotSold(Refusal):
    code = "offer-not-sold"


class NotSoldByPartners(Refusal):
    code = "offer-not-sold-by-partners"


class NotSoldInCountry(Refusal):
    code = "offer-not-sold-in-country"


class ExclusiveOffer(Refusal):
    code = "offer-exclusive"


class OnceOnly(Refusal):
    code = "offer-bought-already"


class PlanNotSold(Refusal):
    code = "plan-not-sold"


class PriceMissing(Refusal):
    code = "price-missing"


class CartOrdered(Refusal):
    code = "cart-ordered-already"


def check_offer(offer: Offer, buyer: Buyer) -> None:
    """Why an offer as a whole cannot be bought for a customer. ``offer`` comes with its publisher's organization.

    Raises: OfferNotSold, NotSoldByPartners, ExclusiveOffer, OnceOnly.
    """
    publisher = offer.publisher.organization.name
    names = {"offer": offer.name, "publisher": publisher}
    if offer.status != OfferStatus.PUBLISHED:
        raise OfferNotSold(_("%(offer)s is not sold any more.") % names, who=publisher)
    if not offer.is_sold_by_partners:
        raise NotSoldByPartners(
            _("%(publisher)s does not sell %(offer)s through partners.") % names,
            who=publisher,
            next_step=_("The customer can buy it from the publisher itself."),
        )
    if offer.is_exclusive and not offer.exclusive_partners.filter(partner=buyer.partner).exists():
        raise ExclusiveOffer(
            _("%(publisher)s sells %(offer)s through chosen partners only.") % names,
            who=publisher,
            next_step=_("Write to the publisher's partner contact."),
        )
    if offer.is_once_per_customer:
        _check_not_bought(offer, buyer)


def _check_not_bought(offer: Offer, buyer: Buyer) -> None:
    """A customer has such an offer once, whoever sold it; a partner reads about its own only."""
    living = SaaSSubscription.objects.filter(
        plan__offer=offer, status__in=LIVING, subscription__customer=buyer.customer
    )
    own = living.filter(subscription__billing_owner=buyer.partner).first()
    if own is not None and own.status == FulfillmentStatus.SUSPENDED:
        next_step: str = _("Have the suspended subscription reinstated instead.")
    else:
        next_step = _("Change the quantity of that subscription instead.")
    if living.exists():
        raise OnceOnly(
            _("A customer can have %(offer)s only once, and this one has it.") % {"offer": offer.name},
            next_step=next_step if own is not None else "",
            next_url=reverse("marketplace:subscription", args=[own.pk]) if own is not None else "",
        )


def check_plan(plan: Plan, buyer: Buyer) -> None:
    """Why a plan cannot be bought for a customer, its offer included.

    Raises: what check_offer and check_plan_itself raise.
    """
    check_offer(plan.offer, buyer)
    check_plan_itself(plan, buyer)


def check_plan_itself(plan: Plan, buyer: Buyer) -> None:
    """Why a plan cannot be bought, or moved to, whatever holds for its offer.

    Raises: PlanNotSold, NotSoldInCountry, AzurePlanMissing.
    """
    if plan.is_stopped or (plan.is_private and not is_in_audience(plan, buyer)):
        raise PlanNotSold(
            _("The plan %(plan)s is not sold to this customer.") % {"plan": plan.name},
            who=plan.offer.publisher.organization.name,
            next_step=_("Choose another plan."),
        )
    if plan.countries and buyer.country not in plan.countries:
        raise NotSoldInCountry(
            _("The plan %(plan)s is not sold in %(country)s.")
            % {"plan": plan.name, "country": country_name(buyer.country)},
            who=plan.offer.publisher.organization.name,
            next_step=_("Choose another plan."),
        )
    if plan.needs_azure_plan and azure_plan_of(buyer) is None:
        raise AzurePlanMissing(
            _("This plan is metered: the customer needs an active Azure plan that is billed to you."),
            next_step=_("Buy an Azure plan for the customer first."),
        )


def is_in_audience(plan: Plan, buyer: Buyer) -> bool:
    """Say whether a private plan is for this customer, or for all customers of this partner."""
    return plan.audience.filter(organization_id__in=[buyer.customer.pk, buyer.partner.pk]).exists()


def check_quantity(plan: Plan, quantity: int) -> None:
    """A quantity lies between the plan's limits. Raises: InvalidInput."""
    if not plan.min_quantity <= quantity <= plan.max_quantity:
        raise QuantityOutOfRange(
            _("The plan %(plan)s is sold from %(least)d to %(most)d licenses.")
            % {"plan": plan.name, "least": plan.min_quantity, "most": plan.max_quantity}
            if plan.is_per_seat
            else _("The plan %(plan)s has a flat rate: its quantity is 1.") % {"plan": plan.name},
            field="quantity",
        )


def price_for(plan: Plan, buyer: Buyer, *, term: str, billing_frequency: str) -> Price:
    """Return what a plan costs today. Raises: PriceMissing."""
    price = price_of(
        plan,
        term=term,
        billing_frequency=billing_frequency,
        currency=buyer.partner.currency,
        partner_id=buyer.partner.pk,
        customer_id=buyer.customer.pk,
        on=buyer.today,
    )
    if price is None:
        raise no_price(plan, currency=buyer.partner.currency)
    return price


def no_price(plan: Plan, *, currency: str) -> PriceMissing:
    """Return the refusal of a plan that has no price of the kind asked for."""
    return PriceMissing(
        _("The plan %(plan)s is not sold for this term and billing frequency in %(currency)s.")
        % {"plan": plan.name, "currency": currency},
        who=plan.offer.publisher.organization.name,
        next_step=_("Choose another term or billing frequency."),
    )


def check_cart_open(cart: Cart) -> None:
    """Raises: CartOrdered."""
    if cart.status != CartStatus.OPEN:
        raise CartOrdered(
            _("This cart has been ordered already."),
            next_step=_("See the subscriptions of the customer."),
            next_url=f"{reverse('customers:subscriptions', args=[cart.customer_id])}?tab=marketplace",
        )


def price_today(saas: SaaSSubscription, plan: Plan, *, today: datetime.date, billing_frequency: str = "") -> Price:
    """Return what a plan costs a running subscription today, on its own term; also where it is not sold any more.

    Raises: PriceMissing.
    """
    subscription = saas.subscription
    price = price_of(
        plan,
        term=subscription.term,
        billing_frequency=billing_frequency or subscription.billing_frequency,
        currency=subscription.currency,
        partner_id=subscription.billing_owner_id,
        customer_id=subscription.customer_id,
        on=today,
        offered_only=False,
    )
    if price is None:
        raise no_price(plan, currency=subscription.currency)
    return price


def product_name(plan: Plan) -> str:
    """Return what a subscription to a plan is called."""
    return f"{plan.offer.name} – {plan.name}"[:200]


def catalog_id(plan: Plan, term: str) -> str:
    """Return the catalog's identifier, product:SKU:availability; codes of offers are unique per publisher only."""
    return f"{plan.offer_id.hex}:{plan.code}:{term}"
