"""Many transfers from a file: its check says what a single request is told, its run does what the check said (X2)."""

import datetime
import uuid

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from customers.models import ResellerRelationship
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership
from portal.audit.models import AuditEvent
from portal.core.csv_files import UnreadableFile
from portal.core.errors import PermissionDenied
from portal.notifications.models import OutgoingEmail
from tests.customers.factories import make_customer, make_relationship
from tests.factories import NOON, make_actor, make_partner
from tests.transfers.bulk import (
    carried_out,
    checked,
    codes,
    confirm,
    more_customers,
    requests,
    row_of,
    rows_of,
    text_of,
    upload,
    work_off,
)
from tests.transfers.factories import make_world
from transfers import invariants, rules
from transfers.enums import BulkResult, BulkStatus, Level, ProductType, TransferEvent, TransferStatus
from transfers.models import BulkRow, BulkRun, Transfer
from transfers.processing import bulk as processing
from transfers.reasons import TransferRefused
from transfers.workflow import bulk as workflow

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_contradicts")]


@pytest.fixture
def world(db):
    return make_world()


@pytest.fixture
def actor(world):
    return world.target_agent()


def test_a_file_is_checked_confirmed_and_carried_out_row_by_row(world, actor):
    others = more_customers(world.source, world.target, 2)
    run = upload(actor, requests(*(row_of(world, customer) for customer in (world.customer, *others))))
    assert (run.status, run.row_count, Transfer.objects.count()) == (BulkStatus.CHECKING, 3, 0)
    run = work_off(run)
    assert (run.status, run.sendable_count, Transfer.objects.count()) == (BulkStatus.CHECKED, 3, 0)
    confirm(actor, run, leave_out=False)
    run = work_off(run)
    assert (run.status, run.done_count, run.finished_at) == (BulkStatus.DONE, 3, NOON)
    sent = {transfer.customer_id: transfer for transfer in Transfer.objects.all()}
    assert set(sent) == {world.customer.pk, *(customer.pk for customer in others)}
    assert {(one.status, one.created_by_id, one.source_partner) for one in sent.values()} == {
        (TransferStatus.PENDING, actor.user_id, world.source.partner)
    }
    for row in rows_of(run):
        assert (row.result, row.transfer) == (BulkResult.DONE, sent[row.customer_id])
    events = AuditEvent.objects.filter(subject_id=str(run.pk)).order_by("pk")
    assert [event.event_type for event in events] == [
        TransferEvent.BULK_UPLOADED,
        TransferEvent.BULK_RUN,
        TransferEvent.BULK_RUN,
    ]
    assert events.last().details == {"rows": 3, "carried out": 3, "failed": 0, "left out": 0}


def test_each_transfer_of_a_file_has_its_own_mails_and_its_own_place_in_the_log(world, actor):
    other = more_customers(world.source, world.target, 1)[0]
    world.source_agent()
    carried_out(actor, requests(row_of(world), row_of(world, other, email="other@customer.example")))
    mails = OutgoingEmail.objects.filter(event_type=TransferEvent.CREATED)
    assert mails.filter(recipient__in=["contact@customer.example", "other@customer.example"]).count() == 2
    assert mails.count() == 4  # the current partner's admin agent hears of each as well
    assert AuditEvent.objects.filter(event_type=TransferEvent.CREATED).count() == 2


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("Customer tenant ID", lambda one: str(one.pk).upper()),
        ("Primary domain name", lambda one: one.organization.domain.upper()),
        ("Name", None),
        ("Kunde", None),
        ("Client", lambda one: one.organization.name),
        ("Customer", lambda one: f"  {one.organization.name.upper()} "),
    ],
)
def test_the_customer_is_named_by_id_domain_or_name(world, actor, header, cell):
    if cell is None:
        with pytest.raises(UnreadableFile, match="none of the columns that tell the customer"):
            upload(actor, text_of((header, "Current partner"), ("x", world.source.pk)))
        return
    number = world.source.partner.locations.get().partner_id_number
    run = checked(actor, text_of((header, "MPN ID", "Email"), (cell(world.customer), number, "a@b.example")))
    row = rows_of(run)[0]
    assert row.level == Level.AMBER, row.findings  # no list of agreed items
    assert row.plan["customer_id"] == str(world.customer.pk)
    assert row.plan["source_tenant_id"] == str(world.source.pk)


