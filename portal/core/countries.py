"""Countries by their ISO code, in the reader's language."""

from functools import lru_cache

from babel import Locale
from django.utils import translation

from portal.core.fields import name_key


@lru_cache(maxsize=16)
def _names(language: str) -> dict[str, str]:
    territories = Locale.parse(language.replace("-", "_")).territories
    return {code: name for code, name in territories.items() if len(code) == 2 and code.isalpha()}


def country_name(code: str) -> str:
    """Return the country's name in the active language, or the code where nobody knows it."""
    return _names(translation.get_language() or "en").get(code, code)


def country_choices(codes: list[str]) -> list[tuple[str, str]]:
    """Return (code, name) pairs for a form, by name."""
    return sorted(((code, country_name(code)) for code in codes), key=lambda pair: name_key(pair[1]))
