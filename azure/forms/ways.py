"""Ways to buy a product as choices of a form, each with its price."""

from collections.abc import Iterable

from azure.prices import Way
from azure.rules.families import LICENSED
from customers.enums import Term
from customers.presentation import unit_price_text


def way_choices(ways: Iterable[Way], *, family: str) -> list[tuple[str, str]]:
    """Return each way by its term and billing frequency, as ``way_of`` reads it, with its price."""
    return [(f"{way.term}:{way.billing_frequency}", _label(way, family)) for way in ways]


def way_of(chosen: str) -> tuple[str, str]:
    """Return the term and the billing frequency of a choice."""
    term, _colon, frequency = chosen.partition(":")
    return term, frequency


def _label(way: Way, family: str) -> str:
    price = unit_price_text(way.unit_price, way.currency, way.billing_frequency, is_per_seat=family in LICENSED)
    return f"{Term(way.term).label} · {price}"  # the price says how often it is billed