def test_what_a_row_leaves_empty_is_what_the_form_of_one_request_starts_with(world, actor):
    world.customer.organization.contact_email, world.customer.organization.language = "boss@shop.example", "sv"
    world.customer.organization.save()
    world.azure_plan(at=world.at_target)
    run = carried_out(
        actor,
        text_of(
            ("Microsoft ID", "Source partner", "Kinds of items", "Subscription IDs", "Note"),
            (world.customer.pk, world.source.pk, "Azure-Reservierungen", "", ""),
            (world.customer.pk, world.source.pk, "Azure reservations; license_based", "one;two\ntwo", "We merged."),
        ),
    )
    wrong, right = rows_of(run)
    assert codes(wrong)[0] == "bulk-kind-unknown"
    transfer = right.transfer
    assert (transfer.customer_email, transfer.customer_language) == ("boss@shop.example", "sv")
    assert transfer.product_types == [ProductType.AZURE_RESERVATION, ProductType.LICENSE_BASED]
    assert (transfer.wishes, transfer.note) == (["one", "two"], "We merged.")


def test_a_provider_names_the_reseller_of_the_customer_by_itself(db):
    world = make_world(target=OrganizationKind.INDIRECT_PROVIDER)
    world.at_target.counterpart = world.reseller.partner
    world.at_target.save()
    run = carried_out(world.target_agent(), requests(row_of(world)))
    assert rows_of(run)[0].transfer.reseller == world.reseller.partner


def test_every_wrong_row_says_what_is_wrong_and_holds_back_no_other(world, actor):
    twin = make_customer(country="FR", name=world.customer.organization.name)
    make_relationship(world.target, twin)
    name = world.customer.organization.name
    stranger, unknown = make_customer(), uuid.UUID(int=5)
    header = ("Microsoft ID", "Domain", "Customer", "Source partner", "E-mail", "Language", "Note", "Items")
    other_domain = twin.organization.domain
    key, source, mail = world.customer.pk, world.source.pk, "a@b.example"
    rows = [
        (("", "", "", source, mail, "", "", ""), "bulk-customer-missing"),
        ((stranger.pk, "", "", source, mail, "", "", ""), "bulk-customer-unknown"),
        (("", "", name, source, mail, "", "", ""), "bulk-customer-ambiguous"),
        ((key, other_domain, "", source, mail, "", "", ""), "bulk-customer-differs"),
        ((key, "", "", "77777", mail, "", "", ""), "bulk-source-unknown"),
        ((key, "", "", unknown, mail, "", "", ""), "source-partner-unknown"),
        ((key, "", "", "", mail, "", "", ""), "source-partner-missing"),
        ((key, "", "", world.target.pk, mail, "", "", ""), "source-is-target"),
        ((key, "", "", source, "nobody", "", "", ""), "bulk-email-wrong"),
        ((key, "", "", source, mail, "tlh", "", ""), "bulk-language-unknown"),
        ((key, "", "", source, mail, "", "x" * 2001, ""), "bulk-note-too-long"),
        ((key, "", "", source, mail, "", "", "x" * 201), "bulk-items-too-long"),
        ((key, "", "", source, mail, "fr", "", "Office"), None),
        ((key, "", "", source, mail, "", "", ""), "bulk-row-repeated"),
        ((twin.pk, "", "", source, mail, "", "", ""), "customer-agreement-not-signed"),
    ]
    run = checked(actor, text_of(header, *(cells for cells, _code in rows)))
    for row, (_cells, code) in zip(rows_of(run), rows, strict=True):
        red = [finding for finding in codes(row) if code]
        assert (red[:1] == [code]) if code else row.level != Level.RED, (row.number, row.findings)
    assert (run.red_count, run.sendable_count) == (14, 1)
    with pytest.raises(workflow.RedRowsNotLeftOut):
        confirm(actor, run, leave_out=False)
    run = work_off(confirm(actor, run))
    assert (run.done_count, run.left_out_count, Transfer.objects.count()) == (1, 14, 1)


