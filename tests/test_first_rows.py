"""A test with real transactions leaves the database as the migrations did (tests/first_rows.py)."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from customers.models import MarketCountry
from portal.audit.models import AuditEvent, UnsealedEvent
from tests.billing.usage_factories import make_rule
from tests.factories import make_member
from tests.first_rows import KEPT, FirstRows
from tests.portal.audit.helpers import record

pytestmark = pytest.mark.django_db(transaction=True)


def counted() -> dict[str, int]:
    """The rows of each table that Django's own flush would empty."""
    with connection.cursor() as cursor:

        def count(table):
            cursor.execute(f"SELECT count(*) FROM {table}")
            return cursor.fetchone()[0]

        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        return {table: count(table) for table in tables if table not in KEPT}


def test_the_migrations_rows_come_back_and_all_others_go_those_that_cannot_be_deleted_too():
    first, before, countries = FirstRows.read(), counted(), set(MarketCountry.objects.values_list())
    assert countries
    record(make_member().organization.pk)
    assert AuditEvent.objects.exists()
    assert UnsealedEvent.objects.exists()
    MarketCountry.objects.filter(country="IS").update(currency="USD")
    MarketCountry.objects.filter(country="FR").delete()
    make_rule()

    first.restore()

    assert counted() == before
    assert set(MarketCountry.objects.values_list()) == countries
    assert ContentType.objects.exists()
