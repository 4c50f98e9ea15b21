"""``{% include %}`` and ``{% extends %}`` as Django has them, for less: for all pages, without their doing.

A component that is included is drawn once and kept (portal.core.drawing); what depends on more than plain values is
included as Django does. The blocks of a page's frame are looked up once. Built into every template (setting TEMPLATES).
"""

from typing import Any, cast
from uuid import UUID

from django import template
from django.template.base import Parser, TextNode, Token
from django.template.context import Context
from django.template.loader_tags import (
    BLOCK_CONTEXT_KEY,
    BlockContext,
    BlockNode,
    ExtendsNode,
    IncludeNode,
    do_extends,
    do_include,
)
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


class KnowingExtendsNode(ExtendsNode):
    """The extension of a template whose blocks are looked up once: Django walks through all its nodes on every page."""

    def render(self, context: Context) -> SafeString:
        parent, state = cast(Any, self.get_parent(context)), cast(Any, context.render_context)
        blocks: BlockContext = state.setdefault(BLOCK_CONTEXT_KEY, BlockContext())
        blocks.add_blocks(self.blocks)
        blocks.add_blocks(_own_blocks(parent))
        with state.push_state(parent, isolated_context=False):
            return cast(SafeString, parent._render(context))


def _own_blocks(parent: Any) -> dict[str, BlockNode]:
    """Return the blocks of a template that extends none, else nothing: its own extension adds them."""
    blocks: dict[str, BlockNode] | None = getattr(parent, "blocks_of_root", None)
    if blocks is None:
        first = next((node for node in parent.nodelist if not isinstance(node, TextNode)), None)
        is_root = first is not None and not isinstance(first, ExtendsNode)
        found = parent.nodelist.get_nodes_by_type(BlockNode) if is_root else []
        blocks = parent.blocks_of_root = {node.name: node for node in found}
    return blocks


@register.tag("extends")
def extends(parser: Parser, token: Token) -> ExtendsNode:
    """Extend a template."""
    node = do_extends(parser, token)
    return KnowingExtendsNode(node.nodelist, node.parent_name, node.template_dirs)
