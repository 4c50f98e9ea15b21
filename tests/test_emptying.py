"""The emptying between tests with real transactions leaves nothing behind, and works at all (tests/emptying.py)."""

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from customers.models import Market
from portal.audit.models import AuditEvent, UnsealedEvent
from tests.emptying import KEPT, empty_the_database
from tests.factories import make_member
from tests.portal.audit.helpers import record

pytestmark = pytest.mark.django_db(transaction=True)


def test_rows_go_those_that_refuse_to_be_deleted_too_and_the_types_of_models_stay():
    organization = make_member().organization
    record(organization.pk)
    assert UnsealedEvent.objects.exists()
    assert ContentType.objects.exists()

    empty_the_database()

    assert not AuditEvent.objects.exists()
    assert not Market.objects.exists()
    assert filled() <= KEPT


def filled() -> set[str]:
    """The tables with rows, asked of each that Django's own flush would truncate."""
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False))
    with connection.cursor() as cursor:

        def has_rows(table):
            cursor.execute(f"SELECT EXISTS (SELECT FROM {table})")
            return cursor.fetchone()[0]

        return {table for table in tables if has_rows(table)}
