"""A file of customers from upload to its last row: once, twice, cut off, beside others, and by whom."""

import datetime
import uuid

import pytest
from django.db import IntegrityError, transaction

from customers.enums import ImportStatus, RelationshipKind, RowResult
from customers.models import Customer, ImportRow, ImportRun, ResellerRelationship, Tag
from customers.processing import imports as processing
from customers.rules import OutsideMarket, ResellerNotYours, ResellersDoNotAdd, SellsThroughProvider
from customers.workflow import imports as workflow
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership, Organization, Partner, Partnership
from portal.audit.models import AuditEvent
from portal.core import invariants
from portal.core.csv_files import UnreadableFile
from portal.core.errors import PermissionDenied
from portal.webhooks.models import WebhookDelivery, WebhookRegistration
from tests.customers.factories import make_customer, make_partnership, make_relationship, make_tag
from tests.customers.imports import (
    CUSTOMERS,
    confirm,
    csv,
    customers,
    imported,
    many_customers,
    preview,
    results,
    upload,
    work_off,
)
from tests.factories import NOON, make_actor, make_organization, make_partner

pytestmark = pytest.mark.django_db
BAKERY, HARBOR = uuid.UUID(int=0xBA), uuid.UUID(int=0xAB)
TWO = customers(
    (BAKERY, "Bäckerei Müller", "Baeckerei.example", "Cloud Reseller", "VIP, Gold"),
    (HARBOR, "شركة الميناء", "harbor.example", "", ""),
)


@pytest.fixture
def actor():
    return make_actor()


def events(event_type):
    return AuditEvent.objects.filter(event_type=event_type)


# --- what comes out --------------------------------------------------------------------------------------------------
def test_nothing_changes_before_somebody_says_yes(actor):
    run = preview(actor, TWO)
    assert (run.status, run.new_count, run.new_tags) == (ImportStatus.PREVIEWED, 2, ["VIP", "Gold"])
    assert results(run) == [("new", ""), ("new", "")]
    assert not Customer.objects.exists()
    assert not Tag.objects.exists()


def test_new_customers_come_with_id_relationship_and_tags_but_without_rights_agreement_and_people(actor):
    run = imported(actor, TWO)
    assert (run.status, run.new_count, run.done_count) == (ImportStatus.DONE, 2, 2)
    organization = Organization.objects.get(pk=BAKERY)
    assert (organization.kind, organization.name, organization.domain, organization.country) == (
        OrganizationKind.CUSTOMER,
        "Bäckerei Müller",
        "baeckerei.example",
        "FR",
    )
    relationship = ResellerRelationship.objects.get(customer_id=BAKERY)
    assert (relationship.partner_id, relationship.kind) == (actor.organization_id, RelationshipKind.DIRECT)
    assert relationship.tags == ["Gold", "VIP"]
    assert not relationship.has_admin_rights
    assert not relationship.has_agreement
    assert not organization.memberships.exists()
    assert not list(invariants.breaches())


def test_customers_of_a_sandbox_stay_in_the_sandbox():
    own = make_partner(is_sandbox=True, cloud="us_government", country="FR", language="sv")
    imported(make_actor(own), TWO)
    organization = Organization.objects.get(pk=BAKERY)
    assert (organization.is_sandbox, organization.cloud, organization.language) == (True, "us_government", "sv")


def test_the_same_file_again_says_already_here_and_changes_nothing(actor):
    imported(actor, TWO)
    before = AuditEvent.objects.exclude(event_type__startswith="import").count()
    run = preview(actor, TWO)
    assert results(run) == [("same", ""), ("same", "")]
    with pytest.raises(workflow.NothingToImport):
        confirm(actor, run)
    assert AuditEvent.objects.exclude(event_type__startswith="import").count() == before
    assert Customer.objects.count() == 2


def test_a_customer_that_is_here_gains_tags_and_keeps_its_name_and_its_other_tags(actor):
    make_tag(Organization.objects.get(pk=actor.organization_id), "vip")
    own = make_relationship(Organization.objects.get(pk=actor.organization_id), name="Bakery", tags=["Old"])
    run = imported(actor, customers((own.customer_id, "Another name", "other.example", "", "VIP, New")))
    assert results(run) == [("changed", "keeps-name")]
    own.refresh_from_db()
    assert (own.customer_name, own.tags) == ("Bakery", ["New", "Old", "vip"])
    assert not list(invariants.breaches())


