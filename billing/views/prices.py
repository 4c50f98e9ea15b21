"""Price lists, the rate card of Azure meters, and what changed since the list before (A9)."""

import datetime
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.enums import Segment
from billing.forms.prices import LISTED, PRICE_FILTERS, entry_filter, list_choice, read_list
from billing.models import PriceList, PriceListEntry
from billing.presentation import month_in_sentence, month_text
from billing.queries import prices as queries
from billing.queries.prices import ListChoice, PriceChange
from customers.enums import BillingFrequency, ProductFamily, Term
from portal.accounts.access import requires, while_allowed
from portal.accounts.permissions import Permission
from portal.core.countries import country_choices, country_name
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, absolute_url, page_or_fragment
from portal.core.listing import ListAddress
from portal.core.money import money_text
from portal.core.pages import walk

EXPORT_BATCH = 1_000
# As the original's sheets name them, so that a file of ours can be read wherever one of those can.
HEADER = (
    "ProductTitle",
    "ProductId",
    "SkuId",
    "SkuTitle",
    "Publisher",
    "SkuDescription",
    "UnitOfMeasure",
    "TermDuration",
    "BillingPlan",
    "Market",
    "Currency",
    "UnitPrice",
    "PricingTierRangeMin",
    "EffectiveStartDate",
    "EffectiveEndDate",
    "Tags",
    "ERP Price",
    "Segment",
    "MeterId",
)
PLANS = {
    BillingFrequency.MONTHLY: "Monthly",
    BillingFrequency.ANNUAL: "Annual",
    BillingFrequency.UPFRONT: "Upfront",
    BillingFrequency.ONE_TIME: "OneTime",
}
CHANGE_TONES = {"new": "success", "gone": "neutral", "changed": "info"}


@require_safe
@requires(Permission.PRICING_VIEW)
def price_lists(request: PortalRequest) -> HttpResponse:
    """Show the price list of a product family for a country, a currency and a month."""
    return _list_page(request, family="", export_name="pricing:export")


@require_safe
@requires(Permission.PRICING_VIEW)
def rate_card(request: PortalRequest) -> HttpResponse:
    """Show what a unit of each Azure meter costs."""
    return _list_page(request, family=ProductFamily.AZURE_PLAN, export_name="pricing:rate_card_export")


def _list_page(request: PortalRequest, *, family: str, export_name: str) -> HttpResponse:
    address, choice = choice_of(request, family)
    price_list = queries.list_in_force(choice)
    page = queries.entry_page(price_list, entry_filter(address), cursor=address.get("cursor")) if price_list else None
    context = {
        "is_rate_card": bool(family),
        "price_list": price_list,
        "lead": _about(price_list, choice),
        "rows": [_row(entry, choice.currency) for entry in page] if page else [],
        "pager": address.pager(page) if page else {},
        "values": filter_values(address, choice),
        "options": list_options(request, choice),
        "chips": address.chips(_chip_labels(address)),
        "clear_url": address.url(q="", segment="", term="", cursor=""),
        "path": address.path,
        "export_url": address.url(reverse(export_name), cursor=""),
        "changes_url": address.url(reverse("pricing:changes"), family=choice.family, q="", segment="", cursor=""),
    }
    return page_or_fragment(
        request, page="billing/prices/list.html", fragment="billing/prices/_list.html", context=context
    )


@require_safe
@requires(Permission.PRICING_VIEW)
def export(request: PortalRequest) -> StreamingHttpResponse:
    """Give the list as a CSV file in the columns of the original's sheets: what the filters leave, all of it."""
    return _export(request, family="")


@require_safe
@requires(Permission.PRICING_VIEW)
def rate_card_export(request: PortalRequest) -> StreamingHttpResponse:
    """Give the rate card as a CSV file."""
    return _export(request, family=ProductFamily.AZURE_PLAN)


def _export(request: PortalRequest, *, family: str) -> StreamingHttpResponse:
    address, choice = choice_of(request, family)
    price_list = queries.list_in_force(choice)
    found: Iterable[PriceListEntry] = ()
    if price_list is not None:
        rows = queries.entries(price_list, entry_filter(address)).select_related("price_list")
        found = walk(rows, order=queries.ENTRY_ORDER, size=EXPORT_BATCH)
    allowed = while_allowed(request.actor, Permission.PRICING_VIEW, found, every=EXPORT_BATCH)
    return csv_response(_file_name("prices", choice), HEADER, (sheet_row(entry) for entry in allowed))


