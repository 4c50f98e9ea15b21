"""Events for the tests of the activity log."""

import uuid
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

from portal.accounts.enums import AccountEvent
from portal.audit import log
from tests.factories import NOON


def record(*organization_ids, **fields):
    """Record one event of a fresh subject, seen by a fresh organisation unless told."""
    defaults = {
        "event_type": AccountEvent.USER_ROLES_CHANGED,
        "organization_ids": organization_ids or [uuid.uuid4()],
        "subject_type": "user",
        "subject_id": uuid.uuid4(),
        "actor": None,
        "occurred_at": NOON,
    }
    return log.record(**defaults | fields)


@contextmanager
def application_role():
    """Step down to the rights the portal has at work, as the launcher grants them."""
    role = settings.APP_DATABASE_ROLE
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE ROLE {role}")
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")
        cursor.execute(f"SET ROLE {role}")
        try:
            yield cursor
        finally:
            cursor.execute("RESET ROLE")


@contextmanager
def tampering():
    """Do what only the owner of the tables can: change the log with its triggers disabled."""
    tables = ("audit_auditevent", "audit_auditeventparty", "audit_auditseal")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield cursor
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
