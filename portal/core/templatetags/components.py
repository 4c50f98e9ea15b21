"""Template tags of the design system: icons, and the components that frame other markup (docs/components.md).

A component without content of its own is a plain include: ``{% include "components/status.html" with … only %}``.
"""

# ruff: noqa: A002  # "id" is what HTML calls it
import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from portal.core.icons import ICONS, SPRITE, UnknownIcon

register = template.Library()
INDENTATION = re.compile(r"\s*\n\s*")


@cache
def _sprite_url() -> str:
    return static(SPRITE)


@register.simple_tag
def icon(name: str, label: str = "", tone: str = "", size: str = "") -> SafeString:
    """Draw one of our icons; without ``label`` it is hidden from assistive technology.

    ``tone``: success, info, warning, error, neutral. ``size``: small, large. Raises: UnknownIcon.
    """
    if name not in ICONS:
        raise UnknownIcon(f"{name!r} is not in portal.core.icons.ICONS.")
    classes = " ".join(["icon", *(f"icon--{variant}" for variant in (tone, size) if variant)])
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}#{}"></use></svg>',
            classes,
            label,
            _sprite_url(),
            name,
        )
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>', classes, _sprite_url(), name
    )


@register.simple_tag
def page_title(first: str, second: str = "") -> SafeString:
    """The heading of a page: bold first part, light second part."""
    return render_to_string("components/page_heading.html", {"first": first, "second": second})


@register.simple_tag
def crumb(label: str, url_name: str = "", *args: object, url: str = "") -> SafeString:
    """One step of the way here; without an address it is the place itself."""
    address = url or (reverse(url_name, args=args) if url_name else "")
    return render_to_string("components/crumb.html", {"label": label, "url": address})


@register.simple_block_tag
def breadcrumb(content: str) -> SafeString:
    """The way here, made of ``{% crumb %}``; Home comes by itself."""
    return render_to_string("components/breadcrumb.html", {"content": content})


@register.simple_block_tag
def message(
    content: str, tone: str = "info", dismissible: bool = False, id: str = "", alert: bool = False
) -> SafeString:
    """A message bar with rich content. ``tone``: success, info, warning, error; ``alert`` is read out at once."""
    return render_to_string(
        "components/message_bar.html",
        {"content": content, "tone": tone, "dismissible": dismissible, "id": id, "alert": alert},
    )


@register.simple_block_tag
def command_bar(content: str, label: str = "") -> SafeString:
    """A row of commands above a list or a page."""
    return render_to_string("components/command_bar.html", {"content": content, "label": label})


@register.simple_block_tag
def collapsible(content: str, id: str, label: str, icon_name: str = "more", count: int = 0) -> SafeString:
    """Part of a command or filter bar that moves behind a button where the bar has no room."""
    return render_to_string(
        "components/collapsible.html",
        {"content": content, "id": id, "label": label, "icon_name": icon_name, "count": count},
    )


@register.simple_block_tag
def menu(content: str, id: str, label: str, icon_name: str = "", align: str = "") -> SafeString:
    """A command that opens a menu of ``menu__item`` links and buttons. ``align``: "end" for the right edge."""
    return render_to_string(
        "components/menu.html", {"content": content, "id": id, "label": label, "icon_name": icon_name, "align": align}
    )


@register.simple_block_tag
def row_menu(content: str, id: str, label: str) -> SafeString:
    """The "…" of one row; ``label`` names the row: "More for Contoso"."""
    return render_to_string("components/row_menu.html", {"content": content, "id": id, "label": label})


@register.simple_block_tag
def detail_list(content: str, caption: str, id: str = "") -> SafeString:
    """The frame of a table: caption, sticky header, cards on narrow screens."""
    return render_to_string("components/detail_list.html", {"content": content, "caption": caption, "id": id})


@register.simple_block_tag
def each_row(content: str, rows: Iterable[Mapping[str, Any]]) -> SafeString:
    """Repeat the markup for every row, with ``{name}`` standing for the row's escaped value of that name.

    All the rest (words, icons, addresses) is rendered once, which makes a long list several times cheaper than a loop.
    """
    return format_html_join("", INDENTATION.sub("\n", content), rows)


@register.simple_block_tag
def filter_bar(content: str, label: str, action: str = "", target: str = "") -> SafeString:
    """A GET form above a list. With ``target`` htmx replaces that element and pushes the address."""
    return render_to_string(
        "components/filter_bar.html", {"content": content, "label": label, "action": action, "target": target}
    )


@register.simple_block_tag
def key_value(content: str, label: str) -> SafeString:
    """One pair of a ``<dl class="key-values">`` whose value needs markup."""
    return render_to_string("components/key_value.html", {"content": content, "label": label})


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
    return render_to_string("components/overlay.html", {"kind": kind, "content": content, **values})