def test_rows_that_cannot_be_imported_are_passed_over_each_with_its_reason(actor):
    elsewhere, other = make_customer(domain="taken.example"), make_organization(OrganizationKind.PUBLISHER)
    rows = [
        (BAKERY, "Bakery", "bakery.example", "", ""),
        (BAKERY, "Bakery", "bakery2.example", "", ""),
        (HARBOR, "Harbor", "BAKERY.example", "", ""),
        (uuid.uuid4(), "Inn", "Taken.Example", "", ""),
        (elsewhere.pk, "Inn", "inn.example", "", ""),
        (other.pk, "Inn", "inn.example", "", ""),
        (actor.organization_id, "Us", "us.example", "", ""),
        ("nonsense", "Inn", "inn.example", "", ""),
    ]
    expected = [
        ("new", ""),
        ("wrong", "duplicate"),
        ("wrong", "domain-in-file"),
        ("wrong", "domain-taken"),
        ("wrong", "known-elsewhere"),
        ("wrong", "known-elsewhere"),
        ("wrong", "own-organization"),
        ("wrong", "id-invalid"),
    ]
    run = preview(actor, customers(*rows))
    assert results(run) == expected
    assert results(work_off(confirm(actor, run))) == expected
    assert run.rows.get(number=3).facts == {"row": "2"}
    assert ResellerRelationship.objects.count() == 1


def test_a_customer_of_another_partner_is_never_taken_over(actor):
    other = make_relationship(name="Theirs")
    run = preview(actor, customers((other.customer_id, "Mine now", "mine.example", "", "Tag")))
    assert results(run) == [("wrong", "known-elsewhere")]


def test_a_removed_relationship_does_not_come_back_by_a_file(actor):
    own = Organization.objects.get(pk=actor.organization_id)
    removed = make_relationship(own, status="removed", removed_at=NOON)
    run = preview(actor, customers((removed.customer_id, removed.customer_name, "x.example", "", "")))
    assert results(run) == [("wrong", "known-elsewhere")]


def test_the_country_of_the_file_goes_before_that_of_the_form_and_both_stay_in_the_market(actor):
    header = ("Microsoft ID", "Company name", "Domain", "Country")
    text = csv(
        header,
        (BAKERY, "A", "a.example", "Suède"),
        (HARBOR, "B", "b.example", "United States"),
        (uuid.uuid4(), "C", "c.example", ""),
    )
    run = imported(actor, text, country="DE")
    assert results(run) == [("new", ""), ("wrong", "country-outside"), ("new", "")]
    assert Organization.objects.get(pk=BAKERY).country == "SE"
    assert Organization.objects.get(domain="c.example").country == "DE"
    with pytest.raises(OutsideMarket):
        upload(actor, TWO, country="US")


def test_a_file_without_rows_is_refused(actor):
    with pytest.raises(UnreadableFile, match="no rows"):
        upload(actor, customers())


def test_more_tags_than_a_partner_may_have_are_refused_row_by_row(actor):
    own = Organization.objects.get(pk=actor.organization_id)
    for number in range(499):
        make_tag(own, f"tag {number}")
    rows = [(uuid.uuid4(), f"N{n}", f"n{n}.example", "", tags) for n, tags in enumerate(("one", "two", "One", "tag 7"))]
    run = imported(actor, customers(*rows))
    assert results(run) == [("new", ""), ("wrong", "tags-of-partner"), ("new", ""), ("new", "")]
    assert own.partner.tags.count() == 500


# --- the indirect model ----------------------------------------------------------------------------------------------
def test_a_provider_names_the_reseller_and_both_have_the_customer():
    partnership = make_partnership()
    provider, reseller = partnership.provider, partnership.reseller
    actor = make_actor(provider.organization)
    number = reseller.locations.get().partner_id_number
    header = (*CUSTOMERS, "Reseller ID")
    text = csv(
        header, (BAKERY, "A", "a.example", "Indirect provider", "VIP", number), (HARBOR, "B", "b.example", "", "", "")
    )
    assert results(preview(actor, text)) == [("new", ""), ("wrong", "reseller-missing")]
    run = imported(actor, text, reseller_id=reseller.pk)
    assert results(run) == [("new", ""), ("new", "")]
    own, theirs = (ResellerRelationship.objects.get(customer_id=BAKERY, partner=one) for one in (provider, reseller))
    assert (own.kind, own.counterpart, own.tags) == (RelationshipKind.PROVIDER, reseller, ["VIP"])
    assert (theirs.kind, theirs.counterpart, theirs.tags) == (RelationshipKind.RESELLER, provider, [])
    parties = events("customer-imported").get(subject_id=str(BAKERY)).parties
    assert set(parties.values_list("organization_id", flat=True)) == {provider.pk, reseller.pk, BAKERY}


