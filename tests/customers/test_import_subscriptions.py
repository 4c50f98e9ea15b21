"""A file of subscriptions: of one customer, or of many; new, known, changed, and never those of another partner."""

import uuid

import pytest

from customers.enums import BillingFrequency, ImportStatus, ProductFamily, RelationshipKind, SubscriptionStatus
from customers.models import ResellerRelationship, Subscription
from customers.processing import imports as processing
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Organization
from portal.audit.models import AuditEvent
from portal.core import invariants
from portal.core.csv_files import UnreadableFile
from portal.core.errors import PermissionDenied
from tests.customers.factories import make_partnership, make_relationship, make_subscription
from tests.customers.imports import SUBSCRIPTIONS, confirm, csv, customers, imported, preview, results, upload, work_off
from tests.factories import NOON, make_actor, make_partner

pytestmark = pytest.mark.django_db
OFFICE, AZURE = uuid.UUID(int=0x0F), uuid.UUID(int=0xA2)


@pytest.fixture
def actor():
    return make_actor()


@pytest.fixture
def customer(actor):
    return make_relationship(Organization.objects.get(pk=actor.organization_id))


def subscriptions(*rows):
    return csv(SUBSCRIPTIONS, *rows)


TWO = subscriptions(
    (OFFICE, "Business Standard", "25", "Auto renews on 6/20/2027", "4567890"),
    (AZURE, "Azure plan", "Usage-based", "Active", ""),
)


def test_the_subscriptions_of_a_customer_come_with_their_ids_billed_to_the_partner(actor, customer):
    run = imported(actor, TWO, customer_id=customer.customer_id)
    assert (run.status, results(run)) == (ImportStatus.DONE, [("new", ""), ("new", "")])
    office, azure = Subscription.objects.get(pk=OFFICE), Subscription.objects.get(pk=AZURE)
    assert (office.customer_id, office.billing_owner_id) == (customer.customer_id, actor.organization_id)
    assert (office.quantity, office.status, office.auto_renew, office.partner_on_record) == (
        25,
        "active",
        True,
        "4567890",
    )
    assert office.product_family == ProductFamily.LICENSE_BASED
    assert azure.billing_frequency == BillingFrequency.USAGE
    event = AuditEvent.objects.get(event_type="subscription-imported", subject_id=str(OFFICE))
    assert (event.customer_id, event.after["quantity"]) == (customer.customer_id, 25)
    assert AuditEvent.objects.filter(event_type="subscriptions-imported", outcome="succeeded").exists()
    assert not list(invariants.breaches())


def test_the_same_file_again_says_already_here(actor, customer):
    imported(actor, TWO, customer_id=customer.customer_id)
    run = preview(actor, TWO, customer_id=customer.customer_id)
    assert results(run) == [("same", ""), ("same", "")]


def test_what_the_file_says_otherwise_changes_and_empty_cells_change_nothing(actor, customer):
    imported(actor, TWO, customer_id=customer.customer_id)
    text = subscriptions((OFFICE, "Business Standard", "30", "Suspended", ""), (AZURE, "Azure plan", "", "Active", ""))
    run = imported(actor, text, customer_id=customer.customer_id)
    assert results(run) == [("changed", ""), ("same", "")]
    office = Subscription.objects.get(pk=OFFICE)
    assert (office.quantity, office.status, office.partner_on_record) == (30, "suspended", "4567890")
    event = AuditEvent.objects.filter(event_type="subscription-imported", subject_id=str(OFFICE)).latest("pk")
    assert event.before == {"quantity": 25, "status": "active"}
    assert event.after == {"quantity": 30, "status": "suspended"}


def test_a_column_tells_whose_subscription_each_is_and_of_which_family(actor, customer):
    other = make_relationship(Organization.objects.get(pk=actor.organization_id))
    header = (*SUBSCRIPTIONS, "Microsoft ID", "Product family")
    text = csv(
        header,
        (OFFICE, "Office", "1", "Active", "", customer.customer_id, ""),
        (AZURE, "Azure", "", "Active", "", other.customer_id, "Azure plan"),
        (uuid.uuid4(), "Office", "1", "Active", "", uuid.uuid4(), ""),
        (uuid.uuid4(), "Office", "1", "Active", "", "", ""),
    )
    run = imported(actor, text)
    assert results(run) == [("new", ""), ("new", ""), ("wrong", "not-your-customer"), ("wrong", "id-missing")]
    azure = Subscription.objects.get(pk=AZURE)
    assert (azure.customer_id, azure.product_family) == (other.customer_id, ProductFamily.AZURE_PLAN)
    run = preview(actor, text, customer_id=customer.customer_id)
    assert results(run)[:2] == [("same", ""), ("wrong", "other-customer")]