def test_the_check_says_the_very_same_as_the_checklist_of_one_request(world, actor):
    world.send()
    run = checked(actor, requests(row_of(world)))
    wanted = rules.Wanted(world.customer, world.target.partner, world.source.pk)
    single = [one.code for check in rules.prerequisites(wanted, on=NOON.date()) for one in check.findings]
    assert codes(rows_of(run)[0]) == single
    assert "another-request-open" in single


def test_what_changed_since_the_check_fails_its_row_and_no_other(world, actor):
    other, third = more_customers(world.source, world.target, 2)
    run = checked(actor, requests(row_of(world), row_of(world, other), row_of(world, third)))
    confirm(actor, run, leave_out=False)
    ResellerRelationship.objects.filter(partner=world.source.partner, customer=other).delete()
    ResellerRelationship.objects.filter(partner=world.target.partner, customer=third).update(
        partner=make_partner().partner
    )
    run = work_off(run)
    assert [row.result for row in rows_of(run)] == [BulkResult.DONE, BulkResult.FAILED, BulkResult.FAILED]
    assert [codes(row)[0] for row in rows_of(run)[1:]] == ["source-without-customer", "no-relationship-with-customer"]
    assert (run.status, run.done_count, run.failed_count) == (BulkStatus.DONE, 1, 2)


def test_what_failed_or_was_left_out_is_checked_and_tried_again_and_what_is_done_is_not(world, actor):
    other = more_customers(world.source, world.target, 1)[0]
    raw = requests(row_of(world), row_of(world, other))
    ResellerRelationship.objects.filter(partner=world.source.partner, customer=other).update(
        status="removed", removed_at=NOON
    )
    run = carried_out(actor, raw)
    assert (run.done_count, run.left_out_count) == (1, 1)
    make_relationship(world.source, other)
    run = work_off(workflow.check_again(run_id=run.pk, actor=actor, now=NOON))
    assert (run.status, run.sendable_count, run.done_count) == (BulkStatus.CHECKED, 1, 1)
    run = work_off(confirm(actor, run))
    assert (run.status, run.done_count, Transfer.objects.count()) == (BulkStatus.DONE, 2, 2)
    with pytest.raises(workflow.BulkNotWaiting):
        workflow.check_again(run_id=run.pk, actor=actor, now=NOON)


def test_a_second_run_of_the_task_changes_nothing(world, actor):
    run = carried_out(actor, requests(row_of(world)))
    before = list(BulkRun.objects.values()), list(BulkRow.objects.values()), AuditEvent.objects.count()
    for _time in range(2):
        work_off(run)
    assert (list(BulkRun.objects.values()), list(BulkRow.objects.values()), AuditEvent.objects.count()) == before


def test_a_file_left_by_a_killed_process_is_taken_up_where_it_was(world, actor, django_capture_on_commit_callbacks):
    others = more_customers(world.source, world.target, 2)
    run = checked(actor, requests(*(row_of(world, customer) for customer in (world.customer, *others))))
    confirm(actor, run)
    assert processing.process_batch(run_id=run.pk, now=NOON)  # and then the process is gone
    transaction.get_connection().run_on_commit.clear()  # the message is lost with its broker
    for wait, tasks in ((0, []), (31, [("transfers.process_bulk", (str(run.pk),))])):
        with django_capture_on_commit_callbacks() as queued:
            processing.resume_lost(now=NOON + datetime.timedelta(seconds=wait))
        assert [(job.task_name, job.args) for job in queued] == tasks
    run = work_off(run)
    assert (run.done_count, Transfer.objects.count()) == (3, 3)


