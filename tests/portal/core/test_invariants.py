"""Each check finds what it is about, and nothing in a healthy database. Breaches need the triggers disabled."""

import datetime
import io
import uuid

import pytest
from django.core.management import call_command
from django.utils import timezone

from portal.audit import processing
from portal.audit.models import UnsealedEvent
from portal.core import invariants
from portal.notifications.enums import ActionKind, EmailStatus
from portal.notifications.models import ActionItem, OutgoingEmail
from portal.webhooks.models import WebhookDelivery, WebhookRegistration
from tests.factories import NOON, make_organization
from tests.portal.audit.helpers import record, tampering

pytestmark = pytest.mark.django_db


def make_mail(event_id, event_type, **fields):
    defaults = {"recipient": "a@example.com", "language": "en", "subject": "s", "text": "t", "html": "h"}
    times = {"created_at": timezone.now(), "next_attempt_at": timezone.now()}
    return OutgoingEmail.objects.create(event_id=event_id, event_type=event_type, **defaults | times | fields)


def make_item(organization, event_id, event_type):
    return ActionItem.objects.create(
        organization=organization,
        roles=["admin_agent"],
        kind=ActionKind.TRANSACTIONAL,
        event_id=event_id,
        event_type=event_type,
        workspace="x",
        title={"en": "x"},
        subject_type="user",
        subject_id="1",
        created_at=NOON,
    )


def make_delivery(organization, event, event_type):
    registration = WebhookRegistration.objects.create(
        organization=organization, url="https://hook.example/", event_types=[], created_at=NOON
    )
    now = timezone.now()
    return WebhookDelivery.objects.create(
        registration=registration, event=event, event_type=event_type, body=b"", created_at=now, next_attempt_at=now
    )


def test_a_healthy_database_breaks_nothing():
    organization = make_organization()
    event = record(organization.pk)
    make_mail(event.public_id, event.event_type)
    make_item(organization, event.public_id, event.event_type)
    make_delivery(organization, event, event.event_type)
    processing.seal_waiting()
    record()

    assert [*invariants.breaches(), *invariants.overdue()] == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("DELETE FROM audit_auditeventparty", "Event that nobody sees"),
        ("DELETE FROM audit_unsealedevent", "Event neither sealed nor waiting for its seal"),
        (
            "INSERT INTO audit_auditseal SELECT 1, '', '', event_id FROM audit_unsealedevent",
            "Event both sealed and waiting for its seal",
        ),
        ("UPDATE audit_auditeventparty SET occurred_at = now()", "Columns repeated for the filters differ"),
        ("UPDATE audit_auditeventparty SET customer_id = gen_random_uuid()", "Columns repeated for the filters differ"),
    ],
)
def test_tampering_with_an_event_is_found(change, sentence):
    event = record()
    with tampering() as cursor:
        cursor.execute(
            change.replace(
                "SELECT 1, '', '', event_id", "(position, previous_hash, hash, event_id) SELECT 1, '', '', event_id"
            )
        )

    (line,) = invariants.breaches()
    assert line.startswith(sentence)
    assert line.endswith((str(event.public_id), str(event.pk)))


def test_a_gap_between_seals_is_found():
    record()
    processing.seal_waiting()
    with tampering() as cursor:
        cursor.execute("UPDATE audit_auditseal SET position = 5")

    assert list(invariants.breaches()) == ["Gap in the positions of the seals, which end at: 5"]


def test_mail_and_item_without_their_event_are_found():
    organization = make_organization()
    mail = make_mail(uuid.uuid4(), "x")
    item = make_item(organization, uuid.uuid4(), "x")

    assert sorted(invariants.breaches()) == [
        f"Action or notification about an event that does not exist: {item.pk}",
        f"Mail about an event that does not exist: {mail.pk}",
    ]


def test_who_does_not_see_an_event_must_not_be_told_of_it():
    stranger, event = make_organization(), record()
    item = make_item(stranger, event.public_id, event.event_type)
    delivery = make_delivery(stranger, event, event.event_type)

    assert sorted(invariants.breaches()) == [
        f"Action or notification of an organization that does not see its event: {item.pk}",
        f"Delivery to an organization that does not see the event: {delivery.pk}",
    ]


def test_work_that_lies_too_long_is_found():
    event = record()
    UnsealedEvent.objects.update(queued_at=timezone.now() - datetime.timedelta(minutes=11))
    long_ago = timezone.now() - datetime.timedelta(hours=25)
    waiting = make_mail(event.public_id, event.event_type, next_attempt_at=long_ago)
    stuck = make_mail(
        event.public_id,
        event.event_type,
        recipient="b@example.com",
        status=EmailStatus.SENDING,
        next_attempt_at=None,
        started_at=long_ago,
    )

    assert list(invariants.breaches()) == []
    assert sorted(invariants.overdue()) == [
        f"Event that waits for its seal longer than ten minutes: {event.pk}",
        f"Mail whose hand-over began more than an hour ago: {stuck.pk}",
        f"Mail whose next try is overdue by an hour: {waiting.pk}",
    ]


def test_a_check_tells_at_most_twenty_lines():
    for _ in range(25):
        make_mail(uuid.uuid4(), "x")

    assert len(list(invariants.breaches())) == 20


def test_all_checks_of_an_app_are_one_query(django_assert_num_queries, settings):
    with django_assert_num_queries(len(settings.INVARIANTS)):
        list(invariants.breaches())


def run():
    said, status = io.StringIO(), 0
    try:
        call_command("verify_invariants", stdout=said)
    except SystemExit as error:
        status = error.code
    return status, said.getvalue()


def test_the_command_says_that_all_is_well_or_names_each_breach():
    assert run() == (0, "All invariants hold.\n")

    mail = make_mail(uuid.uuid4(), "x")

    assert run() == (1, f"Mail about an event that does not exist: {mail.pk}\n")