def test_a_subscription_of_another_partner_or_customer_is_never_touched(actor, customer):
    own = make_subscription(make_relationship(customer.partner.organization), friendly_name="own, of another customer")
    theirs = make_subscription(make_relationship(customer=customer.customer))
    moved = make_subscription(make_relationship(), entitlement_id=uuid.uuid4())
    rows = [(one, "Taken", "99", "Suspended", "") for one in (own.pk, theirs.pk, moved.pk, moved.entitlement_id)]
    run = preview(actor, subscriptions(*rows), customer_id=customer.customer_id)
    assert results(run) == [("wrong", "subscription-elsewhere")] * 4
    theirs.refresh_from_db()
    assert theirs.quantity == 5


def test_what_was_bought_or_transferred_here_is_not_changed_by_a_file(actor, customer):
    bought = make_subscription(customer, order_id=uuid.uuid4())
    gone = make_subscription(customer, status=SubscriptionStatus.TRANSFERRED, transferred_at=NOON)
    busy = make_subscription(customer, pending_operation="renewal")
    rows = [(one.pk, "Business Standard", "6", "Active", "") for one in (bought, gone, busy)]
    rows += [(gone.pk, "Business Standard", "5", "Transferred", ""), (uuid.uuid4(), "New", "5", "Transferred", "")]
    rows += [(bought.pk, "Business Standard", "5", "Active", "")]
    run = preview(actor, subscriptions(*rows), customer_id=customer.customer_id)
    assert results(run) == [
        ("wrong", "subscription-managed"),
        ("wrong", "status-transferred"),
        ("wrong", "subscription-managed"),
        ("same", ""),
        ("wrong", "status-transferred"),
        ("same", ""),
    ]


def test_a_providers_reseller_is_found_by_its_number_and_sees_the_subscription():
    partnership = make_partnership()
    provider, reseller = partnership.provider.organization, partnership.reseller.organization
    customer = make_relationship(provider, counterpart=reseller)
    number = reseller.partner.locations.get().partner_id_number
    text = subscriptions((OFFICE, "Office", "1", "Active", number), (AZURE, "Azure", "1", "Active", "7654321"))
    imported(make_actor(provider), text, customer_id=customer.customer_id)
    office, azure = Subscription.objects.get(pk=OFFICE), Subscription.objects.get(pk=AZURE)
    assert (office.reseller_id, office.partner_on_record) == (reseller.pk, number)
    assert (azure.reseller_id, azure.partner_on_record) == (None, "7654321")


def test_a_relationship_that_ended_meanwhile_gets_no_subscription(actor, customer):
    run = confirm(actor, preview(actor, TWO, customer_id=customer.customer_id))
    ResellerRelationship.objects.filter(pk=customer.pk).update(status="removed", removed_at=NOON)
    assert results(work_off(run)) == [("wrong", "not-your-customer")] * 2
    assert not Subscription.objects.exists()


def test_work_cut_off_between_batches_goes_on_and_finds_duplicates_before(actor, customer, monkeypatch):
    monkeypatch.setattr(processing, "BATCH", 2)
    rows = [(uuid.UUID(int=n), "Office", "1", "Active", "") for n in (1, 2, 3, 1)]
    run = confirm(actor, preview(actor, subscriptions(*rows), customer_id=customer.customer_id))
    processing.process_batch(run_id=run.pk, now=NOON)
    assert Subscription.objects.count() == 2
    assert results(work_off(run)) == [("new", ""), ("new", ""), ("new", ""), ("wrong", "duplicate")]


@pytest.mark.parametrize("role", [Role.SALES_AGENT, Role.HELPDESK_AGENT, Role.GLOBAL_ADMIN])
def test_only_admin_agents_import_subscriptions(role, customer):
    with pytest.raises(PermissionDenied):
        upload(make_actor(customer.partner.organization, role), TWO, customer_id=customer.customer_id)


def test_a_file_that_does_not_say_whose_subscriptions_it_lists_needs_a_customer(actor):
    with pytest.raises(UnreadableFile, match="does not say whose"):
        upload(actor, TWO)


def test_nobody_imports_for_a_customer_of_another_partner(actor):
    with pytest.raises(ResellerRelationship.DoesNotExist):
        upload(actor, TWO, customer_id=make_relationship().customer_id)


def test_a_file_of_customers_does_not_belong_on_the_page_of_one(actor, customer):
    with pytest.raises(UnreadableFile, match="file of customers"):
        upload(actor, customers((uuid.uuid4(), "A", "a.example", "", "")), customer_id=customer.customer_id)


def test_a_reseller_s_own_relationship_pays_for_nothing():
    provider = make_partner(OrganizationKind.DIRECT_BILL)
    row = make_relationship(
        provider, kind=RelationshipKind.RESELLER, counterpart=make_partner(OrganizationKind.INDIRECT_PROVIDER)
    )
    run = preview(make_actor(provider), TWO, customer_id=row.customer_id)
    assert results(run) == [("wrong", "not-your-customer")] * 2
