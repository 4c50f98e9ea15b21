"""Price lists as partners see them: the list of a country, currency, family and month, and what changed in it (A9)."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from billing.models import PriceList, PriceListEntry, PriceSheet, PriceSheetRow
from billing.prices import month_of
from customers.models import MarketCountry
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.core.pages import Page, keyset_page

ENTRY_ORDER = ("product_title", "sku_title", "pk")
SHEET_ORDER = ("-created_at", "-pk")
MONTHS_BACK = 24
CHANGES_SHOWN = 500


@dataclass(frozen=True)
class ListChoice:
    """Which price list is looked at."""

    family: str
    country: str
    currency: str
    month: datetime.date


@dataclass(frozen=True)
class EntryFilter:
    """What is looked for in a list; empty values leave everything."""

    text: str = ""
    segment: str = ""
    term: str = ""


@dataclass(frozen=True)
class PriceChange:
    """A price that is new, gone or another than in the list before; without old or new price on the side it lacks."""

    product_id: str
    sku_id: str
    title: str
    segment: str
    term: str
    billing_frequency: str
    old_price: Decimal | None
    new_price: Decimal | None
    old_retail: Decimal | None
    new_retail: Decimal | None
    meter_id: str
    unit: str

    @property
    def kind(self) -> str:
        """What happened: "new", "gone" or "changed"."""
        return "new" if self.old_price is None else "gone" if self.new_price is None else "changed"


def own_place(actor: Actor) -> tuple[str, str]:
    """Return the country and the currency of the actor's partner: the list it looks at first (A8)."""
    partner = Partner.objects.select_related("organization").get(pk=actor.organization_id)
    return partner.organization.country, partner.currency


def countries_of(actor: Actor, *, on: datetime.date) -> list[str]:
    """Return the countries that the actor's partner may sell in: lists of others are not shown to it."""
    market = Partner.objects.values_list("market", flat=True).get(pk=actor.organization_id)
    holds = Q(valid_until__isnull=True) | Q(valid_until__gt=on)
    rows = MarketCountry.objects.filter(holds, market=market, valid_from__lte=on)
    return sorted(set(rows.values_list("country", flat=True)))


def lists_of(countries: list[str]) -> QuerySet[PriceList]:
    """Return the lists of these countries, newest month first."""
    return PriceList.objects.filter(country__in=countries).order_by("-month", "family", "country", "currency")


def list_in_force(choice: ListChoice) -> PriceList | None:
    """Return the list of the month, or the last one before it: a list holds until the next one."""
    named = {"family": choice.family, "country": choice.country, "currency": choice.currency}
    return PriceList.objects.filter(**named, month__lte=choice.month).order_by("-month").first()


def list_before(price_list: PriceList) -> PriceList | None:
    """Return the list that this one took the place of."""
    named = {"family": price_list.family, "country": price_list.country, "currency": price_list.currency}
    return PriceList.objects.filter(**named, month__lt=price_list.month).order_by("-month").first()


def entries(price_list: PriceList, wanted: EntryFilter = EntryFilter()) -> QuerySet[PriceListEntry]:
    """Return the rows of a list that fit, in no order yet."""
    rows = PriceListEntry.objects.filter(price_list=price_list)
    if wanted.segment:
        rows = rows.filter(segment=wanted.segment)
    if wanted.term:
        rows = rows.filter(term=wanted.term)
    for word in wanted.text.split():
        named = Q(product_title__icontains=word) | Q(sku_title__icontains=word) | Q(tags__icontains=word)
        rows = rows.filter(named | Q(product_id__iexact=word) | Q(sku_id__iexact=word) | Q(meter_id__iexact=word))
    return rows


def entry_page(price_list: PriceList, wanted: EntryFilter, *, cursor: str = "") -> Page[PriceListEntry]:
    """Return one page of a list by title. Raises: BadCursor."""
    return keyset_page(entries(price_list, wanted), order=ENTRY_ORDER, cursor=cursor, with_total=True)


CHANGES = """
    WITH old AS (SELECT * FROM billing_pricelistentry WHERE price_list_id = %(before)s),
        now AS (SELECT * FROM billing_pricelistentry WHERE price_list_id = %(list)s)
    SELECT coalesce(now.product_id, old.product_id), coalesce(now.sku_id, old.sku_id),
        coalesce(now.sku_title, old.sku_title) AS title, coalesce(now.segment, old.segment),
        coalesce(now.term, old.term) AS term, coalesce(now.billing_frequency, old.billing_frequency) AS billing,
        old.unit_price, now.unit_price, old.retail_price, now.retail_price, coalesce(now.meter_id, old.meter_id),
        coalesce(now.unit_of_measure, old.unit_of_measure)
    FROM now FULL JOIN old ON now.product_id = old.product_id AND now.sku_id = old.sku_id
        AND now.segment = old.segment AND now.term = old.term AND now.billing_frequency = old.billing_frequency
        AND now.meter_id = old.meter_id AND now.tier_from = old.tier_from
    WHERE (now.unit_price, now.retail_price) IS DISTINCT FROM (old.unit_price, old.retail_price)
    ORDER BY title, term, billing, coalesce(now.id, old.id)
"""


def changes_of(price_list: PriceList, *, limit: int | None = None) -> Iterator[PriceChange]:
    """Yield what a list has new, no longer, or at another price than the list before; nothing for the first list."""
    before = list_before(price_list)
    if before is None:
        return
    statement = CHANGES + (f" LIMIT {limit:d}" if limit else "")
    with connection.cursor() as cursor:
        cursor.execute(statement, {"before": before.pk, "list": price_list.pk})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    yield from (PriceChange(*row) for row in rows)


def months(lists: QuerySet[PriceList], *, today: datetime.date) -> list[datetime.date]:
    """Return the months that have lists, newest first, with the running one."""
    found = set(lists.order_by().values_list("month", flat=True).distinct())
    return sorted(found | {month_of(today)}, reverse=True)[:MONTHS_BACK]


def sheet_page(*, cursor: str = "") -> Page[PriceSheet]:
    """Return one page of the operator's price sheets, newest first. Raises: BadCursor."""
    return keyset_page(PriceSheet.objects.all(), order=SHEET_ORDER, cursor=cursor)


def sheet_rows(sheet: PriceSheet, *, result: str = "") -> QuerySet[PriceSheetRow]:
    """Return the rows of a sheet, one result alone if asked."""
    rows = PriceSheetRow.objects.filter(sheet=sheet)
    return rows.filter(result=result) if result else rows
