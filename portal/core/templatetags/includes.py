"""``{% include %}`` of a component, drawn once and kept (portal.core.drawing): for all pages, without their doing.

Built into every template (setting TEMPLATES). It changes nothing but the cost: what depends on more than plain values
is included as Django does.
"""

from typing import Any
from uuid import UUID

from django import template
from django.template.base import Parser, Token
from django.template.context import Context
from django.template.loader_tags import IncludeNode, do_include
from django.utils.functional import Promise
from django.utils.safestring import SafeString

from portal.core.drawing import NotPlain, draw

register = template.Library()

# Component -> what it only writes, or asks whether it is empty. The rest of its values takes part in the look-up.
TEXTS: dict[str, tuple[str, ...]] = {
    "components/command.html": ("label", "id", "url", "reason", "name", "value", "form", "formaction", "needs"),
    "components/copy_id.html": ("value", "label"),
    "components/empty_state.html": ("title", "text", "action_label", "action_url"),
    "components/filter_field.html": ("id", "name", "label"),
    "components/list_search.html": ("id", "label", "name", "value", "placeholder"),
    "components/page_heading.html": ("first", "second"),
    "components/page_lead.html": ("text", "learn_more_url"),
    "components/pager.html": ("previous_url", "next_url", "range", "target", "label"),
    "components/sort_header.html": ("label", "url", "target"),
    "components/status.html": ("label",),
    "components/timestamp.html": (),
}


class KeptIncludeNode(IncludeNode):
    """The include of a component that is given all it needs (``only``)."""

    def render(self, context: Context) -> SafeString:
        name: str = self.template.var
        values: dict[str, Any] = {key: value.resolve(context) for key, value in self.extra_context.items()}
        texts = {key: values.pop(key) for key in TEXTS[name] if key in values}
        if context.autoescape and all(isinstance(text, str | Promise | UUID) for text in texts.values()):
            try:
                return draw(name, values, texts=texts)
            except NotPlain:
                pass
        return super().render(context)


@register.tag("include")
def include(parser: Parser, token: Token) -> IncludeNode:
    """Include a template, and keep what it draws if it is a component of plain values."""
    node = do_include(parser, token)
    if not node.isolated_context or node.template.var not in TEXTS:
        return node
    return KeptIncludeNode(node.template, extra_context=node.extra_context, isolated_context=True)