def test_a_reseller_without_an_active_partnership_is_not_taken():
    actor = make_actor(make_partner(OrganizationKind.INDIRECT_PROVIDER))
    stranger = make_partner(OrganizationKind.INDIRECT_RESELLER).partner
    header = (*CUSTOMERS, "Reseller ID")
    text = csv(header, (BAKERY, "A", "a.example", "", "", stranger.locations.get().partner_id_number))
    assert results(preview(actor, text)) == [("wrong", "reseller-unknown")]
    with pytest.raises(ResellerNotYours):
        upload(actor, TWO, reseller_id=stranger.pk)


def test_an_indirect_reseller_imports_nothing():
    with pytest.raises(ResellersDoNotAdd):
        upload(make_actor(make_partner(OrganizationKind.INDIRECT_RESELLER), Role.ADMIN_AGENT), TWO)


# --- who may ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", [Role.HELPDESK_AGENT, Role.BILLING_ADMIN, Role.ACCOUNT_ADMIN])
def test_roles_that_add_no_customers_import_none(role):
    with pytest.raises(PermissionDenied):
        upload(make_actor(None, role), TWO)
    assert not ImportRun.objects.exists()


def test_who_may_not_tag_imports_customers_without_their_tags():
    actor = make_actor(None, Role.SALES_AGENT)
    run = imported(actor, TWO)
    assert run.new_count == 2
    assert not run.takes_tags
    assert not Tag.objects.exists()


def test_an_import_stops_when_the_person_loses_the_right(actor):
    run = confirm(actor, preview(actor, TWO))
    Membership.objects.filter(user_id=actor.user_id).update(roles=[Role.HELPDESK_AGENT])
    run = work_off(run)
    assert run.status == ImportStatus.CANCELED
    assert not Customer.objects.exists()


def test_another_partner_can_neither_confirm_nor_cancel(actor):
    run = preview(actor, TWO)
    for step in (workflow.confirm, workflow.cancel):
        with pytest.raises(ImportRun.DoesNotExist):
            step(run_id=run.pk, actor=make_actor(), now=NOON)


# --- files -----------------------------------------------------------------------------------------------------------
def test_a_file_with_too_many_rows_leaves_nothing(actor, settings):
    settings.IMPORT_MAX_ROWS = 10
    with pytest.raises(UnreadableFile, match="more than 10 rows"), transaction.atomic():
        upload(actor, many_customers(11))
    assert not ImportRun.objects.exists()
    assert upload(actor, many_customers(10)).row_count == 10


@pytest.mark.parametrize("end", ["\x00", '"never closed' + "x\n" * 70_000, "x" * 200_000])
def test_a_file_that_cannot_be_read_to_its_end_leaves_nothing(actor, end):
    with pytest.raises(UnreadableFile), transaction.atomic():
        upload(actor, TWO + end)
    assert not ImportRow.objects.exists()


# --- batches ---------------------------------------------------------------------------------------------------------
def test_work_cut_off_between_batches_goes_on_where_it_was_and_repeats_nothing(actor, monkeypatch):
    monkeypatch.setattr(processing, "BATCH", 4)
    run = upload(actor, many_customers(10))
    assert processing.process_batch(run_id=run.pk, now=NOON)
    run.refresh_from_db()
    assert (run.status, run.done_count, run.position) == (ImportStatus.READ, 4, 5)
    run = confirm(actor, work_off(run))
    assert processing.process_batch(run_id=run.pk, now=NOON)
    assert Customer.objects.count() == 4  # here the worker is killed; the sweeper starts another
    run = work_off(run)
    assert (run.status, run.new_count) == (ImportStatus.DONE, 10)
    assert Customer.objects.count() == ResellerRelationship.objects.count() == 10
    assert events("customer-imported").count() == 10
    work_off(run)  # and the message is delivered a second time
    assert events("customer-imported").count() == 10
    assert events("customers-imported").filter(outcome="succeeded").count() == 1
    assert not list(invariants.breaches())


