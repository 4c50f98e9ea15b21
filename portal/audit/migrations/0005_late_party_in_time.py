"""Look at the queue once for each new party, whatever the planner takes the queue to hold.

A plan is kept for the session, and the queue is nearly empty as a rule: after a VACUUM that found it so, the planner read
all of it and looked for each row among the fresh ones, which takes a minute for an import of 20,000 rows. A row locked in
a subquery of its own leaves it no choice.
"""

from django.db import migrations

AT_ONCE = """
CREATE OR REPLACE FUNCTION audit_refuse_late_party() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    IF (SELECT count(*) FROM fresh) > (
        SELECT count(*) FROM fresh CROSS JOIN LATERAL (
            SELECT FROM audit_unsealedevent WHERE event_id = fresh.event_id FOR KEY SHARE
        ) AS waiting
    ) THEN
        RAISE EXCEPTION 'A sealed event gets no further parties: write all of them with the event.'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
"""

AS_BEFORE = """
CREATE OR REPLACE FUNCTION audit_refuse_late_party() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
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


class Migration(migrations.Migration):
    dependencies = [("audit", "0004_party_index_once")]

    operations = [migrations.RunSQL(AT_ONCE, AS_BEFORE)]
