"""How many requests a tenant may send in a minute (reference 1.12). Counters are copies: they stand in Redis.

While Redis is away nobody is slowed down. Wrong tokens and requests for tokens are counted by address.
"""

import time
from uuid import UUID

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest

from portal.accounts.sign_in.throttle import client_address
from portal.api.errors import TooManyRequests
from portal.core.cache import SpareCache

WINDOW_SECONDS = 60


def check_tenant(tenant_id: UUID) -> None:
    """Count a request of a tenant. Raises: TooManyRequests."""
    _count(f"api:tenant:{tenant_id}", settings.API_REQUESTS_PER_MINUTE)


def check_wrong_token(request: HttpRequest) -> None:
    """Count a request without a usable token by its address. Raises: TooManyRequests."""
    _count(f"api:wrong:{client_address(request)}", settings.API_WRONG_TOKENS_PER_MINUTE)


def check_token_request(request: HttpRequest) -> None:
    """Count a request for a token by its address. Raises: TooManyRequests."""
    _count(f"api:token:{client_address(request)}", settings.API_TOKEN_REQUESTS_PER_MINUTE)


def _count(key: str, limit: int) -> None:
    cache = caches["redis"]
    assert isinstance(cache, SpareCache)  # noqa: S101 - the settings say so
    minute, seconds = divmod(int(time.time()), WINDOW_SECONDS)
    if cache.count(f"{key}:{minute}", seconds=WINDOW_SECONDS) > limit:
        raise TooManyRequests(WINDOW_SECONDS - seconds)
