"""Why a first-party product cannot be bought for a customer (A1, A11; section 9)."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from azure.enums import AzureOffer
from azure.prices import ListedSku, Way
from azure.rules.families import LIFECYCLES
from billing.amounts import cycle_amount
from customers.enums import ProductFamily, SubscriptionStatus, Term
from customers.models import Subscription
from customers.rules.buying import AzurePlanMissing, Buyer, azure_plan_of
from customers.terms import cycle_on, whole_days
from portal.core.errors import InvalidInput, Refusal

MAX_LICENSES = 10_000
USAGE = "usage"  # the way in which everything without a price list is sold


class ProductNotSold(Refusal):
    code = "product-not-sold"


class PlanHeldAlready(Refusal):
    code = "azure-plan-held-already"


@dataclass(frozen=True)
class Article:
    """What can be ordered: a SKU of the price lists, or an Azure offer that is billed by usage (``ways`` empty)."""

    family: str
    product_id: str
    sku_id: str
    name: str | Promise
    ways: tuple[Way, ...] = ()
    offer: AzureOffer | None = None

    @property
    def is_counted(self) -> bool:
        return LIFECYCLES[self.family].is_counted

    @property
    def title(self) -> str:
        """The name as it is stored: of what the portal names itself, the same in every language."""
        with translation.override("en"):
            return str(self.offer.label if self.offer else self.name)

    @property
    def key(self) -> str:
        return f"{self.product_id}:{self.sku_id}"


AZURE_SUBSCRIPTION = "azure-subscription"
OFFERS: dict[str, tuple[str, AzureOffer | None]] = {
    AzureOffer.AZURE_PLAN: (ProductFamily.AZURE_PLAN, AzureOffer.AZURE_PLAN),
    AZURE_SUBSCRIPTION: (ProductFamily.AZURE_SUBSCRIPTION, None),
    AzureOffer.PREVIOUS: (ProductFamily.AZURE_LEGACY, AzureOffer.PREVIOUS),
    AzureOffer.SHARED_SERVICES: (ProductFamily.SHARED_SERVICES, AzureOffer.SHARED_SERVICES),
}


def azure_article(product_id: str) -> Article | None:
    """Return an Azure offer as something to order, or ``None`` for the name of something else."""
    if product_id not in OFFERS:
        return None
    family, offer = OFFERS[product_id]
    return Article(family, product_id, USAGE, offer.label if offer else ProductFamily(family).label, offer=offer)


def listed_article(found: ListedSku) -> Article:
    """Return a SKU of the price lists as something to order."""
    return Article(found.family, found.product_id, found.sku_id, found.name, found.ways)


def check_found(article: Article | None) -> Article:
    """Raises: ProductNotSold."""
    if article is None:
        raise ProductNotSold(
            _("This product is not on the price list of today for this customer."),
            who=_("the programme operator, who publishes the price lists"),
            next_step=_("Choose another product."),
        )
    return article


def check_plan(article: Article, buyer: Buyer, *, reseller_id: UUID | None) -> None:
    """One Azure plan per reseller; what runs under a plan needs one. Raises: PlanHeldAlready, AzurePlanMissing."""
    plan = azure_plan_of(buyer, reseller_id=reseller_id)
    if article.family == ProductFamily.AZURE_PLAN and plan is not None and plan.reseller_id == reseller_id:
        raise PlanHeldAlready(
            _("This customer has an Azure plan from you already; it holds any number of Azure subscriptions."),
            who=_("nobody needs to"),
            next_step=_("Add an Azure subscription under it."),
            next_url=order_url(buyer.customer.pk, AZURE_SUBSCRIPTION),
        )
    if LIFECYCLES[article.family].needs_plan and plan is None:
        raise AzurePlanMissing(
            _("The customer has no active Azure plan that is billed to you."),
            who=_("an admin or sales agent of your company"),
            next_step=_("Add an Azure plan first."),
            next_url=order_url(buyer.customer.pk, AzureOffer.AZURE_PLAN),
        )


def order_url(customer_id: UUID, product_id: str, sku_id: str = USAGE) -> str:
    """Return the path of the page that orders a product for a customer."""
    return f"{reverse('azure:order', args=[customer_id])}?product={product_id}&sku={sku_id}"


def way_of(article: Article, *, term: str, billing_frequency: str) -> Way | None:
    """Return the chosen way to buy; ``None`` for what is billed by usage. Raises: InvalidInput."""
    if not article.ways:
        return None
    chosen = [one for one in article.ways if (one.term, one.billing_frequency) == (term, billing_frequency)]
    if not chosen:
        raise InvalidInput(_("This product is not sold for this term and billing frequency."), field="way")
    return chosen[0]


def check_quantity(article: Article, quantity: int) -> None:
    """Raises: InvalidInput."""
    if not article.is_counted and quantity != 1:
        raise InvalidInput(_("The quantity of this product is 1."), field="quantity")
    if not 1 <= quantity <= MAX_LICENSES:
        raise InvalidInput(
            ngettext("Between 1 and %(most)d license.", "Between 1 and %(most)d licenses.", MAX_LICENSES)
            % {"most": MAX_LICENSES},
            field="quantity",
        )


def check_scope(article: Article, buyer: Buyer, scope_id: UUID | None) -> Subscription | None:
    """Return the Azure subscription that a reservation is limited to. Raises: InvalidInput."""
    if scope_id is None:
        return None
    found = scopes(buyer).filter(pk=scope_id).first() if article.family == ProductFamily.RESERVATION else None
    if found is None:
        raise InvalidInput(_("Choose one of the customer's active Azure subscriptions."), field="scope")
    return found


def scopes(buyer: Buyer) -> QuerySet[Subscription]:
    """Return the Azure subscriptions that a reservation can be limited to."""
    return Subscription.objects.filter(
        customer=buyer.customer,
        billing_owner=buyer.partner,
        product_family=ProductFamily.AZURE_SUBSCRIPTION,
        status=SubscriptionStatus.ACTIVE,
    ).order_by("friendly_name", "pk")


def first_total(
    way: Way | None, quantity: int, *, today: datetime.date | None = None, ends_on: datetime.date | None = None
) -> Decimal | None:
    """Return what the first billing cycle costs; ``None`` for what is billed by usage.

    ``ends_on``: the first day after a first term that begins today and ends early; a cycle that it cuts costs its days.
    """
    if way is None:
        return None
    days = whole = 1
    if today is not None and ends_on is not None:
        cycle = cycle_on(today, starts_on=today, ends_on=ends_on, frequency=way.billing_frequency)
        if cycle is not None:
            whole = whole_days(cycle, starts_on=today, term=way.term, frequency=way.billing_frequency)
            days = cycle.days
    return cycle_amount(
        unit_price=way.unit_price, quantity=quantity, currency=way.currency, days=days, whole_days=whole
    )


def has_term(way: Way | None) -> bool:
    return way is not None and way.term != Term.NONE
