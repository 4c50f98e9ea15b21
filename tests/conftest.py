"""What every test gets: a clean language, a signed-in client, and templates that must not use undefined variables."""

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
import redis
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.apps import apps
from django.core.cache import caches
from django.test import Client, TransactionTestCase
from django.utils import translation

from customers.models import Market
from portal.accounts.models import Membership
from tests.browser import chromium  # noqa: F401 - a fixture
from tests.emptying import empty_the_database


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run tests with real transactions last: they leave all tables empty, those that migrations fill too."""
    items.sort(key=_empties_the_database)


def _empties_the_database(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("django_db")
    fixtures = getattr(item, "fixturenames", ())
    return bool(mark and mark.kwargs.get("transaction")) or not {"transactional_db", "live_server"}.isdisjoint(fixtures)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Fill again what such tests left empty in a database that is used once more (--reuse-db)."""
    with django_db_blocker.unblock():
        _load_markets()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _test: empty_the_database())
        yield


@pytest.fixture(autouse=True)
def fresh_start_of_a_real_transaction(request, settings):
    """Give a test with real transactions the markets that the one before it emptied, and none of its queued tasks."""
    if _empties_the_database(request.node):
        request.getfixturevalue("transactional_db")
        _load_markets()
        with redis.Redis.from_url(settings.REDIS_URL) as broker:
            broker.flushdb()


def _load_markets():
    if not Market.objects.exists():
        import_module("customers.migrations.0002_markets").load(apps, None)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def fresh_redis_cache(request):
    """No test sees another's sessions or counters."""
    yield
    if "client_for" in request.fixturenames or "client" in request.fixturenames:
        caches["redis"].clear()


@pytest.fixture
def client_for(db: Any) -> Callable[..., Client]:
    """Return a function that signs a member in, its second factor done, and gives the client.

    ``fresh`` False: the sign-in is older than five minutes, so sensitive steps ask again.
    """

    def sign_in(membership: Membership, *, fresh: bool = True) -> Client:
        user = membership.user
        if not Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
            TOTP.activate(user, generate_totp_secret())
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        session = client.session
        now = time.time()
        session["organization_id"] = str(membership.organization_id)
        session["started_at"] = session["seen_at"] = int(now)
        session["account_authentication_methods_user"] = str(user.pk)
        session["account_authentication_methods"] = [{"method": "password", "at": now if fresh else now - 600}]
        session.save()
        return client

    return sign_in
