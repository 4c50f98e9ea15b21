"""Whoever owns the tables can disable their triggers; the checker then names what was done (X7)."""

import datetime
import io
import json
import re
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from portal.audit import chain, processing
from portal.audit.checking import check_log
from portal.audit.models import AuditEvent, AuditEventParty, AuditSeal
from portal.audit.records import RECORDS
from tests.portal.audit.helpers import record, tampering

pytestmark = pytest.mark.django_db


@pytest.fixture
def events():
    events = [
        record(
            before={"price": 1.10, "note": 'Å \u2028 " \\ \x1f'},
            after={"price": 12345678901234567890},
            details={"n": number},
        )
        for number in range(5)
    ]
    processing.seal_waiting()
    return events


def check(*, now=None, expected=None):
    return check_log(now=now or timezone.now(), expected=expected, progress=lambda position: None)


def fault(**options):
    return check(**options).fault


def named(event, position):
    return f"position {position}, event {event.public_id}"


def test_an_untouched_log_is_intact(events):
    assert fault() is None


@pytest.mark.parametrize("field", [field for field in AuditEvent._meta.fields if field.name != "id"])
def test_a_change_of_any_column_of_an_event_is_named(events, field):
    with tampering() as cursor:
        cursor.execute(f"ALTER TABLE audit_auditevent ALTER COLUMN {field.column} DROP NOT NULL")
        cursor.execute(f"UPDATE audit_auditevent SET {field.column} = {_other(field)} WHERE id = %s", [events[2].pk])

    found = fault()
    assert found.kind == "changed"
    assert found.place.startswith("position 3, event ")


@pytest.mark.parametrize(
    "field", [field for field in AuditEventParty._meta.fields if field.name not in ("id", "event")]
)
def test_a_change_of_any_column_of_a_party_is_named(events, field):
    with tampering() as cursor:
        value = _other(field)
        cursor.execute(f"UPDATE audit_auditeventparty SET {field.column} = {value} WHERE event_id = %s", [events[2].pk])

    assert (fault().kind, fault().place) == ("changed", named(events[2], 3))


def _other(field):
    """SQL of a value that the tests above do not use."""
    kinds = {
        "UUIDField": "gen_random_uuid()",
        "DateTimeField": "now()",
        "JSONField": """'{"other": true}'""",
    }
    return kinds.get(field.get_internal_type(), "'other'")


def test_a_number_changed_by_less_than_a_float_can_tell_is_named(events):
    with tampering() as cursor:
        cursor.execute(
            """UPDATE audit_auditevent SET after = '{"price": 12345678901234567891}' WHERE id = %s""", [events[1].pk]
        )

    assert float(12345678901234567891) == float(Decimal("12345678901234567890"))
    assert fault().kind == "changed"


