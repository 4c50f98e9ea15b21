"""Redis as a cache that may be away, and that shares its server with the broker."""

import time

import pytest
import redis
from django.core.cache import caches

from portal.core import cache
from portal.core.cache import LONGEST_SECONDS, SpareCache
from tests import live


@pytest.fixture(autouse=True)
def no_pause():
    cache.away.end()
    yield
    cache.away.end()


@pytest.fixture
def spare():
    yield caches["redis"]
    caches["redis"].clear()


def cache_at(port):
    return SpareCache(live.broker_url(port), {"OPTIONS": {"socket_connect_timeout": 0.3}, "KEY_PREFIX": "wired"})


def test_what_was_kept_is_found(spare):
    spare.set("session", {"a": 1}, 30)

    assert spare.get("session") == {"a": 1}
    assert "session" in spare
    assert spare.delete("session") is True
    assert spare.get("session", "nothing") == "nothing"


@pytest.mark.parametrize("wanted", [12 * 3600, None, 10])
def test_no_copy_lives_longer_than_a_minute(spare, settings, wanted):
    spare.set("session", 1, wanted)

    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert 0 < client.ttl(spare.make_key("session")) <= min(wanted or LONGEST_SECONDS, LONGEST_SECONDS)


def test_while_redis_is_away_nothing_is_found_nothing_is_kept_and_nothing_fails():
    wire = live.wire_to_broker()
    wired = cache_at(wire.port)
    wired.set("before", 1)
    wire.cut()

    began = time.monotonic()
    wired.set("during", 2)
    assert [wired.get("before"), wired.get("before", "x"), "before" in wired, wired.delete("before")] == [
        None,
        "x",
        False,
        False,
    ]
    assert time.monotonic() - began < 1
    assert cache.away

    wire.mend()
    assert wired.get("before") is None  # not asked again yet
    cache.away.end()
    assert (wired.get("before"), wired.get("during")) == (1, None)
    wired.clear()
    wire.cut()


def test_clearing_leaves_the_broker_s_messages_and_other_caches_alone(spare, settings):
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.set("test-a-message-of-the-broker", "x", ex=60)
        spare.set("session", 1)

        spare.clear()

        assert client.get("test-a-message-of-the-broker") == b"x"
        assert spare.get("session") is None
        client.delete("test-a-message-of-the-broker")
