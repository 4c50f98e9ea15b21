import threading
import uuid

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from portal.audit import processing, tasks
from portal.audit.checking import check_log
from portal.audit.models import AuditEvent, AuditEventParty, AuditSeal, UnsealedEvent
from tests.factories import NOON
from tests.portal.audit.helpers import record


def in_another_session(work):
    """Run ``work`` in a thread, which has a database connection of its own; return what it returned or raised."""
    outcome = []

    def run():
        try:
            outcome.append(work())
        except Exception as error:
            outcome.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, outcome


def sealed_event_ids():
    return list(AuditSeal.objects.order_by("position").values_list("event_id", flat=True))


def assert_chain_is_right(events):
    assert check_log(now=NOON, expected=None, progress=lambda position: None).fault is None
    assert list(AuditSeal.objects.order_by("position").values_list("position", flat=True)) == [*range(1, events + 1)]
    assert not UnsealedEvent.objects.exists()


@pytest.mark.django_db
def test_sealing_links_every_waiting_event_in_batches():
    events = [record() for _ in range(7)]

    assert processing.seal_waiting(batch_size=3) == 7

    assert sealed_event_ids() == [event.pk for event in events]
    assert_chain_is_right(7)


@pytest.mark.django_db
def test_running_the_task_again_changes_nothing():
    record()
    tasks.seal()
    before = list(AuditSeal.objects.values())

    tasks.seal()
    tasks.seal()

    assert list(AuditSeal.objects.values()) == before


@pytest.mark.django_db
def test_a_later_run_continues_the_chain():
    record()
    processing.seal_waiting()
    record()
    processing.seal_waiting()

    first, second = AuditSeal.objects.order_by("position")
    assert second.previous_hash == first.hash
    assert_chain_is_right(2)


@pytest.mark.django_db
def test_an_event_written_past_the_log_module_is_queued_too():
    """Whatever inserts into the table, the trigger queues it: many rows by one statement."""
    AuditEvent.objects.bulk_create(
        AuditEvent(event_type="x", occurred_at=NOON, subject_type="user", subject_id=str(number)) for number in range(5)
    )

    assert processing.seal_waiting() == 5


@pytest.mark.django_db
def test_a_batch_takes_the_same_number_of_statements_whatever_its_size():
    counts = []
    for size in (2, 40):
        for _ in range(size):
            record()
        with CaptureQueriesContext(connection) as queries:
            processing.seal_waiting()
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_an_event_that_commits_late_is_sealed_later_and_leaves_no_gap():
    written, may_commit = threading.Event(), threading.Event()

    def write_slowly():
        with transaction.atomic():
            event = record()
            written.set()
            may_commit.wait(60)
        return event.pk

    thread, outcome = in_another_session(write_slowly)
    written.wait(60)
    quick = record()
    assert processing.seal_waiting() == 1  # and did not wait for the open transaction
    may_commit.set()
    thread.join()
    late_id = outcome[0]
    assert late_id < quick.pk

    assert processing.seal_waiting() == 1

    assert sealed_event_ids() == [quick.pk, late_id]
    assert_chain_is_right(2)


@pytest.mark.django_db(transaction=True)
def test_a_writer_never_waits_for_the_sealer():
    record()
    with transaction.atomic():
        assert processing._seal_batch(10) == 1  # the sealer's transaction stays open
        thread, outcome = in_another_session(lambda: record().pk)
        thread.join(60)
        assert not thread.is_alive()
    assert isinstance(outcome[0], int)
    assert processing.seal_waiting() == 1
    assert_chain_is_right(2)


@pytest.mark.django_db(transaction=True)
def test_an_event_is_never_sealed_while_somebody_adds_a_party_to_it():
    """The one who adds holds the row of the queue, so the sealer passes the event over and takes it next time."""
    event = record()
    added, may_commit = threading.Event(), threading.Event()

    def add_party():
        with transaction.atomic():
            AuditEventParty.objects.create(
                event=event, organization_id=uuid.uuid4(), occurred_at=NOON, event_type=event.event_type
            )
            added.set()
            may_commit.wait(60)

    thread, _ = in_another_session(add_party)
    added.wait(60)
    assert processing.seal_waiting() == 0
    may_commit.set()
    thread.join()

    assert processing.seal_waiting() == 1
    assert event.parties.count() == 2
    assert_chain_is_right(1)


@pytest.mark.django_db(transaction=True)
def test_who_adds_a_party_during_the_sealing_waits_and_is_refused():
    event = record()

    def add_party():
        AuditEventParty.objects.create(
            event=event, organization_id=uuid.uuid4(), occurred_at=NOON, event_type=event.event_type
        )

    with transaction.atomic():
        processing._seal_batch(10)
        thread, outcome = in_another_session(add_party)
        thread.join(0.5)
        assert thread.is_alive()
    thread.join()

    assert "no further parties" in str(outcome[0])
    assert_chain_is_right(1)


@pytest.mark.django_db(transaction=True)
def test_a_second_sealer_finds_the_lock_taken_and_goes_home():
    record()
    with transaction.atomic():
        processing._seal_batch(1)
        thread, outcome = in_another_session(processing.seal_waiting)
        thread.join(60)
        assert not thread.is_alive()

    assert outcome == [0]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_three_sealers_at_once_beside_writers_leave_one_right_chain():
    writers_done = threading.Event()

    def write():
        for _ in range(60):
            record()

    def seal():
        while not writers_done.is_set():
            processing.seal_waiting(batch_size=5)

    sealers = [in_another_session(seal) for _ in range(3)]
    writers = [in_another_session(write) for _ in range(2)]
    for thread, _ in writers:
        thread.join()
    writers_done.set()
    for thread, _ in sealers:
        thread.join()
    processing.seal_waiting()

    assert [outcome for _, outcome in (*sealers, *writers)] == [[None]] * 5
    assert_chain_is_right(120)


@pytest.mark.django_db(transaction=True)
def test_a_sealer_killed_in_the_middle_leaves_a_right_chain_and_the_next_goes_on(monkeypatch):
    for _ in range(6):
        record()
    batches = []
    write_seals = processing._write_seals

    def die_in_the_second_batch(*args):
        batches.append(args)
        head = write_seals(*args)
        if len(batches) == 2:
            raise OperationalError("killed")
        return head

    monkeypatch.setattr(processing, "_write_seals", die_in_the_second_batch)
    with pytest.raises(OperationalError):
        processing.seal_waiting(batch_size=2)
    monkeypatch.undo()
    assert AuditSeal.objects.count() == 2

    assert processing.seal_waiting(batch_size=2) == 4
    assert_chain_is_right(6)