def test_stopping_leaves_what_is_not_done_and_keeps_what_is(world, actor):
    other = more_customers(world.source, world.target, 1)[0]
    run = checked(actor, requests(row_of(world), row_of(world, other)))
    confirm(actor, run)
    processing.process_batch(run_id=run.pk, now=NOON)
    workflow.stop(run_id=run.pk, actor=actor, now=NOON)
    run = work_off(run)
    assert (run.status, run.done_count, run.sendable_count, Transfer.objects.count()) == (BulkStatus.STOPPED, 1, 1, 1)
    with pytest.raises(workflow.BulkNotWaiting):
        workflow.stop(run_id=run.pk, actor=actor, now=NOON)
    run = work_off(workflow.check_again(run_id=run.pk, actor=actor, now=NOON))
    run = work_off(confirm(actor, run))
    assert (run.status, Transfer.objects.count()) == (BulkStatus.DONE, 2)


def test_a_run_ends_when_its_person_may_no_more(world, actor):
    run = checked(actor, requests(row_of(world)))
    confirm(actor, run)
    Membership.objects.filter(user_id=actor.user_id).update(roles=[Role.SALES_AGENT])
    run = work_off(run)
    assert (run.status, Transfer.objects.count()) == (BulkStatus.STOPPED, 0)


def test_a_corrected_file_takes_the_place_of_the_one_that_never_ran(world, actor):
    first = checked(actor, requests(row_of(world, email="wrong")))
    second = checked(actor, requests(row_of(world)), replaces=first.pk)
    first.refresh_from_db()
    assert (first.status, second.status) == (BulkStatus.STOPPED, BulkStatus.CHECKED)
    confirm(actor, second)
    checked(actor, requests(row_of(world)), replaces=second.pk)
    second.refresh_from_db()
    assert second.status == BulkStatus.RUNNING


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMIN_AGENT])
def test_only_admin_agents_send_many(world, role):
    with pytest.raises(PermissionDenied):
        upload(make_actor(world.target, role), requests(row_of(world)))


def test_an_indirect_reseller_sends_none(db):
    with pytest.raises(TransferRefused) as refused:
        upload(make_actor(make_partner(OrganizationKind.INDIRECT_RESELLER)), b"Customer,Current partner\na,b\n")
    assert refused.value.code == "reseller-cannot-send"


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "empty"),
        (b"PK\x03\x04", "workbook"),
        (b"Customer,City\na,b\n", "names no column “Current partner”"),
        (b"Customer,Current partner\n", "no rows"),
        (b"Customer,Current partner\n\xff,b\n", "UTF-8"),
        (b"Customer,Current partner\n" + b"a,b\n" * 6, "more than 5 rows"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_as_a_whole(actor, settings, raw, sentence):
    settings.TRANSFER_BULK_MAX_ROWS = 5
    with pytest.raises(UnreadableFile, match=sentence):
        upload(actor, raw)
    assert not BulkRun.objects.exists()


def test_a_check_costs_the_same_queries_for_two_rows_and_for_twenty(world, actor):
    customers = more_customers(world.source, world.target, 20)
    counts = []
    for some in (customers[:2], customers):
        run = upload(actor, requests(*(row_of(world, customer) for customer in some)))
        with CaptureQueriesContext(connection) as captured:
            assert processing.process_batch(run_id=run.pk, now=NOON)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 25


def test_what_nobody_let_run_is_left_and_what_ended_long_ago_loses_its_rows(world, actor):
    waiting, ended = checked(actor, requests(row_of(world))), carried_out(actor, requests(row_of(world)))
    workflow.forget_old(now=NOON + datetime.timedelta(days=8))
    waiting.refresh_from_db()
    assert (waiting.status, ended.rows.count()) == (BulkStatus.STOPPED, 1)
    workflow.forget_old(now=NOON + datetime.timedelta(days=99))
    assert not BulkRow.objects.exists()


def test_a_file_that_stands_still_is_overdue(world, actor):
    run = upload(actor, requests(row_of(world)))
    BulkRun.objects.update(touched_at=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
    assert [str(run.pk) in line for line in invariants.overdue()] == [True]
