"""What the database itself refuses, whoever asks (quality row 29)."""

import uuid

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from psycopg.errors import InsufficientPrivilege

from portal.audit import processing
from portal.audit.models import AuditEvent, AuditEventParty, AuditSeal
from tests.factories import NOON
from tests.portal.audit.helpers import application_role, record

pytestmark = pytest.mark.django_db
TABLES = ["audit_auditevent", "audit_auditeventparty", "audit_auditseal"]
CHANGES = {
    "audit_auditevent": "UPDATE audit_auditevent SET outcome = 'failed'",
    "audit_auditeventparty": "UPDATE audit_auditeventparty SET details = '{}'",
    "audit_auditseal": "UPDATE audit_auditseal SET hash = ''",
}


@pytest.fixture
def sealed_event():
    event = record()
    processing.seal_waiting()
    return event


def refused(cursor, statement):
    with pytest.raises(ProgrammingError, match="append-only") as caught, transaction.atomic():
        cursor.execute(statement)
    return isinstance(caught.value.__cause__, InsufficientPrivilege)


@pytest.mark.parametrize("table", TABLES)
def test_the_portals_role_can_neither_change_nor_delete_what_is_logged(sealed_event, table):
    with application_role() as cursor:
        assert refused(cursor, CHANGES[table])
        assert refused(cursor, f"DELETE FROM {table}")


@pytest.mark.parametrize("table", TABLES)
def test_the_owner_of_the_tables_cannot_either(sealed_event, table):
    with connection.cursor() as cursor:
        assert refused(cursor, CHANGES[table])
        assert refused(cursor, f"DELETE FROM {table}")


def test_the_refusal_names_the_table_and_the_way_out(sealed_event):
    with pytest.raises(ProgrammingError) as caught, transaction.atomic():
        AuditEvent.objects.filter(pk=sealed_event.pk).update(outcome="failed")

    assert "UPDATE on audit_auditevent is refused" in str(caught.value)
    assert "Write a new event" in str(caught.value)


def test_a_change_dressed_as_an_insert_is_refused_too(sealed_event):
    seal = AuditSeal.objects.get()
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        AuditSeal.objects.bulk_create([seal], update_conflicts=True, unique_fields=["position"], update_fields=["hash"])


def test_a_refusal_comes_even_where_no_row_would_have_matched():
    with connection.cursor() as cursor:
        assert refused(cursor, "DELETE FROM audit_auditevent WHERE false")


@pytest.mark.parametrize("table", TABLES)
def test_switching_replication_on_does_not_switch_the_guard_off(sealed_event, table):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser')")
        if cursor.fetchone()[0] == "off":  # then nobody but a superuser can switch it on in the first place
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                cursor.execute("SET LOCAL session_replication_role = replica")
        else:
            cursor.execute("SET LOCAL session_replication_role = replica")
        assert refused(cursor, f"DELETE FROM {table}")


@pytest.mark.parametrize("table", TABLES)
def test_the_portals_role_has_no_right_to_truncate(sealed_event, table):
    with application_role() as cursor, pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        cursor.execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("table", TABLES)
def test_even_granted_the_right_the_portals_role_cannot_truncate(sealed_event, settings, table):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with application_role() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute(f"GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO {settings.APP_DATABASE_ROLE}")
        cursor.execute(f"SET ROLE {settings.APP_DATABASE_ROLE}")
        assert refused(cursor, f"TRUNCATE {table} CASCADE")


def test_the_portals_role_can_record_and_seal():
    with application_role():
        event = record()
        assert processing.seal_waiting() == 1

    assert AuditSeal.objects.get().event_id == event.pk


def test_a_sealed_event_gets_no_further_party(sealed_event):
    with pytest.raises(IntegrityError, match="no further parties"), transaction.atomic():
        AuditEventParty.objects.create(
            event=sealed_event, organization_id=uuid.uuid4(), occurred_at=NOON, event_type=sealed_event.event_type
        )


@pytest.mark.django_db(transaction=True)
def test_the_flush_between_tests_with_real_transactions_still_works(sealed_event):
    """The owner may empty the tables: TransactionTestCase does after each test."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE audit_auditevent, audit_auditeventparty, audit_auditseal, audit_unsealedevent CASCADE")

    assert not AuditEvent.objects.exists()
