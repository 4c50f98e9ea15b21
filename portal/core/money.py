"""Amounts of money: how many decimals a currency has, and how an amount is cut to them. Amounts are ``Decimal``."""

from decimal import ROUND_HALF_UP, Decimal
from functools import cache, lru_cache

from babel.numbers import format_currency, get_currency_precision
from django.utils.translation import get_language


@cache
def smallest_unit(currency: str) -> Decimal:
    """Return the smallest amount a currency knows: 0.01 for the euro, 1 for the yen, 0.001 for the Kuwaiti dinar."""
    return Decimal(1).scaleb(-get_currency_precision(currency))


def round_money(amount: Decimal, currency: str) -> Decimal:
    """Return the amount in whole cents of its currency; half a cent goes up (away from zero)."""
    return amount.quantize(smallest_unit(currency), rounding=ROUND_HALF_UP)


def money_text(amount: Decimal, currency: str) -> str:
    """Return the amount as the reader's language writes it, with its currency."""
    return _money_text(amount, currency, get_language() or "en")


@lru_cache(maxsize=5_000)
def _money_text(amount: Decimal, currency: str, language: str) -> str:
    return format_currency(amount, currency, locale=language.replace("-", "_"))