def sheet_row(entry: PriceListEntry) -> tuple[object, ...]:
    """Return a row of a list as the original's sheets write it; HEADER names the columns."""
    return (
        entry.product_title,
        entry.product_id,
        entry.sku_id,
        entry.sku_title,
        entry.publisher,
        entry.sku_description,
        entry.unit_of_measure,
        "" if entry.term == Term.NONE else entry.term,
        PLANS.get(BillingFrequency(entry.billing_frequency), ""),
        entry.price_list.country,
        entry.price_list.currency,
        plain_number(entry.unit_price),
        plain_number(entry.tier_from),
        entry.starts_on,
        entry.ends_on or "9999-12-31",
        ";".join(entry.tags),
        plain_number(entry.retail_price),
        str(entry.segment).capitalize(),
        entry.meter_id,
    )


def plain_number(value: Decimal) -> str:
    """Return a number without the zeros that say nothing, never with an exponent."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@require_safe
@requires(Permission.PRICING_VIEW)
def changes(request: PortalRequest) -> HttpResponse:
    """Tell what a list has new, no longer or at another price; the address can be handed to any colleague."""
    address, choice = choice_of(request)
    price_list = queries.list_in_force(choice)
    before = queries.list_before(price_list) if price_list else None
    found = list(queries.changes_of(price_list, limit=queries.CHANGES_SHOWN)) if price_list else []
    shared = absolute_url(f"{request.scheme}://{request.get_host()}", "pricing:changes")
    context = {
        "price_list": price_list,
        "before": before,
        "lead": _about(price_list, choice),
        "since": month_in_sentence(before.month) if before else "",
        "rows": [_change(row, choice.currency) for row in found],
        "is_cut": len(found) == queries.CHANGES_SHOWN,
        "values": filter_values(address, choice),
        "options": list_options(request, choice),
        "path": address.path,
        "export_url": address.url(reverse("pricing:changes_export")),
        "link": shared + ListAddress("", _named(choice)).url(),
        "list_url": address.url(reverse("pricing:lists")),
    }
    return page_or_fragment(
        request, page="billing/prices/changes.html", fragment="billing/prices/_changes.html", context=context
    )


@require_safe
@requires(Permission.PRICING_VIEW)
def changes_export(request: PortalRequest) -> StreamingHttpResponse:
    """Give all changes of a list as a CSV file."""
    _address, choice = choice_of(request)
    price_list = queries.list_in_force(choice)
    header = (
        _("What changed"),
        _("Product ID"),
        _("SKU ID"),
        _("Product"),
        _("Segment"),
        _("Term"),
        _("Billing frequency"),
        _("Meter ID"),
        _("Currency"),
        _("Old price"),
        _("New price"),
        _("Old retail price"),
        _("New retail price"),
    )
    rows = queries.changes_of(price_list) if price_list else iter(())
    return csv_response(_file_name("price-changes", choice), header, _change_rows(rows, choice))


def _change_rows(rows: Iterable[PriceChange], choice: ListChoice) -> Iterator[tuple[object, ...]]:
    for row in rows:
        yield (
            _change_label(row),
            row.product_id,
            row.sku_id,
            row.title,
            row.segment,
            row.term,
            row.billing_frequency,
            row.meter_id,
            choice.currency,
            *(
                None if price is None else plain_number(price)
                for price in (row.old_price, row.new_price, row.old_retail, row.new_retail)
            ),
        )


# --- what the pages show ---------------------------------------------------------------------------------------------
def choice_of(request: PortalRequest, family: str = "") -> tuple[ListAddress, ListChoice]:
    """Return what the address says, and which list it means."""
    today = timezone.now().date()
    address = read_list(request, queries.countries_of(request.actor, on=today))
    if family:
        values = {name: value for name, value in address.values.items() if name != "family"}
        address = ListAddress(address.path, values)
    place = queries.own_place(request.actor)
    return address, list_choice(address, place=place, today=today, family=family or ProductFamily.LICENSE_BASED)


def _named(choice: ListChoice) -> dict[str, str]:
    return {
        "family": choice.family,
        "country": choice.country,
        "currency": choice.currency,
        "month": f"{choice.month:%Y-%m}",
    }


def filter_values(address: ListAddress, choice: ListChoice) -> dict[str, str]:
    """Return what stands in the filter bar."""
    return _named(choice) | {name: address.get(name) for name in PRICE_FILTERS}


def list_options(request: PortalRequest, choice: ListChoice) -> dict[str, list[dict[str, Any]]]:
    """Return the choices of the filter bar."""
    today = timezone.now().date()
    countries = queries.countries_of(request.actor, on=today)
    lists = queries.lists_of(countries)
    here = set(lists.order_by().values_list("country", flat=True).distinct()) | {choice.country}
    currencies = {*lists.order_by().values_list("currency", flat=True).distinct(), choice.currency}
    every = {"value": "", "label": _("All")}
    return {
        "family": [{"value": str(family), "label": family.label} for family in LISTED],
        "country": [{"value": code, "label": name} for code, name in country_choices(sorted(here))],
        "currency": [{"value": code, "label": code} for code in sorted(currencies)],
        "month": [
            {"value": f"{month:%Y-%m}", "label": month_text(month)} for month in _months(lists, choice.month, today)
        ],
        "segment": [every, *({"value": value, "label": label} for value, label in Segment.choices)],
        "term": [every, *({"value": value, "label": label} for value, label in Term.choices)],
    }


def _months(lists: Any, chosen: datetime.date, today: datetime.date) -> list[datetime.date]:
    return sorted({chosen, *queries.months(lists, today=today)}, reverse=True)


def _chip_labels(address: ListAddress) -> dict[str, str]:
    segment, term = address.get("segment"), address.get("term")
    return {
        "q": _("Search: %(text)s") % {"text": address.get("q")},
        "segment": str(Segment(segment).label) if segment else "",
        "term": str(Term(term).label) if term else "",
    }


def _about(price_list: PriceList | None, choice: ListChoice) -> str:
    """Return one sentence on the list that is shown, and on the month it is of."""
    facts = {
        "family": ProductFamily(choice.family).label,
        "country": country_name(choice.country),
        "currency": choice.currency,
        "month": month_in_sentence(choice.month),
        "of": month_in_sentence(price_list.month) if price_list else "",
    }
    if price_list is None:
        return _("%(family)s for customers in %(country)s, in %(currency)s, %(month)s: no price list.") % facts
    if price_list.month != choice.month:
        return (
            _(
                "%(family)s for customers in %(country)s, in %(currency)s: the list of %(of)s holds,"
                " because none has been published since."
            )
            % facts
        )
    return _("%(family)s for customers in %(country)s, in %(currency)s: the list of %(of)s.") % facts


def _row(entry: PriceListEntry, currency: str) -> dict[str, Any]:
    return {
        "product": entry.product_title,
        "sku": entry.sku_title if entry.sku_title != entry.product_title else "",
        "ids": f"{entry.product_id}:{entry.sku_id}",
        "copy_label": _("Copy the ID of %(product)s") % {"product": entry.sku_title},
        "terms": terms_text(entry),
        "unit": entry.unit_of_measure,
        "meter_id": entry.meter_id,
        "meter_label": _("Copy the meter ID of %(product)s") % {"product": entry.sku_title},
        "tier": _("from %(units)s units") % {"units": number_format(plain_number(entry.tier_from), force_grouping=True)}
        if entry.tier_from
        else "",
        "price": price_text(entry.unit_price, currency),
        "retail": price_text(entry.retail_price, currency),
        "until": entry.ends_on,
        "starts": entry.starts_on,
        "tags": entry.tags,
    }


def terms_text(entry: PriceListEntry | PriceChange) -> str:
    """Return term, billing frequency and, unless it is for everyone, segment in words."""
    shown = [] if entry.term == Term.NONE else [str(Term(entry.term).label)]
    shown.append(str(BillingFrequency(entry.billing_frequency).label))
    if entry.segment != Segment.COMMERCIAL:
        shown.append(str(Segment(entry.segment).label))
    return " · ".join(shown)


def price_text(price: Decimal, currency: str) -> str:
    """Return a price in words; one that whole cents cannot say keeps all its decimals."""
    if price == round(price, 2):
        return money_text(price, currency)
    return f"{number_format(plain_number(price))} {currency}"


def _change_label(row: PriceChange) -> str:
    return {"new": _("New"), "gone": _("No longer sold"), "changed": _("Other price")}[row.kind]


def _change(row: PriceChange, currency: str) -> dict[str, Any]:
    return {
        "tone": CHANGE_TONES[row.kind],
        "kind": _change_label(row),
        "title": row.title,
        "ids": f"{row.product_id}:{row.sku_id}",
        "terms": terms_text(row),
        "unit": row.unit,
        "old": price_text(row.old_price, currency) if row.old_price is not None else "",
        "new": price_text(row.new_price, currency) if row.new_price is not None else "",
        "percent": _percent(row),
    }


def _percent(row: PriceChange) -> str:
    if not row.old_price or row.new_price is None:
        return ""
    percent = (row.new_price - row.old_price) / row.old_price * 100
    return (
        f"{number_format(percent, decimal_pos=1)} %" if percent < 0 else f"+{number_format(percent, decimal_pos=1)} %"
    )


def _file_name(start: str, choice: ListChoice) -> str:
    return f"{start}-{choice.family}-{choice.country}-{choice.currency}-{choice.month:%Y-%m}.csv"
