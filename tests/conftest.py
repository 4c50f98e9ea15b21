"""What every test gets: a clean language, a signed-in client, and templates that must not use undefined variables."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from django.utils import translation

from portal.accounts.models import Membership


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
def client_for(db: Any) -> Callable[[Membership], Client]:
    """Return a function that signs a member in, its second factor done, and gives the client."""

    def sign_in(membership: Membership) -> Client:
        client = Client()
        client.force_login(membership.user, backend="allauth.account.auth_backends.AuthenticationBackend")
        session = client.session
        session["organization_id"] = str(membership.organization_id)
        session.save()
        return client

    return sign_in