def test_a_batch_that_breaks_off_leaves_no_half_of_itself(actor, monkeypatch):
    run = confirm(actor, preview(actor, TWO))

    def power_cut(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(processing, "_count", power_cut)
        with pytest.raises(KeyboardInterrupt), transaction.atomic():
            processing.process_batch(run_id=run.pk, now=NOON)
    assert not Customer.objects.exists()
    assert work_off(run).new_count == 2


def test_duplicates_are_found_in_batches_before(actor, monkeypatch):
    monkeypatch.setattr(processing, "BATCH", 1)
    rows = [(BAKERY, "A", "a.example", "", ""), (BAKERY, "A", "b.example", "", ""), (HARBOR, "B", "a.example", "", "")]
    expected = [("new", ""), ("wrong", "duplicate"), ("wrong", "domain-in-file")]
    run = preview(actor, customers(*rows))
    assert results(run) == expected
    assert results(work_off(confirm(actor, run))) == expected


def test_a_row_is_judged_anew_when_it_is_imported(actor):
    run = preview(actor, TWO)
    make_organization(domain="harbor.example")  # between the look and the yes
    run = work_off(confirm(actor, run))
    assert results(run) == [("new", ""), ("wrong", "domain-taken")]


def test_a_row_that_the_database_refuses_takes_no_other_with_it(actor, monkeypatch):
    run = confirm(actor, preview(actor, many_customers(9)))
    monkeypatch.setattr(processing.CustomerBatch, "taken_domains", set())
    make_organization(domain="shop5.example")  # as if it came between the look and the write
    run = work_off(run)
    assert (run.new_count, run.wrong_count) == (8, 1)
    assert run.rows.get(number=6).reason == "not-stored"
    assert not list(invariants.breaches())


def test_lost_work_is_taken_up_and_running_work_left_alone(actor, django_capture_on_commit_callbacks):
    run = upload(actor, TWO)
    transaction.get_connection().run_on_commit.clear()  # the message is lost with its broker
    with django_capture_on_commit_callbacks() as queued:
        processing.resume_lost(now=NOON)
    assert not queued
    with django_capture_on_commit_callbacks() as queued:
        processing.resume_lost(now=NOON + 2 * processing.LOST_AFTER)
    assert [(job.task_name, job.args) for job in queued] == [("customers.process_import", (str(run.pk),))]


# --- ends ------------------------------------------------------------------------------------------------------------
def test_an_import_runs_once_whoever_says_yes(actor):
    run = preview(actor, TWO)
    confirm(actor, run)
    with pytest.raises(workflow.ImportNotWaiting):
        confirm(actor, run)


def test_a_canceled_import_forgets_its_rows_and_a_stopped_one_keeps_them(actor, monkeypatch):
    monkeypatch.setattr(processing, "BATCH", 1)
    first = preview(actor, TWO)
    workflow.cancel(run_id=first.pk, actor=actor, now=NOON)
    assert not ImportRow.objects.exists()
    second = confirm(actor, preview(actor, TWO))
    processing.process_batch(run_id=second.pk, now=NOON)
    second = workflow.cancel(run_id=second.pk, actor=actor, now=NOON)
    assert not processing.process_batch(run_id=second.pk, now=NOON)
    assert (second.status, second.new_count, second.rows.count()) == (ImportStatus.CANCELED, 1, 2)
    assert Customer.objects.count() == 1
    with pytest.raises(workflow.ImportNotWaiting):
        workflow.cancel(run_id=second.pk, actor=actor, now=NOON)


def test_what_nobody_wants_any_more_is_forgotten(actor, settings):
    unanswered, done = preview(actor, TWO), imported(actor, many_customers(1))
    day = datetime.timedelta(days=1)
    workflow.forget_old(now=NOON + settings.IMPORT_PREVIEW_DAYS * day)
    assert ImportRun.objects.get(pk=unanswered.pk).status == ImportStatus.PREVIEWED
    workflow.forget_old(now=NOON + (settings.IMPORT_PREVIEW_DAYS + 1) * day)
    assert ImportRun.objects.get(pk=unanswered.pk).status == ImportStatus.CANCELED
    assert done.rows.count() == 1
    workflow.forget_old(now=NOON + (settings.IMPORT_ROWS_DAYS + 1) * day)
    assert not ImportRow.objects.exists()
    assert ImportRun.objects.get(pk=done.pk).new_count == 1


# --- who is told -----------------------------------------------------------------------------------------------------
def test_log_and_webhooks_tell_of_the_import_and_of_each_customer(actor):
    own = Organization.objects.get(pk=actor.organization_id)
    registration = WebhookRegistration.objects.create(
        organization=own, url="https://hooks.example/", event_types=["customer-imported"], created_at=NOON
    )
    WebhookRegistration.objects.create(
        organization=make_partner(), url="https://other.example/", event_types=["customer-imported"], created_at=NOON
    )
    imported(actor, TWO)
    told = events("customer-imported")
    assert {event.customer_id for event in told} == {BAKERY, HARBOR}
    assert {(event.actor_name, event.actor_organization_id) for event in told} == {(actor.name, own.pk)}
    assert set(WebhookDelivery.objects.values_list("registration_id", flat=True)) == {registration.pk}
    assert WebhookDelivery.objects.count() == 2
    summary = events("customers-imported").get(outcome="succeeded")
    assert summary.details == {"rows": 2, "new": 2, "changed": 0, "already here": 0, "not imported": 0}
    assert events("customer-tag-created").count() == 2
    assert events("import-uploaded").count() == 1


def test_a_batch_costs_the_same_statements_for_one_row_and_for_many(actor, django_assert_max_num_queries):
    for count in (1, 200):
        run = confirm(actor, preview(actor, many_customers(count + 1)))
        with django_assert_max_num_queries(45):
            processing.process_batch(run_id=run.pk, now=NOON)


# --- what the database refuses ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "changes",
    [
        {"status": ImportStatus.DONE},
        {"finished_at": NOON},
        {"status": ImportStatus.RUNNING, "confirmed_at": None},
        {"previewed_at": None, "confirmed_at": NOON},
        {"new_count": 1},
        {"done_count": 3, "new_count": 3},
        {"customer_id": BAKERY},
    ],
)
def test_the_database_refuses_an_import_that_contradicts_itself(actor, changes):
    run = preview(actor, TWO)
    make_customer(id=BAKERY)
    with pytest.raises(IntegrityError), transaction.atomic():
        ImportRun.objects.filter(pk=run.pk).update(**changes)