def test_a_deleted_event_is_named(events):
    with tampering() as cursor:
        for table in ("audit_auditeventparty", "audit_auditseal"):  # what its owner can drop does not stop it
            cursor.execute("SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass", [table])
            for (name,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        cursor.execute("DELETE FROM audit_auditevent WHERE id = %s", [events[2].pk])

    assert (fault().kind, fault().place) == ("missing", "position 3")


def test_an_event_deleted_with_its_seal_is_named(events):
    with tampering() as cursor:
        for table, column in (
            ("audit_auditseal", "event_id"),
            ("audit_auditeventparty", "event_id"),
            ("audit_auditevent", "id"),
        ):
            cursor.execute(f"DELETE FROM {table} WHERE {column} = %s", [events[2].pk])

    assert (fault().kind, fault().place) == ("missing", "position 3")


def test_a_removed_party_is_named(events):
    with tampering() as cursor:
        cursor.execute("DELETE FROM audit_auditeventparty WHERE event_id = %s", [events[2].pk])

    assert (fault().kind, fault().place) == ("changed", named(events[2], 3))


def test_swapped_seals_are_named(events):
    with tampering() as cursor:
        cursor.execute("UPDATE audit_auditseal SET position = -position")
        cursor.execute(
            "UPDATE audit_auditseal SET position = CASE position WHEN -2 THEN 3 WHEN -3 THEN 2 ELSE -position END"
        )

    assert (fault().kind, fault().place) == ("reordered", named(events[2], 2))


def test_swapped_events_are_named(events):
    with tampering() as cursor:
        cursor.execute("DELETE FROM audit_auditseal WHERE position IN (2, 3) RETURNING position, previous_hash, hash")
        second, third = sorted(cursor.fetchall())
    for seal, event in ((second, events[2]), (third, events[1])):
        AuditSeal.objects.create(position=seal[0], previous_hash=seal[1], hash=seal[2], event=event)

    assert (fault().kind, fault().place) == ("changed", named(events[2], 2))


def test_an_event_put_in_past_the_queue_is_named(events):
    with tampering() as cursor:
        cursor.execute(
            """INSERT INTO audit_auditevent (public_id, event_type, outcome, occurred_at, actor_name, actor_email,
               actor_organization_name, subject_type, subject_id, subject_name, customer_name, details, request_id)
               VALUES (gen_random_uuid(), 'x', 'succeeded', now(), '', '', '', 'user', '1', '', '', '{}', '')
               RETURNING public_id"""
        )
        public_id = cursor.fetchone()[0]

    assert (fault().kind, fault().place) == ("unsealed", f"event {public_id}")
    assert "never queued" in fault().reason


def test_an_event_put_in_with_a_seal_of_its_own_is_named(events):
    new = record()
    with connection.cursor() as cursor:
        cursor.execute(RECORDS, [[new.pk]])
        forged = cursor.fetchone()[1].encode()
    seal = AuditSeal.objects.get(position=3)
    with tampering() as cursor:
        cursor.execute("UPDATE audit_auditseal SET position = -position - 1 WHERE position >= 3")
        cursor.execute("UPDATE audit_auditseal SET position = -position WHERE position < 0")
        AuditSeal.objects.create(
            position=3, event=new, previous_hash=seal.previous_hash, hash=chain.link_hash(seal.previous_hash, 3, forged)
        )

    assert (fault().kind, fault().place) == ("reordered", named(events[2], 4))


def test_an_event_that_waits_too_long_for_its_seal_is_named(events):
    waiting = record()
    assert fault() is None

    found = fault(now=timezone.now() + datetime.timedelta(minutes=11))

    assert (found.kind, found.place) == ("unsealed", f"event {waiting.public_id}")


def test_a_tail_cut_off_with_its_events_shows_against_the_head_noted_before(events):
    head = check().head
    last = events[-1].pk
    with tampering() as cursor:
        for table, column in (
            ("audit_auditseal", "event_id"),
            ("audit_auditeventparty", "event_id"),
            ("audit_auditevent", "id"),
        ):
            cursor.execute(f"DELETE FROM {table} WHERE {column} = %s", [last])

    assert fault() is None
    assert (fault(expected=head).kind, fault(expected=head).place) == ("cut", "position 5")


def test_the_record_names_every_column_so_that_none_can_change_unseen(events):
    """A column added to the models belongs into a new version of the record (decision 0008)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (record::jsonb), (record::jsonb -> 'parties' -> 0) FROM (" + RECORDS + ") AS r (id, record)",
            [[events[0].pk]],
        )
        event, party = map(_json, cursor.fetchone())

    assert set(event) - {"v", "parties"} == {field.column for field in AuditEvent._meta.fields}
    assert set(party) == {field.column for field in AuditEventParty._meta.fields} - {"event_id"}


def _json(value):
    return json.loads(value) if isinstance(value, str) else value


def run(*arguments):
    said, status = io.StringIO(), 0
    try:
        call_command(*arguments, stdout=said)
    except SystemExit as error:
        status = error.code
    return status, said.getvalue()


def test_the_command_says_the_head_of_an_intact_log(events):
    status, said = run("verify_audit_log")

    assert status == 0
    assert "5 sealed events" in said
    assert re.search(r"^head 5:[0-9a-f]{32}$", said, re.MULTILINE)


def test_the_command_fails_and_names_the_first_bad_row(events):
    with tampering() as cursor:
        cursor.execute(
            "UPDATE audit_auditevent SET outcome = 'failed' WHERE id IN (%s, %s)", [events[1].pk, events[3].pk]
        )

    status, said = run("verify_audit_log")

    assert status == 1
    assert f"changed: {named(events[1], 2)}" in said


def test_the_command_refuses_a_head_it_cannot_read():
    with pytest.raises(CommandError, match="POSITION:HASH"):
        run("verify_audit_log", "--expect-head", "17")


def test_an_export_passes_the_checker_that_knows_no_database(events):
    _, exported = run("export_audit_log")

    result = chain.check(chain.read_lines(exported.encode().splitlines(keepends=True)))

    assert result == check()
