"""Addresses of the two APIs, and the ways in which clients of the original write them (reference 1.1, 1.5)."""

from functools import lru_cache

from django.urls import URLPattern, URLResolver, get_resolver

PARTNER_PREFIXES = ("/v1/", "/webhooks/v1/", "/auditactivity/v1/")
PUBLISHER_PREFIXES = ("/api/",)


def is_partner_api(path: str) -> bool:
    """Say whether the address belongs to the partner API, however it is written."""
    return _slashed(path).startswith(PARTNER_PREFIXES)


def is_publisher_api(path: str) -> bool:
    """Say whether the address belongs to the publisher API, however it is written."""
    return _slashed(path).startswith(PUBLISHER_PREFIXES)


def canonical(path: str) -> str:
    """Return an address as the URL map writes it: words of the API in its own case, no doubled or trailing slash.

    What is not a word of the URL map (an id) stays as it is.
    """
    words = _words()
    return "/" + "/".join(words.get(part.lower(), part) for part in path.split("/") if part)


def _slashed(path: str) -> str:
    return "/" + "/".join(part for part in path.lower().split("/") if part) + "/"


@lru_cache(maxsize=1)
def _words() -> dict[str, str]:
    """Return the fixed parts of all API addresses by their lower case."""
    words: dict[str, str] = {}
    for route in _routes(get_resolver(), ""):
        if is_partner_api(route) or is_publisher_api(route):
            words |= {part.lower(): part for part in route.split("/") if part and "<" not in part and "(" not in part}
    return words


def _routes(resolver: URLResolver, prefix: str) -> list[str]:
    routes = []
    for pattern in resolver.url_patterns:
        here = prefix + str(pattern.pattern)
        routes += [here] if isinstance(pattern, URLPattern) else _routes(pattern, here)
    return routes
