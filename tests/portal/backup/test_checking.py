"""What is said of a portal that is not as its backup tells."""

import pytest
from django.db import connection

from portal.audit import processing
from portal.backup import checking, facts
from tests.factories import make_organization
from tests.portal.audit.helpers import application_role, record, tampering
from tests.portal.backup.helpers import manifest

pytestmark = pytest.mark.django_db


def faults(portal_role="", **fields):
    return list(checking.faults(manifest(**fields), portal_role=portal_role))


def test_missing_rows_tables_and_triggers_are_named():
    rows, triggers = facts.rows(), facts.triggers()
    assert checking.differences(manifest(rows=rows, triggers=triggers)) == []

    make_organization()
    rows["a_table"] = 2
    assert checking.differences(manifest(rows=rows, triggers=[*triggers, "a_table a_trigger O"])) == [
        "a_table has 0 rows, and had 2",
        f"accounts_organization has {rows['accounts_organization'] + 1} rows, and had {rows['accounts_organization']}",
        "the trigger a_table a_trigger O is missing",
    ]


def test_a_log_that_was_cut_off_or_changed_is_no_intact_one():
    record()
    processing.seal_waiting()
    assert faults() == []

    assert "the log ends before position 2" in faults(log_head="2:" + "0" * 32)[0]
    with tampering() as cursor:
        cursor.execute("UPDATE audit_auditevent SET event_type = 'something-else'")
    assert "The activity log is not intact: changed" in faults()[0]


def test_events_that_no_worker_had_sealed_are_not_missing():
    record()
    with tampering() as cursor:
        cursor.execute("UPDATE audit_unsealedevent SET queued_at = now() - interval '3 days'")

    assert faults() == []


def test_a_breach_of_an_invariant_is_told():
    event = record()
    with tampering() as cursor:
        cursor.execute("DELETE FROM audit_auditeventparty WHERE event_id = %s", [event.pk])

    assert any(str(event.public_id) in line for line in faults())


def test_a_role_that_may_not_write_is_told(settings):
    role = settings.APP_DATABASE_ROLE
    with application_role():
        pass
    assert faults(portal_role=role) == []

    with connection.cursor() as cursor:
        cursor.execute(f"REVOKE INSERT ON audit_auditevent FROM {role}")
    assert faults(portal_role=role) == [f"The role {role} may not write: see docs/operation.md for its rights."]


def test_a_key_that_is_unknown_here_is_counted(settings):
    saved = manifest()
    assert checking.missing_keys(saved) == 0

    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-" + "y" * 60
    assert checking.missing_keys(saved) == 0
    settings.SECRET_KEY_FALLBACKS = []
    assert checking.missing_keys(saved) == 1
