"""Every address the portal answers, found by walking the URL map: for tests that cover new pages by themselves."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter, UUIDConverter
from django.utils.regex_helper import normalize


@dataclass(frozen=True)
class Page:
    """One pattern of the URL map. ``template`` is a %-format, ``parameters`` the names in it, ``name`` for reading.

    ``view_name`` is the name with its namespaces, as ``reverse`` takes it; ``callback`` the view itself.
    """

    template: str
    parameters: tuple[str, ...]
    converters: tuple[tuple[str, Any], ...]
    name: str
    view_name: str
    callback: Any

    def path(self, **values: str) -> str:
        """Return an address, with a value that fits for every parameter not given."""
        fitting = {name: self._fitting(name) for name in self.parameters}
        return "/" + self.template % {**fitting, **values}

    def _fitting(self, name: str) -> str:
        converter = dict(self.converters).get(name)
        if isinstance(converter, UUIDConverter):
            return str(uuid.uuid4())
        return "1" if isinstance(converter, IntConverter) else "x"


def pages() -> list[Page]:
    """Return every pattern of the portal, in the order of the URL map."""
    return list(_walk(get_resolver(), "", (), {}, ""))


def _walk(
    resolver: URLResolver, prefix: str, parameters: tuple[str, ...], converters: dict[str, Any], namespace: str
) -> Iterator[Page]:
    for pattern in resolver.url_patterns:
        own = {**converters, **pattern.pattern.converters}
        for template, names in normalize(pattern.pattern.regex.pattern):
            here, found = prefix + template, (*parameters, *names)
            if isinstance(pattern, URLPattern):
                full = f"{namespace}{pattern.name}"
                yield Page(here, found, tuple(own.items()), pattern.name or here, full, pattern.callback)
            else:
                inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
                yield from _walk(pattern, here, found, own, inner)
            break  # the first way to write it is enough
