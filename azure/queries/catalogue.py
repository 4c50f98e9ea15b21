"""What can be bought of the programme itself for one customer, today (A1, A9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse

from azure import prices
from azure.enums import AzureOffer
from azure.prices import ListedSku
from azure.queries.dates import facts_of, milestones
from azure.rules import buying as rules
from azure.rules import offers
from azure.rules.buying import Article
from azure.rules.offers import Decision
from billing.models import PriceListEntry
from customers.rules.buying import Buyer, check_may_buy
from portal.core.errors import Refusal, refusal_of


@dataclass(frozen=True)
class Choice:
    """Something to order, or why it cannot be."""

    article: Article
    refusal: Refusal | None


def article_of(buyer: Buyer, product_id: str, sku_id: str) -> Article | None:
    """Return what stands under these codes for a customer today."""
    own = rules.azure_article(product_id)
    if own is not None:
        return own if sku_id == rules.USAGE else None
    found = prices.sku(buyer, product_id, sku_id)
    return rules.listed_article(found) if found else None


def decisions(buyer: Buyer) -> dict[AzureOffer, Decision]:
    """Return what the decision table says about each Azure offer for a customer on the day of the sale."""
    dates = milestones()
    facts = facts_of(buyer, dates)
    return {offer: offers.decide(offer, facts, dates=dates, day=buyer.today) for offer in AzureOffer}


def check_article(
    article: Article,
    buyer: Buyer,
    *,
    reseller_id: UUID | None = None,
    decided: Mapping[AzureOffer, Decision] | None = None,
) -> None:
    """All that speaks against ordering a product for a customer.

    Raises: AzureOfferRefused, PlanHeldAlready, AzurePlanMissing.
    """
    if article.offer is not None:
        decision = (decided or decisions(buyer))[article.offer]
        tenant_url = reverse("azure:keep_tenant", args=[buyer.customer.pk])
        offers.check_sellable(decision, instead_url=_instead(decision, buyer), tenant_url=tenant_url)
    rules.check_plan(article, buyer, reseller_id=reseller_id)


def _instead(decision: Decision, buyer: Buyer) -> str:
    """Return the way to the offer that the table sells instead."""
    sells = decision.row.sells
    if AzureOffer.AZURE_PLAN in sells:
        wanted = rules.AZURE_SUBSCRIPTION if decision.row.code == "azure-plan-chosen" else AzureOffer.AZURE_PLAN
        return rules.order_url(buyer.customer.pk, wanted)
    return rules.order_url(buyer.customer.pk, next(iter(sells)))


def refusal_to_order(article: Article, buyer: Buyer, *, reseller_id: UUID | None = None) -> Refusal | None:
    """Return why a product cannot be ordered, or ``None``."""
    return refusal_of(check_may_buy, buyer) or refusal_of(check_article, article, buyer, reseller_id=reseller_id)


def azure_choices(buyer: Buyer, *, reseller_id: UUID | None) -> list[Choice]:
    """Return every Azure offer with what the rules say today."""
    decided, found = decisions(buyer), []
    for product_id in rules.OFFERS:
        article = rules.check_found(rules.azure_article(product_id))
        refusal: Refusal | None = None
        try:
            check_article(article, buyer, reseller_id=reseller_id, decided=decided)
        except Refusal as refused:
            refusal = refused
        found.append(Choice(article, refusal))
    return found


def listed(buyer: Buyer, *, text: str = "", family: str = "") -> QuerySet[PriceListEntry]:
    """Return one row of the price lists per SKU that a customer can get, for a page of the catalogue."""
    rows = prices.of_buyer(buyer)
    if family:
        rows = rows.filter(price_list__family=family)
    if text:
        rows = rows.filter(Q(sku_title__icontains=text) | Q(product_title__icontains=text) | Q(product_id__iexact=text))
    return rows.distinct(*prices.ORDER)


def ways_of(buyer: Buyer, rows: list[PriceListEntry]) -> list[ListedSku]:
    """Return the SKUs of a page of rows with every way to buy them (one query)."""
    keys = Q(pk__in=[])
    for row in rows:
        keys |= Q(product_id=row.product_id, sku_id=row.sku_id)
    found = prices.of_buyer(buyer).filter(keys)
    return prices.skus_of(found.order_by(*prices.ORDER, "term", "billing_frequency", "-starts_on", "pk"))
