"""What tests of webhooks share: addresses on this machine may be called, and nothing contradicts itself in the end."""

import pytest

from portal.webhooks import invariants
from tests.portal.webhooks.factories import register
from tests.servers import http_server


@pytest.fixture(autouse=True)
def own_machine(settings):
    settings.OUTGOING_LOOPBACK = True


@pytest.fixture(autouse=True)
def nothing_contradicts(db):
    yield
    assert list(invariants.breaches()) == []


@pytest.fixture
def receiver():
    with http_server() as server:
        yield server


@pytest.fixture
def registered(receiver):
    return register(receiver.url)
