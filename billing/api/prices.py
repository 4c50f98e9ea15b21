"""Price sheets as CSV files, and the rate card of Azure meters (A9).

The original serves price sheets below another host; the address after it is the same.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, cast

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.models import PriceListEntry
from billing.prices import month_of
from billing.queries import prices as queries
from billing.queries.prices import ListChoice
from billing.views.prices import HEADER, sheet_row
from customers.enums import ProductFamily
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import WrongParameter, json_answer
from portal.api.reading import query_of
from portal.api.resources import attributes, link
from portal.core.errors import Refusal
from portal.core.exports import csv_response
from portal.core.pages import walk

BATCH = 1_000
# The original's names of price sheets -> the family of ours.
VIEWS = {
    "azure_consumption": ProductFamily.AZURE_PLAN,
    "azure_reservations": ProductFamily.RESERVATION,
    "azure_savings_plans": ProductFamily.SAVINGS_PLAN,
    "updatedlicensebased": ProductFamily.LICENSE_BASED,
    "software": ProductFamily.SOFTWARE,
    "softwareperpetual": ProductFamily.PERPETUAL_SOFTWARE,
}
RATE_CARD = {
    "currency": "Currency of the rates, in three letters; the caller's own if left out.",
    "region": "Country of the customer, in two letters; the caller's own if left out.",
}


class PriceListNotFound(Refusal):
    """There is no such price list in the caller's market."""

    code = "price-list-not-found"
    http_status = 404

    def __init__(self) -> None:
        super().__init__(
            _("There is no such price list in your market."), next_step=_("Compare market, view and currency.")
        )


@api_requires(Permission.PRICING_VIEW, tag="Prices")
def get_price_sheet(request: ApiRequest, market: str, view: str) -> HttpResponse:
    """Return the price sheet in force of a market (a country) and a view, as a CSV file in the caller's currency."""
    if view.lower() not in VIEWS:
        raise WrongParameter("PricesheetView")
    _country, currency = queries.own_place(request.actor)
    rows = _entries(request, family=VIEWS[view.lower()], country=market.upper(), currency=currency)
    answer = csv_response(f"{view.lower()}_{market.upper()}.csv", HEADER, (sheet_row(entry) for entry in rows))
    return cast(HttpResponse, answer)  # streamed; of an answer only its headers are touched after this


@api_requires(Permission.PRICING_VIEW, query=RATE_CARD, tag="Prices")
def get_rate_card(request: ApiRequest) -> HttpResponse:
    """Return what a unit of each Azure meter costs."""
    query = query_of(request)
    own_country, own_currency = queries.own_place(request.actor)
    country, currency = query.get("region", own_country).upper(), query.get("currency", own_currency).upper()
    rows = _entries(request, family=ProductFamily.AZURE_PLAN, country=country, currency=currency)
    return json_answer(
        {
            "locale": "en-US",
            "currency": currency,
            "isTaxIncluded": False,
            "meters": _meters(rows),
            "offerTerms": [],
            "links": {"self": link(f"/ratecards/azure?currency={currency}&region={country}")},
            "attributes": attributes("AzureRateCard"),
        }
    )


def _entries(request: ApiRequest, *, family: str, country: str, currency: str) -> Iterator[PriceListEntry]:
    """Return the rows of the list in force today. Raises: PriceListNotFound."""
    today = timezone.now().date()
    choice = ListChoice(family, country, currency, month_of(today))
    price_list = queries.list_in_force(choice)
    if price_list is None or country not in queries.countries_of(request.actor, on=today):
        raise PriceListNotFound
    rows = queries.entries(price_list).select_related("price_list")
    return walk(rows, order=queries.ENTRY_ORDER, size=BATCH)


def _meters(rows: Iterator[PriceListEntry]) -> list[dict[str, Any]]:
    """Return the meters, each once with the rates of all its tiers."""
    meters: dict[str, dict[str, Any]] = {}
    for entry in rows:
        meter = meters.setdefault(
            entry.meter_id,
            {
                "id": entry.meter_id,
                "name": entry.sku_title,
                "rates": {},
                "tags": entry.tags,
                "category": entry.product_title,
                "unit": entry.unit_of_measure,
                "includedQuantity": 0,
                "effectiveDate": f"{entry.starts_on.isoformat()}T00:00:00Z",
            },
        )
        meter["rates"][_plain(entry.tier_from)] = float(entry.unit_price)
    return list(meters.values())


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
