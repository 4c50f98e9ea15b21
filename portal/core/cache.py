"""Redis as a cache that may be away: a page then reads PostgreSQL instead of failing (quality row 4)."""

from typing import Any

import structlog
from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import Redis, RedisError

from portal.core.pause import Pause

logger = structlog.get_logger(__name__)
PAUSE_SECONDS = 5
LONGEST_SECONDS = 60

away = Pause(PAUSE_SECONDS)


class KeptClient(RedisCacheClient):
    """Redis through one client that is kept: Django makes one for each read, which takes longer than the reading."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._kept: dict[bool, Redis] = {}

    def get_client(self, key: Any = None, *, write: bool = False) -> Redis:
        """Return the client that reads, or the one that writes."""
        if write not in self._kept:
            self._kept[write] = super().get_client(key, write=write)
        return self._kept[write]


class SpareCache(RedisCache):
    """Copies of what PostgreSQL holds. While Redis is away reads find nothing and writes are dropped.

    A copy that could not be deleted (a session ended just while Redis was away) would come back to life with Redis.
    So no copy is believed for longer than a minute, whatever its writer asked for; then the row is read again.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = KeptClient

    def get_backend_timeout(self, timeout: Any = DEFAULT_TIMEOUT) -> int:
        wanted = super().get_backend_timeout(timeout)
        return LONGEST_SECONDS if wanted is None else min(int(wanted), LONGEST_SECONDS)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return self._ask(super().get, key, default, version, when_away=default)

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._ask(super().set, key, value, timeout, version, when_away=None)

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(self._ask(super().delete, key, version, when_away=False))

    def has_key(self, key: str, version: int | None = None) -> bool:
        return bool(self._ask(super().has_key, key, version, when_away=False))

    def count(self, key: str, *, seconds: int) -> int:
        """Add one to a counter that forgets itself after ``seconds`` and return it; 0 while Redis is away."""
        return int(self._ask(self._count, key, seconds, when_away=0))

    def _count(self, key: str, seconds: int) -> int:
        """In one round trip; every count prolongs the counter, so its key should name its time."""
        own = self.make_and_validate_key(key)
        with self._cache.get_client(own, write=True).pipeline(transaction=False) as pipeline:  # type: ignore[attr-defined]
            return int(pipeline.incr(own).expire(own, seconds).execute()[0])

    def clear(self) -> None:
        """Forget our own copies alone: the broker's queue may stand in the same Redis."""
        client = self._cache.get_client(None, write=True)  # type: ignore[attr-defined]
        for key in client.scan_iter(match=f"{self.key_prefix}:*", count=1000):
            client.delete(key)

    def _ask(self, method: Any, *args: Any, when_away: Any) -> Any:
        if away:
            return when_away
        try:
            return method(*args)
        except (RedisError, OSError) as error:
            away.start()
            logger.warning("cache_away", error=str(error), seconds=PAUSE_SECONDS)
            return when_away
