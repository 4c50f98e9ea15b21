"""What every test gets: a clean language, a signed-in client, and templates that must not use undefined variables."""

import gc
import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from cryptography.hazmat.primitives.asymmetric import rsa
from django.apps import apps
from django.core.cache import caches
from django.db import transaction
from django.test import Client, TransactionTestCase
from django.utils import translation

from customers.models import Market
from portal.api.tokens import keys
from tests import template_database
from tests.browser import chromium  # noqa: F401 - a fixture
from tests.first_rows import FirstRows
from tests.sign_in import signed_in


def pytest_configure() -> None:
    """Look for no garbage while modules and tests are read: all of it stays to the end of the run."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Look for garbage again, but only in what the tests leave behind."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run tests with real transactions first: they wait for processes while other tests have the cores to themselves.

    xdist gives each process a run of neighbours to begin with, so nearly all of them go to one process.
    """
    items.sort(key=lambda item: not _commits(item))


def _commits(item: pytest.Item) -> bool:
    mark = item.get_closest_marker("django_db")
    fixtures = getattr(item, "fixturenames", ())
    return bool(mark and mark.kwargs.get("transaction")) or not {"transactional_db", "live_server"}.isdisjoint(fixtures)


@pytest.fixture(scope="session")
def template_folder(request, django_db_keepdb, tmp_path_factory) -> Path | None:
    """Where processes agree on the database they copy theirs from; ``None`` when there is nothing to copy."""
    processes = getattr(request.config, "workerinput", {}).get("workercount", 1)
    return None if processes == 1 or django_db_keepdb else tmp_path_factory.getbasetemp().parent / "template-database"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, template_folder, django_db_blocker):
    """Migrate once for all processes of the run."""
    if template_folder:
        with django_db_blocker.unblock():
            template_database.use_template(template_folder)


@pytest.fixture(scope="session")
def django_db_setup(request, django_db_setup, template_folder, django_db_blocker):
    """Let a test with real transactions leave the database as the migrations did."""
    with django_db_blocker.unblock():
        if template_folder:
            template_database.note_copy(template_folder, processes=request.config.workerinput["workercount"])
        if not Market.objects.exists():  # a database that is used once more (--reuse-db) may have lost them
            import_module("customers.migrations.0002_markets").load(apps, None)
        first_rows = FirstRows.read()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _test: first_rows.restore())
        yield


@pytest.fixture(autouse=True)
def fresh_start_of_a_real_transaction(request, settings):
    """Give a test with real transactions none of the queued tasks of the one before it."""
    if _commits(request.node):
        request.getfixturevalue("transactional_db")
        with redis.Redis.from_url(settings.REDIS_URL) as broker:
            broker.flushdb()


@pytest.fixture(autouse=True, scope="session")
def few_signing_keys():
    """Let the databases of a process share two keys of the API: making one takes longer than most of its tests."""
    made = itertools.cycle([rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "rsa", SimpleNamespace(generate_private_key=lambda **_wanted: next(made)))
        yield


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
    """Return a function that signs a member in, its second factor done, and gives the client."""
    return signed_in


@pytest.fixture(scope="module")
def rows_of_module(django_db_setup: None, django_db_blocker: Any) -> Iterator[Callable[[], AbstractContextManager]]:
    """A transaction around all tests of a module; each of them undoes no more than its own part.

    Use the function it gives in a ``with`` of a fixture of the module, to write what all of its tests may read.
    """
    with django_db_blocker.unblock():
        around = transaction.atomic()
        around.__enter__()
    yield django_db_blocker.unblock
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)
