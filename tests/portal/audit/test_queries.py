import datetime
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.audit import queries
from portal.audit.queries import LogFilter, log_page, log_rows
from tests.factories import NOON, make_actor, make_partner
from tests.portal.audit.helpers import record

pytestmark = pytest.mark.django_db
CUSTOMER, PERSON = uuid.UUID(int=7), uuid.UUID(int=8)

MANY_EVENTS = """
INSERT INTO audit_auditevent (
    public_id, event_type, outcome, occurred_at, actor_user_id, actor_name, actor_email, actor_organization_id,
    actor_organization_name, subject_type, subject_id, subject_name, customer_id, customer_name, details, request_id
)
SELECT gen_random_uuid(), 'type-' || n %% 10, CASE WHEN n %% 500 = 0 THEN 'failed' ELSE 'succeeded' END,
    timestamptz '2026-11-20' - n * interval '1 minute',
    CASE WHEN n %% 900 = 3 THEN %(person)s ELSE gen_random_uuid() END, md5('name ' || n), '', %(organization)s, '',
    'user', 'subject-' || n, '',
    CASE WHEN n %% 700 = 5 THEN %(customer)s ELSE gen_random_uuid() END, md5('customer ' || n), '{}',
    md5('request' || n)
FROM generate_series(1, 20000) AS n
"""
THEIR_PARTIES = """
INSERT INTO audit_auditeventparty (
    event_id, organization_id, occurred_at, event_type, outcome, customer_id, customer_key, actor_user_id, actor_key,
    details
)
SELECT id, actor_organization_id, occurred_at, event_type, outcome, customer_id, customer_name, actor_user_id,
    actor_name, '{}'
FROM audit_auditevent
"""


EMPTIED_QUEUE = """
INSERT INTO audit_unsealedevent (event_id) SELECT -n FROM generate_series(1, 20000) AS n;
DELETE FROM audit_unsealedevent WHERE event_id < 0;
ANALYZE audit_unsealedevent
"""


def found(actor, **wanted):
    return [party.event_id for party in log_page(actor, LogFilter(**wanted))]


def plan_of(work):
    """The plan of the last statement that ``work`` executes."""
    with CaptureQueriesContext(connection) as executed:
        work()
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + executed[-1]["sql"])
        return "\n".join(line for (line,) in cursor.fetchall())


def test_every_search_in_twenty_thousand_events_goes_through_its_own_index():
    actor = make_actor()
    with connection.cursor() as cursor:
        cursor.execute(EMPTIED_QUEUE)  # as a day of sealing leaves it: many pages that hold nothing
        cursor.execute("SET LOCAL statement_timeout = '30s'")  # one look for each party; all pairs take minutes
        cursor.execute(MANY_EVENTS, {"organization": actor.organization_id, "customer": CUSTOMER, "person": PERSON})
        cursor.execute(THEIR_PARTIES)
        cursor.execute("SELECT gin_clean_pending_list('audit_party_by_name')")  # as autovacuum does
        cursor.execute("ANALYZE audit_auditevent")
        cursor.execute("ANALYZE audit_auditeventparty")
    middle = datetime.date(2026, 11, 13)
    expected = {
        LogFilter(): "audit_party_by_time",
        LogFilter(first_day=middle, last_day=middle): "audit_party_by_time",
        LogFilter(action="type-4"): "audit_party_by_type",
        LogFilter(outcome="failed"): "audit_party_not_succeeded",
        LogFilter(customer=str(CUSTOMER)): "audit_party_by_customer",
        LogFilter(person=str(PERSON)): "audit_party_by_actor",
        LogFilter(customer="0a1b2c"): "audit_party_by_name",
        LogFilter(person="Ä1b2c3"): "audit_party_by_name",
        LogFilter(reference="subject-77"): "audit_event_of_subject",
        LogFilter(reference="0a1b2c"): "audit_event_of_request",
        LogFilter(reference=str(CUSTOMER)): "audit_party_by_customer",
        LogFilter(reference=str(PERSON)): "audit_party_by_actor",
        LogFilter(reference=str(uuid.uuid4())): "audit_auditevent_public_id",
    }

    for wanted, index in expected.items():
        plan = plan_of(lambda wanted=wanted: log_page(actor, wanted))
        assert index in plan, (wanted, plan)
        assert "Seq Scan" not in plan, (wanted, plan)

    page = log_page(actor, LogFilter(first_day=None, last_day=middle))
    plan = plan_of(lambda: log_page(actor, LogFilter(), cursor=page.next_cursor))
    assert "Seq Scan" not in plan
    assert "(occurred_at <= " in plan.split("audit_party_by_time")[1].split("Index Cond:")[1].splitlines()[0]
    plan = plan_of(lambda: queries.timeline(actor, "user", "subject-77"))
    assert "audit_event_of_subject" in plan
    assert "Seq Scan" not in plan


def test_source_and_target_see_an_event_and_a_stranger_does_not():
    source, target, stranger = make_actor(), make_actor(), make_actor()
    event = record(source.organization_id, target.organization_id)

    assert found(source) == found(target) == [event.pk]
    assert found(stranger) == []


@pytest.mark.parametrize("order", [1, -1])
def test_an_id_that_many_events_carry_is_paged_like_any_list(order):
    actor = make_actor()
    events = [
        record(
            actor.organization_id,
            occurred_at=NOON + order * datetime.timedelta(minutes=number),
            customer_id=CUSTOMER if number % 2 else None,
            subject_id=CUSTOMER if number % 3 else uuid.uuid4(),
        )
        for number in range(140)
    ]
    carrying = [event for event in events if str(CUSTOMER) in (event.subject_id, str(event.customer_id))]
    carrying.sort(key=lambda event: (event.occurred_at, event.pk), reverse=True)

    seen, cursor = [], ""
    while True:
        page = log_page(actor, LogFilter(reference=str(CUSTOMER)), cursor=cursor)
        seen += [party.event_id for party in page]
        cursor = page.next_cursor
        if not cursor:
            break
    back = log_page(actor, LogFilter(reference=str(CUSTOMER)), cursor=page.previous_cursor)

    assert seen == [event.pk for event in carrying]
    assert [party.event_id for party in back] == seen[50:100] if len(seen) > 100 else seen[:50]
    assert [party.event_id for party in log_rows(actor, LogFilter(reference=str(CUSTOMER)), size=7)] == seen


def test_an_id_is_found_with_capitals_and_without_hyphens():
    actor = make_actor()
    event = record(actor.organization_id)

    assert found(actor, reference=str(event.public_id).upper()) == [event.pk]
    assert found(actor, reference=event.public_id.hex) == [event.pk]
    assert found(actor, reference=event.subject_id.replace("-", "")) == [event.pk]


def test_the_timeline_of_an_object_is_newest_first_and_the_organizations_own():
    partner, subject_id = make_partner(), uuid.uuid4()
    first = record(partner.pk, subject_id=subject_id)
    second = record(partner.pk, subject_id=subject_id, occurred_at=NOON + datetime.timedelta(days=1))
    record(subject_id=subject_id)
    record(partner.pk, subject_id=subject_id, subject_type="organization")

    assert queries.timeline(make_actor(partner), "user", subject_id) == [second, first]
    assert queries.timeline(make_actor(partner), "user", subject_id, limit=1) == [second]
