"""Markup that is drawn once and then kept by this process: the frame of every page, and components (quality row 30).

What a template draws depends on the values it is given, the language and the time zone, and on nothing else: it is not
given the request. So the kept markup is looked up by all of them, and nobody can get what was drawn for others. Texts
that differ from row to row (names, addresses, a form's token, inner markup) are left out and put in each time; they
take no part in the look-up, only whether they are empty does.
"""

import dataclasses
import datetime
import html
import re
import secrets
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from decimal import Decimal
from threading import Lock
from typing import Any, cast
from uuid import UUID

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

LIMIT = 2_000  # of about 2 kB each
_MARK = secrets.token_hex(12)  # nobody can write it into a name
_PLACE = re.compile(f"{_MARK}([a-z_]+){_MARK}")
_BETWEEN = "\x00"  # PostgreSQL holds none, and no request brings one

_kept: "OrderedDict[Hashable, str]" = OrderedDict()
_lock = Lock()


class NotPlain(TypeError):
    """A value may change, so what is drawn of it cannot be kept."""


def draw(template_name: str, values: Mapping[str, Any], *, texts: Mapping[str, Any] | None = None) -> SafeString:
    """Return what the template draws for the values and texts.

    ``values`` are plain: strings, numbers, lists, mappings, dataclasses. The template writes each of ``texts`` as it
    is, or asks whether it is empty; it must not compare or filter it. Raises: NotPlain for other values.
    """
    texts = texts or {}
    empty = tuple([name for name, text in texts.items() if not text])
    drawn = _looked_up(template_name, plain(values), empty, values, texts)
    return mark_safe(drawn % {name: escaped(text) for name, text in texts.items()})  # noqa: S308 - escaped


def draw_each(template_name: str, rows: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> SafeString:
    """Return what the template draws for each of the rows, all of which have the same texts, one after the other.

    The template is given ``values`` as well. It is drawn once for all rows in which the same texts are empty.
    Raises: NotPlain.
    """
    names = tuple(rows[0]) if rows else ()
    key, drawn, parts = plain(values), {}, []
    texts = iter(all_escaped([row[name] for row in rows for name in names]))
    for row in rows:
        empty = tuple([name for name in names if not row[name]])
        if empty not in drawn:
            drawn[empty] = _looked_up(template_name, key, empty, values, row)
        parts.append(drawn[empty] % dict(zip(names, texts, strict=False)))
    return mark_safe("".join(parts))  # noqa: S308 - escaped


def _looked_up(
    template_name: str, key: Hashable, empty: tuple[str, ...], values: Mapping[str, Any], texts: Mapping[str, Any]
) -> str:
    """Return the markup with places for the texts, drawn now unless it is kept."""
    kept = (template_name, get_language(), timezone.get_current_timezone_name(), tuple(texts), empty, key)
    with _lock:
        drawn = _kept.get(kept)
        if drawn is not None:
            _kept.move_to_end(kept)
            return drawn
    drawn = _drawn(template_name, values, texts)
    with _lock:
        _kept[kept] = drawn
        if len(_kept) > LIMIT:
            _kept.popitem(last=False)
    return drawn


def _drawn(template_name: str, values: Mapping[str, Any], texts: Mapping[str, Any]) -> str:
    places = {name: mark_safe(f"{_MARK}{name}{_MARK}") if text else "" for name, text in texts.items()}  # noqa: S308
    markup = render_to_string(template_name, {**values, **places})
    return _PLACE.sub(r"%(\1)s", markup.replace("%", "%%"))


def escaped(value: Any) -> str:
    """Return a value as markup, escaped unless it is markup already."""
    return html.escape(value) if type(value) is str else conditional_escape(value)  # the first: four times as fast


def all_escaped(values: Sequence[Any]) -> list[str]:
    """Return the values as ``escaped`` does, all plain text in one go: a tenth of the cost for the rows of a list."""
    texts = [value for value in values if type(value) is str]
    ready = html.escape(_BETWEEN.join(texts)).split(_BETWEEN)
    if len(ready) != len(texts):  # one of them holds what stands between them
        return [escaped(value) for value in values]
    next_text = iter(ready).__next__
    return [next_text() if type(value) is str else conditional_escape(value) for value in values]


def plain(value: Any) -> Hashable:
    """Return what tells the value from every other one that could be drawn differently. Raises: NotPlain."""
    kind = type(value)
    if kind is str or value is None:
        return value  # type: ignore[no-any-return]
    if isinstance(value, Promise):
        return str(value)
    if isinstance(value, Mapping):
        return (dict, *[(name, plain(item)) for name, item in value.items()])
    if isinstance(value, list | tuple):
        return (list, *map(plain, value))
    if dataclasses.is_dataclass(value):
        if kind.__dataclass_params__.frozen and not kind.__dataclass_params__.eq:
            return cast(Hashable, value)  # made once and never changed: it stands for itself
        return (kind, *[plain(getattr(value, field.name)) for field in dataclasses.fields(value)])
    if isinstance(value, str | int | float | Decimal | UUID | datetime.date):
        return (kind, str(value))
    raise NotPlain(f"Markup made of {kind} cannot be kept: its values may change.")
