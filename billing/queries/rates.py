"""Exchange rates with the days on which they hold, and the rules of what usage earns (A3, A8)."""

from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery

from billing.models import ExchangeRate, IncentiveRule
from portal.core.pages import Page, keyset_page

ORDER = ("-valid_from", "-pk")


@dataclass(frozen=True)
class RateFilter:
    """Which rates are looked at; empty values leave everything."""

    base: str = ""
    currency: str = ""


def rates(wanted: RateFilter) -> QuerySet[ExchangeRate]:
    """Return the rates that fit, each with ``holds_until``: the day from which the next one holds."""
    rows = ExchangeRate.objects.all()
    if wanted.base:
        rows = rows.filter(base=wanted.base)
    if wanted.currency:
        rows = rows.filter(currency=wanted.currency)
    following = ExchangeRate.objects.filter(
        base=OuterRef("base"), currency=OuterRef("currency"), valid_from__gt=OuterRef("valid_from")
    )
    return rows.annotate(holds_until=Subquery(following.order_by("valid_from").values("valid_from")[:1]))


def rate_page(wanted: RateFilter, *, cursor: str = "") -> Page[ExchangeRate]:
    """Return one page of the exchange rates, newest first. Raises: BadCursor."""
    return keyset_page(rates(wanted), order=ORDER, cursor=cursor)


def currencies() -> tuple[list[str], list[str]]:
    """Return from and to which currencies there are rates."""
    pairs = ExchangeRate.objects.order_by().values_list("base", "currency").distinct()
    return sorted({base for base, _currency in pairs}), sorted({currency for _base, currency in pairs})


def rules() -> list[IncentiveRule]:
    """Return all incentive rules, by family and day."""
    return list(IncentiveRule.objects.order_by("family", "kind", "-valid_from", "pk"))
