"""A backup of real rows, restored by PostgreSQL's own programs into a second database (quality row 11)."""

import io

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from portal.accounts.models import Organization
from portal.audit import processing
from portal.audit.checking import check_log
from portal.audit.models import AuditEvent
from portal.backup import facts, restoring
from portal.backup.archive import add_manifest, adding_database, created
from portal.core import invariants, sealing
from portal.webhooks.models import WebhookRegistration
from support.enums import SupportEvent
from tests.factories import NOON, make_member, make_organization
from tests.portal.audit.helpers import application_role, record
from tests.portal.backup.helpers import manifest
from tests.support.factories import make_attachment, make_case

pytestmark = pytest.mark.django_db(transaction=True)


def say(*arguments):
    said = io.StringIO()
    call_command(*arguments, stdout=said)
    return said.getvalue()


def make_world():
    """Write a little of everything: people, a sealed log and an event that waits, a file, a secret, a session."""
    organization = make_member().organization
    case = make_case()
    make_attachment(case)
    record(event_type=SupportEvent.OPENED, subject_type="support-case", subject_id=case.pk)
    WebhookRegistration.objects.create(
        organization=organization,
        url="https://hook.example/",
        event_types=[],
        created_at=NOON,
        sealed_secret=sealing.seal(b"a secret"),
    )
    record(organization.pk)
    processing.seal_waiting()
    record(organization.pk)
    Session.objects.create(session_key="k" * 32, session_data="x", expire_date=NOON)


def test_a_restored_portal_is_what_was_saved_and_goes_on(fresh_database, tmp_path):
    make_world()
    rows, triggers = facts.rows(), facts.triggers()
    file = tmp_path / "portal.zip"

    assert "SECRET_KEY and SECRET_KEY_FALLBACKS are not in it" in say("backup", str(file))
    fresh_database()
    said = say("restore", str(file))

    assert "Checked: every table has its rows" in said
    assert "WARNING" not in said
    assert facts.triggers() == triggers
    assert {table: count for table, count in facts.rows().items() if not table.startswith("audit_")} == {
        table: count for table, count in rows.items() if not table.startswith("audit_")
    }
    assert rows["support_caseattachment"] == 1
    assert not Session.objects.exists()
    assert sealing.unseal(WebhookRegistration.objects.get().sealed_secret) == b"a secret"
    assert list(invariants.breaches()) == []
    _goes_on()
    _is_replaced_only_when_told(file, rows)


def _goes_on():
    """Write with the rights of the portal at work, ids included; the log takes events, and no change."""
    with application_role():
        make_world()
        with pytest.raises(DatabaseError):
            AuditEvent.objects.all().delete()
    processing.seal_waiting()
    assert check_log(now=timezone.now(), expected=None, progress=lambda position: None).fault is None


def _is_replaced_only_when_told(file, rows):
    with pytest.raises(CommandError, match="is not empty: nothing was restored"):
        say("restore", str(file))
    assert Organization.objects.count() > rows["accounts_organization"]

    assert "Checked" in say("restore", str(file), "--replace")
    assert Organization.objects.count() == rows["accounts_organization"]


def write(path, database=b"SELECT 1;\n", **facts_of_it):
    with created(path) as file:
        add_manifest(file, manifest(**facts_of_it))
        with adding_database(file) as member:
            member.write(database)
    return str(path)


def test_where_a_statement_fails_nothing_is_restored(fresh_database, tmp_path):
    fresh_database()

    with pytest.raises(CommandError, match=r"psql failed: .*division by zero"):
        say(
            "restore",
            write(tmp_path / "portal.zip", b"CREATE TABLE things ();\nSELECT 1/0;\n" + b"-- more\n" * 100_000),
        )
    assert facts.tables() == []


def test_a_database_with_tables_of_something_else_is_never_replaced(fresh_database, tmp_path):
    fresh_database()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE things ()")

    with pytest.raises(CommandError, match="holds tables that are not the portal's"):
        say("restore", write(tmp_path / "portal.zip"), "--replace")
    with pytest.raises(CommandError, match="holds no portal"):
        say("backup", str(tmp_path / "other.zip"))
    assert facts.tables() == ["things"]


def test_a_database_that_somebody_uses_is_not_replaced(fresh_database, tmp_path, monkeypatch):
    monkeypatch.setattr(restoring, "PATIENCE_SECONDS", 0)
    fresh_database()
    given = connection.get_connection_params()
    address = {name: given[name] for name in ("host", "port", "user", "password", "dbname") if name in given}
    with (
        psycopg.connect(**address),
        pytest.raises(CommandError, match=r"in use .1 connections.: stop web, worker and beat first"),
    ):
        say("restore", write(tmp_path / "portal.zip"))


def test_data_is_not_replaced_unless_told(tmp_path):
    make_organization()

    with pytest.raises(CommandError, match=r"is not empty: nothing was restored.* --replace"):
        say("restore", write(tmp_path / "portal.zip"))
    assert Organization.objects.exists()
