"""The address of a list: its filters, order and place live in the URL, and every link of the list is made from it."""

import datetime
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import get_format, number_format
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from portal.core.dates import format_date
from portal.core.drawing import draw
from portal.core.pages import COUNT_LIMIT, Page

MAX_LENGTH = 2000
EMPTY = SafeString("")
_ANY = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class ListAddress:
    """What the address of a list says, empty values left out (quality row 37)."""

    path: str
    values: Mapping[str, str]

    @classmethod
    def read(cls, request: HttpRequest, allowed: Mapping[str, Iterable[str] | None]) -> "ListAddress":
        """Read the parameters named in ``allowed``; a value outside its choices counts as not given.

        ``None`` instead of choices allows any text.
        """
        values = {}
        for name, choices in allowed.items():
            value = request.GET.get(name, "").strip()[:MAX_LENGTH]
            if value and (choices is None or value in choices):
                values[name] = value
        return cls(path=request.path, values=values)

    def get(self, name: str, default: str = "") -> str:
        return self.values.get(name, default)

    def url(self, path: str = "", **changes: str) -> str:
        """Return this address, or ``path`` with the same parameters, after the changes; an empty value is left out."""
        values = {name: value for name, value in {**self.values, **changes}.items() if value}
        return (path or self.path) + (f"?{urlencode(values)}" if values else "")

    def sort_headers(self, columns: Iterable[str], *, default: str) -> dict[str, dict[str, str]]:
        """Return ``url`` and ``direction`` of each column's header; a second click turns the order round."""
        current = self.get("sort", default)
        headers = {}
        for column in columns:
            directions = {column: "ascending", f"-{column}": "descending"}
            turned = f"-{column}" if current == column else column
            headers[column] = {
                "url": self.url(sort="" if turned == default else turned, cursor=""),
                "direction": directions.get(current, ""),
            }
        return headers

    def chips(self, labels: Mapping[str, str]) -> list[dict[str, str]]:
        """Return the filters in force as chips, each with the address that drops it; ``labels`` words each filter."""
        return [
            {"label": label, "url": self.url(**{name: "", "cursor": ""})}
            for name, label in labels.items()
            if self.get(name)
        ]

    def pager(self, page: Page[Any]) -> dict[str, str]:
        """Return the links to the neighbours of a page and the words for how long the list is."""
        return {
            "previous_url": self.url(cursor=page.previous_cursor) if page.previous_cursor else "",
            "next_url": self.url(cursor=page.next_cursor) if page.next_cursor else "",
            "range": _length(page),
        }


def _length(page: Page[Any]) -> str:
    if page.total is None:
        return ""
    if page.total_is_capped:
        return _("More than %(limit)s entries") % {"limit": number_format(COUNT_LIMIT, force_grouping=True)}
    return ngettext("%(count)s entry", "%(count)s entries", page.total) % {
        "count": number_format(page.total, force_grouping=True)
    }


def short_days() -> Callable[[datetime.date], str]:
    """Return what words a day in the short format of the language now spoken: a list says the same days often."""
    return partial(_short_day, get_format("SHORT_DATE_FORMAT"))


def short_moments() -> Callable[[datetime.datetime | None], SafeString]:
    """Return what draws the day of a moment as components/timestamp.html does, or nothing where there is none."""
    return partial(_short_moment, get_language(), timezone.get_current_timezone_name())


@lru_cache(maxsize=5_000)
def _short_moment(_language: str | None, _zone: str, at: datetime.datetime | None) -> SafeString:
    return render_to_string("components/timestamp.html", {"at": at, "day": True}) if at else EMPTY


def status_mark(tone: str, label: str, icon_name: str = "") -> SafeString:
    """Return components/status.html, for rows of long lists."""
    values = {"tone": tone, "icon_name": icon_name} if icon_name else {"tone": tone}
    return draw("components/status.html", values, texts={"label": label})


def addresses(url_name: str) -> Callable[[UUID | str], str]:
    """Return what makes the address of a page by the one id in it: asking Django for each row would cost more."""
    before, after = _address_parts(url_name)
    return lambda pk: f"{before}{pk}{after}"


@lru_cache
def _address_parts(url_name: str) -> tuple[str, str]:
    before, after = reverse(url_name, args=[_ANY]).split(_ANY)
    return before, after


@lru_cache(maxsize=5_000)
def _short_day(date_format: str, day: datetime.date) -> str:
    return format_date(day, date_format)
