"""Finds what is disabled on a page and does not say why (quality row 38)."""

import re

TAG = re.compile(r"<(?:button|input|select|textarea|fieldset|a)\b[^>]*>")
OTHER_VALUES = re.compile(r'="(?!true")[^"]*"')
IS_DISABLED = re.compile(r'\sdisabled(?=[\s>=])|\saria-disabled="true"|\sdata-needs=')
DESCRIBED_BY = re.compile(r'aria-describedby="([^"]+)"')


def disabled_tags(markup: str) -> list[str]:
    """The tags of controls that are disabled, or wait for chosen rows."""
    return [tag for tag in TAG.findall(markup) if IS_DISABLED.search(OTHER_VALUES.sub("=", tag))]


def unexplained(page: str) -> list[str]:
    """The disabled controls of a page whose reason stands nowhere on it."""
    return [tag for tag in disabled_tags(page) if not _reasons(tag, page)]


def _reasons(tag: str, page: str) -> list[str]:
    described = DESCRIBED_BY.search(tag)
    names = described[1].split() if described else []
    return [name for name in names if re.search(rf'\sid="{re.escape(name)}"[^>]*>\s*(?!</)\S', page)]
