"""Days in words as each language writes them: Django knows no French "1er", so nothing else formats days here."""

import datetime
from typing import Any

from django.utils import dateformat
from django.utils.formats import get_format
from django.utils.translation import get_language


class _DateFormat(dateformat.DateFormat):
    def j(self) -> Any:
        """Return the day of the month; in French the first one is an ordinal number."""
        day = super().j()
        return "1er" if day == 1 and (get_language() or "").startswith("fr") else day


def date_format(value: datetime.date, name: str = "DATE_FORMAT") -> str:
    """Return a day or moment in the language now spoken; ``name`` is a format of the language, or a format itself."""
    return format_date(value, get_format(name))


def format_date(value: datetime.date, pattern: str) -> str:
    """Return a day or moment in a format that was looked up before."""
    return str(_DateFormat(value).format(pattern))


def date_or_nothing(value: Any, name: str | None = None) -> str:
    """Return what Django's filter ``date`` returns: nothing for what is no day."""
    try:
        return date_format(value, name or "DATE_FORMAT") if value else ""
    except AttributeError:
        return ""
