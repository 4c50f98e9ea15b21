"""What the database itself guards: append-only tables, the queue of unsealed events, and parties written with their event.

The triggers are ENABLE ALWAYS, so that ``session_replication_role`` does not switch them off. The function bodies hold
no names of roles: the portal may run under any role that does not own the tables.
"""

from django.db import migrations

APPEND_ONLY = ("audit_auditevent", "audit_auditeventparty", "audit_auditseal")

FUNCTIONS = """
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The activity log is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege', HINT = 'Write a new event that corrects the old one.';
END $$;

CREATE FUNCTION audit_refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
        RAISE EXCEPTION 'The activity log is append-only: TRUNCATE on % is refused.', TG_TABLE_NAME
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION audit_queue_for_sealing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_unsealedevent (event_id) SELECT id FROM fresh;
    RETURN NULL;
END $$;

-- An event is sealed with its parties, so none may join later. The writer of the event owns the row in the queue and
-- passes at once; anyone else waits for the sealer that holds it, or finds it gone. The queue is nearly empty as a rule,
-- which would make the planner read all of it for each row of a large import: hence the index, always.
CREATE FUNCTION audit_refuse_late_party() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    PERFORM FROM audit_unsealedevent WHERE event_id IN (SELECT event_id FROM fresh) FOR KEY SHARE;
    IF EXISTS (
        SELECT FROM fresh WHERE NOT EXISTS (
            SELECT FROM audit_unsealedevent AS waiting WHERE waiting.event_id = fresh.event_id
        )
    ) THEN
        RAISE EXCEPTION 'A sealed event gets no further parties: write all of them with the event.'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
"""

TRIGGERS = "".join(
    f"""
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH STATEMENT
    EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT
    EXECUTE FUNCTION audit_refuse_truncate();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER audit_append_only;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER audit_no_truncate;
"""
    for table in APPEND_ONLY
)

QUEUE = """
CREATE TRIGGER audit_queue AFTER INSERT ON audit_auditevent REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT
    EXECUTE FUNCTION audit_queue_for_sealing();
ALTER TABLE audit_auditevent ENABLE ALWAYS TRIGGER audit_queue;

CREATE TRIGGER audit_parties_in_time AFTER INSERT ON audit_auditeventparty REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_late_party();
ALTER TABLE audit_auditeventparty ENABLE ALWAYS TRIGGER audit_parties_in_time;

INSERT INTO audit_unsealedevent (event_id)
    SELECT id FROM audit_auditevent WHERE id NOT IN (SELECT event_id FROM audit_auditseal);
"""

UNDO = """
DROP FUNCTION audit_refuse_change() CASCADE;
DROP FUNCTION audit_refuse_truncate() CASCADE;
DROP FUNCTION audit_queue_for_sealing() CASCADE;
DROP FUNCTION audit_refuse_late_party() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_search_and_sealing_queue")]

    operations = [migrations.RunSQL(FUNCTIONS + TRIGGERS + QUEUE, UNDO)]
