"""Template tags of the design system: icons, and the components that frame other markup (docs/components.md).

A component without content of its own is a plain include: ``{% include "components/status.html" with … only %}``.
"""

# ruff: noqa: A002  # "id" is what HTML calls it
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from portal.core.drawing import all_escaped, draw, draw_each
from portal.core.icons import ICONS, SPRITE, UnknownIcon

register = template.Library()
INDENTATION = re.compile(r"\s*\n\s*")
ROW_VALUE = re.compile(r"\{(\w+)\}")


@register.simple_tag
def icon(name: str, label: str = "", tone: str = "", size: str = "") -> SafeString:
    """Draw one of our icons; without ``label`` it is hidden from assistive technology.

    ``tone``: success, info, warning, error, neutral. ``size``: small, large. Raises: UnknownIcon.
    """
    before, after = _icon(name, tone, size, bool(label))
    return format_html("{}{}{}", before, label, after) if label else before


@lru_cache(maxsize=1_000)
def _icon(name: str, tone: str, size: str, has_label: bool) -> tuple[SafeString, SafeString]:
    """Return an icon as markup, in two parts: its label stands between them."""
    if name not in ICONS:
        raise UnknownIcon(f"{name!r} is not in portal.core.icons.ICONS.")
    classes = " ".join(["icon", *(f"icon--{variant}" for variant in (tone, size) if variant)])
    use = format_html('<use href="{}#{}"></use></svg>', static(SPRITE), name)
    if has_label:
        return format_html('<svg class="{}" role="img" aria-label="', classes), format_html('">{}', use)
    return format_html('<svg class="{}" aria-hidden="true">{}', classes, use), mark_safe("")


@register.simple_tag
def kept(
    template_name: str, csrf_token: str = "", content: str = "", texts: Mapping[str, str] | None = None, **values: Any
) -> SafeString:
    """Include a template that depends on the plain values given alone, and keep what it draws.

    ``csrf_token`` (for forms), ``content`` and ``texts``, by name, are put in each time (``portal.core.drawing``).
    """
    return draw(template_name, values, texts={"csrf_token": csrf_token, "content": content, **(texts or {})})


@register.simple_tag
def kept_rows(template_name: str, rows: Iterable[Mapping[str, Any]], **values: Any) -> SafeString:
    """Draw a row as ``kept`` does, and repeat it as ``each_row`` does: for the longest lists."""
    return _repeat(draw(template_name, values), rows)


@register.simple_tag
def kept_each(template_name: str, rows: Sequence[Mapping[str, Any]], **values: Any) -> SafeString:
    """Draw a row as ``kept`` does, for each of the rows with their texts: for long lists with optional parts.

    All rows have the same texts by name; the template writes them or asks whether they are empty.
    """
    return draw_each(template_name, rows, values)


@register.simple_tag
def page_title(first: str, second: str = "") -> SafeString:
    """The heading of a page: bold first part, light second part."""
    return draw("components/page_heading.html", {}, texts={"first": first, "second": second})


@register.simple_tag
def crumb(label: str, url_name: str = "", *args: object, url: str = "") -> SafeString:
    """One step of the way here; without an address it is the place itself."""
    address = url or (reverse(url_name, args=args) if url_name else "")
    return draw("components/crumb.html", {}, texts={"label": label, "url": address})


@register.simple_block_tag
def breadcrumb(content: str) -> SafeString:
    """The way here, made of ``{% crumb %}``; Home comes by itself."""
    return draw("components/breadcrumb.html", {}, texts={"content": content})


@register.simple_block_tag
def message(
    content: str, tone: str = "info", dismissible: bool = False, id: str = "", alert: bool = False
) -> SafeString:
    """A message bar with rich content. ``tone``: success, info, warning, error; ``alert`` is read out at once."""
    values = {"tone": tone, "dismissible": dismissible, "alert": alert}
    return draw("components/message_bar.html", values, texts={"content": content, "id": id})