def test_the_database_refuses_a_row_twice_and_a_wrong_row_without_reason(actor):
    run = upload(actor, TWO)
    with pytest.raises(IntegrityError), transaction.atomic():
        ImportRow.objects.create(run=run, number=2, values={})
    with pytest.raises(IntegrityError), transaction.atomic():
        run.rows.update(result=RowResult.WRONG, reason="")


# --- partners that change meanwhile ----------------------------------------------------------------------------------
def test_an_import_stops_when_the_partner_sells_through_a_provider_from_now_on(actor):
    run = confirm(actor, preview(actor, TWO))
    provider = make_partner(OrganizationKind.INDIRECT_PROVIDER).partner
    Partner.objects.filter(pk=actor.organization_id).update(becoming_reseller_of=provider, becoming_reseller_since=NOON)
    assert work_off(run).status == ImportStatus.CANCELED
    assert not Customer.objects.exists()
    with pytest.raises(SellsThroughProvider):
        upload(actor, TWO)


def test_a_reseller_whose_partnership_ended_meanwhile_gets_no_customer():
    partnership = make_partnership()
    actor = make_actor(partnership.provider.organization)
    number = partnership.reseller.locations.get().partner_id_number
    text = csv(
        (*CUSTOMERS, "Reseller ID"), (BAKERY, "A", "a.example", "", "", number), (HARBOR, "B", "b.example", "", "", "")
    )
    run = confirm(actor, preview(actor, text, reseller_id=partnership.reseller_id))
    Partnership.objects.update(status="ended", ended_at=NOON)
    assert results(work_off(run)) == [("wrong", "reseller-unknown"), ("wrong", "reseller-parted")]
    assert not ResellerRelationship.objects.exists()