@register.simple_block_tag
def command_bar(content: str, label: str = "") -> SafeString:
    """A row of commands above a list or a page."""
    return draw("components/command_bar.html", {}, texts={"content": content, "label": label})


@register.simple_block_tag
def collapsible(content: str, id: str, label: str, icon_name: str = "more", count: int = 0) -> SafeString:
    """Part of a command or filter bar that moves behind a button where the bar has no room."""
    values = {"icon_name": icon_name, "count": count}
    return draw("components/collapsible.html", values, texts={"content": content, "id": id, "label": label})


@register.simple_block_tag
def menu(content: str, id: str, label: str, icon_name: str = "", align: str = "") -> SafeString:
    """A command that opens a menu of ``menu__item`` links and buttons. ``align``: "end" for the right edge."""
    values = {"icon_name": icon_name, "align": align}
    return draw("components/menu.html", values, texts={"content": content, "id": id, "label": label})


@register.simple_block_tag
def row_menu(content: str, id: str, label: str) -> SafeString:
    """The "…" of one row; ``label`` names the row: "More for Contoso"."""
    return draw("components/row_menu.html", {}, texts={"content": content, "id": id, "label": label})


@register.simple_block_tag
def detail_list(content: str, caption: str, id: str = "", short: bool = False) -> SafeString:
    """The frame of a table: caption, sticky header, cards on narrow screens; ``short``: two or three short columns."""
    texts = {"content": content, "caption": caption, "id": id}
    return draw("components/detail_list.html", {"short": short}, texts=texts)


@register.simple_block_tag
def each_row(content: str, rows: Iterable[Mapping[str, Any]]) -> SafeString:
    """Repeat the markup for every row, with ``{name}`` standing for the row's escaped value of that name.

    All the rest (words, icons, addresses) is rendered once, which makes a long list several times cheaper than a loop.
    """
    return _repeat(content, rows)


def _repeat(markup: str, rows: Iterable[Mapping[str, Any]]) -> SafeString:
    row_format, names = _row_format(markup)
    values = [[row[name] for name in names] for row in rows]
    drawn = all_escaped([value for row in values for value in row])
    return mark_safe(row_format * len(values) % tuple(drawn))  # noqa: S308 - escaped


@lru_cache(maxsize=200)
def _row_format(markup: str) -> tuple[str, tuple[str, ...]]:
    """Return the markup with "%s" where values go, and the names of these values."""
    row = INDENTATION.sub("\n", markup)
    return ROW_VALUE.sub("%s", row.replace("%", "%%")), tuple(ROW_VALUE.findall(row))


@register.simple_block_tag
def filter_bar(content: str, label: str, action: str = "", target: str = "") -> SafeString:
    """A GET form above a list. With ``target`` htmx replaces that element and pushes the address."""
    texts = {"content": content, "label": label, "action": action, "target": target}
    return draw("components/filter_bar.html", {}, texts=texts)


@register.simple_block_tag
def key_value(content: str, label: str) -> SafeString:
    """One pair of a ``<dl class="key-values">`` whose value needs markup."""
    return draw("components/key_value.html", {}, texts={"content": content, "label": label})


@register.simple_block_tag
def panel(
    content: str, title: str, id: str = "panel", lead: str = "", wide: bool = False, opened: bool = True
) -> SafeString:
    """A side panel. Sent into ``#overlay`` it opens by itself; standing in a page it needs ``opened=False``."""
    return _overlay("panel", content, title=title, id=id, lead=lead, wide=wide, opened=opened)


@register.simple_block_tag
def dialog(content: str, title: str, id: str = "dialog", lead: str = "", opened: bool = True) -> SafeString:
    """A small dialog, as ``panel``: for questions that name their consequences."""
    return _overlay("dialog", content, title=title, id=id, lead=lead, wide=False, opened=opened)


def _overlay(kind: str, content: str, **values: object) -> SafeString:
    texts = {"content": content, **{name: values.pop(name) for name in ("title", "id", "lead")}}
    return draw("components/overlay.html", {"kind": kind, **values}, texts=texts)
