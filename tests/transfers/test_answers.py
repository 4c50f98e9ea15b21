"""Accept, decline, cancel, expire: every status × action × role, and what each leaves behind (T1, T2, T11)."""

import datetime
import uuid

import pytest
from django.db import IntegrityError, transaction

from customers.enums import PendingOperation, RelationshipStatus, SubscriptionStatus
from customers.models import CustomerAgreement, Subscription
from customers.workflow import relationships
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.permissions import ROLES_BY_KIND
from portal.audit.models import AuditEvent, AuditEventParty
from portal.core.errors import PermissionDenied
from portal.notifications.models import ActionItem, OutgoingEmail
from tests.customers.factories import make_agreement
from tests.factories import NOON, make_actor, make_partner
from tests.transfers.factories import make_world
from transfers import processing, rules, workflow
from transfers.enums import LineItemStatus, TransferEvent, TransferStatus
from transfers.models import Transfer, TransferLineItem
from transfers.reasons import TransferRefused
from transfers.rules import states

pytestmark = pytest.mark.django_db
S = TransferStatus
DAY = datetime.timedelta(days=1)
ROLES = sorted(ROLES_BY_KIND[OrganizationKind.DIRECT_BILL])


def accept(transfer, actor, ids=None, now=NOON):
    return workflow.accept_transfer(transfer_id=transfer.pk, subscription_ids=ids, actor=actor, now=now)


def decline(transfer, actor, now=NOON):
    return workflow.decline_transfer(transfer_id=transfer.pk, reason="Not agreed", actor=actor, now=now)


def cancel(transfer, actor, now=NOON):
    return workflow.cancel_transfer(transfer_id=transfer.pk, actor=actor, now=now)


ACTIONS = {"accept": accept, "decline": decline, "cancel": cancel}
BY_TARGET = {"cancel"}


def in_status(world, status):
    """A transfer that came into its status by the workflow."""
    world.licenses()
    transfer = world.send()
    if status in (S.IN_PROGRESS, S.COMPLETED):
        world.accept(transfer)
    if status == S.COMPLETED:
        processing.process_transfer(transfer_id=transfer.pk, clock=lambda: NOON)
    if status == S.CANCELED:
        cancel(transfer, world.target_agent())
    if status == S.DECLINED:
        decline(transfer, world.source_agent())
    if status == S.EXPIRED:
        workflow.expire_transfers(now=NOON + 30 * DAY)
    if status in (S.FAILED, S.COMPLETED_WITH_ERRORS):
        world.accept(transfer)
        Transfer.objects.filter(pk=transfer.pk).update(status=status, finished_at=NOON)
    if status == S.DRAFT:
        Transfer.objects.filter(pk=transfer.pk).update(status=S.DRAFT, sent_at=None, expires_at=None)
    transfer.refresh_from_db()
    assert transfer.status == status
    return transfer


@pytest.mark.parametrize("action", sorted(ACTIONS))
@pytest.mark.parametrize("status", sorted(TransferStatus))
def test_only_a_pending_transfer_is_answered_and_only_once(status, action):
    world = make_world()
    transfer = in_status(world, status)
    actor = world.target_agent() if action in BY_TARGET else world.source_agent()
    before = AuditEvent.objects.count()

    if status == S.PENDING:
        assert ACTIONS[action](transfer, actor).status != S.PENDING
        return
    with pytest.raises(TransferRefused) as refusal:
        ACTIONS[action](transfer, actor)

    assert (refusal.value.code, refusal.value.http_status) == ("transfer-not-pending", 409)
    transfer.refresh_from_db()
    assert transfer.status == status
    assert AuditEvent.objects.count() == before


@pytest.mark.parametrize("action", sorted(ACTIONS))
@pytest.mark.parametrize("role", ROLES)
def test_only_admin_agents_answer(role, action):
    world = make_world()
    transfer = in_status(world, S.PENDING)
    actor = world.target_agent(role) if action in BY_TARGET else world.source_agent(role)

    if role == Role.ADMIN_AGENT:
        ACTIONS[action](transfer, actor)
        return
    with pytest.raises(PermissionDenied):
        ACTIONS[action](transfer, actor)
    transfer.refresh_from_db()
    assert transfer.status == S.PENDING


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_the_other_side_and_strangers_do_not_answer(action):
    world = make_world()
    transfer = in_status(world, S.PENDING)
    wrong_side = world.source_agent() if action in BY_TARGET else world.target_agent()

    for actor in (wrong_side, make_actor(make_partner())):
        with pytest.raises(TransferRefused) as refusal:
            ACTIONS[action](transfer, actor)
        assert refusal.value.code == ("not-the-target" if action in BY_TARGET else "not-the-source")


def offered_to(transfer, actor):
    return [action for action in states.ACTIONS if rules.why_not(action, transfer, actor=actor, now=NOON) is None]


@pytest.mark.parametrize("status", sorted(TransferStatus))
def test_pages_offer_exactly_what_the_workflow_allows(status):
    world = make_world()
    transfer = in_status(world, status)
    offered = {
        "source": offered_to(transfer, world.source_agent()),
        "target": offered_to(transfer, world.target_agent()),
        "sales": offered_to(transfer, world.source_agent(Role.SALES_AGENT)),
    }

    expected: dict[str, list[str]] = {"source": [], "target": [], "sales": []}
    if status == S.PENDING:
        expected |= {"source": ["review", "decline"], "target": ["cancel"]}
    if status == S.DRAFT:
        expected |= {"target": ["send_draft", "delete_draft"]}
    if status in (S.FAILED, S.COMPLETED_WITH_ERRORS):
        expected |= {"source": ["retry"], "target": ["retry"]}
    assert offered == expected


def test_accepting_freezes_the_chosen_items_and_leaves_the_others():
    world = make_world()
    chosen, left = world.licenses(quantity=7), world.licenses()

    transfer = world.accept(world.send(), chosen)

    assert (transfer.status, transfer.items_total) == (S.IN_PROGRESS, 1)
    assert transfer.retry_until == NOON + datetime.timedelta(hours=72)
    chosen.refresh_from_db()
    left.refresh_from_db()
    assert (chosen.pending_operation, left.pending_operation) == (PendingOperation.TRANSFER, "")
    assert transfer.line_items.get().quantity == 7


def test_accepting_everything_takes_what_can_move_and_nothing_else():
    world = make_world()
    good = [world.licenses(), world.reservation()]
    world.azure_plan(at=world.at_target)
    world.licenses(status=SubscriptionStatus.SUSPENDED)
    world.licenses(product_family="software")

    transfer = world.accept(world.send())

    assert set(transfer.line_items.values_list("subscription_id", flat=True)) == {one.pk for one in good}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"status": SubscriptionStatus.SUSPENDED}, "item-not-active"),
        ({"product_family": "software"}, "software-does-not-move"),
        ({"product_family": "third_party"}, "third-party-does-not-move"),
        ({"is_trial": True}, "trial-does-not-move"),
        ({"pending_operation": "renewal"}, "operation-running"),
    ],
)
def test_one_item_that_cannot_move_stops_the_whole_acceptance(fields, code):
    world = make_world()
    good, bad = world.licenses(), world.licenses(friendly_name="Odd one", **fields)
    transfer = world.send()

    with pytest.raises(TransferRefused) as refusal:
        world.accept(transfer, good, bad)

    assert refusal.value.code == code
    assert "Odd one" in str(refusal.value)
    assert not TransferLineItem.objects.exists()
    transfer.refresh_from_db()
    assert transfer.status == S.PENDING


def test_nothing_chosen_unknown_and_too_many_items_are_refused(settings):
    world, other = make_world(), make_world()
    transfer = world.send()
    source = world.source_agent()

    for ids, code in (([], "nothing-chosen"), ([uuid.uuid4()], "unknown-item"), (None, "nothing-chosen")):
        with pytest.raises(TransferRefused) as refusal:
            accept(transfer, source, ids)
        assert refusal.value.code == code
    with pytest.raises(TransferRefused) as refusal:
        accept(transfer, source, [other.licenses().pk])
    assert refusal.value.code == "unknown-item"

    settings.TRANSFER_MAX_LINE_ITEMS = 1
    world.licenses()
    world.licenses()
    with pytest.raises(TransferRefused) as refusal:
        accept(transfer, source)
    assert refusal.value.code == "too-many-items"


def test_an_item_is_in_one_open_transfer_only():
    world = make_world()
    item = world.licenses()
    first, second = world.send(), world.send()
    world.accept(first, item)

    with pytest.raises(TransferRefused) as refusal:
        world.accept(second, item)
    assert refusal.value.code == "in-another-transfer"

    copy = TransferLineItem.objects.get()
    copy.pk, copy.transfer = uuid.uuid4(), second
    with pytest.raises(IntegrityError, match="subscription_in_one_open_transfer"), transaction.atomic():
        copy.save(force_insert=True)


@pytest.mark.parametrize("gone", ["relationship", "agreement"])
def test_what_held_when_it_was_sent_must_hold_when_it_is_accepted(gone):
    world = make_world()
    world.licenses()
    transfer = world.send()
    if gone == "relationship":
        world.at_target.status, world.at_target.removed_at = RelationshipStatus.REMOVED, NOON
        world.at_target.save()
    else:
        CustomerAgreement.objects.all().delete()

    with pytest.raises(TransferRefused) as refusal:
        world.accept(transfer)

    codes = {"relationship": "no-relationship-with-customer", "agreement": "customer-agreement-not-signed"}
    assert refusal.value.code == codes[gone]


def test_a_missing_azure_plan_stops_azure_items_at_acceptance_but_not_the_others():
    world = make_world()
    azure, licenses = world.azure(), world.licenses()
    transfer = world.send(product_types=["azure_subscription", "license_based"])
    Subscription.objects.filter(billing_owner_id=world.target.pk).update(status=SubscriptionStatus.SUSPENDED)

    with pytest.raises(TransferRefused) as refusal:
        world.accept(transfer, azure)
    assert refusal.value.code == "azure-plan-missing-at-target"
    assert world.accept(transfer, licenses).items_total == 1


def test_removing_the_relationship_cancels_what_is_pending_and_waits_for_what_runs():
    world = make_world()
    running = world.accept(world.send(), world.licenses())
    pending = world.send()
    agent = world.target_agent()

    with pytest.raises(Exception, match="A transfer is in progress"):
        relationships.remove_relationship(relationship_id=world.at_target.pk, actor=agent, now=NOON)
    Subscription.objects.update(pending_operation="")
    TransferLineItem.objects.all().delete()
    Transfer.objects.filter(pk=running.pk).update(status=S.FAILED, finished_at=NOON)

    relationships.remove_relationship(relationship_id=world.at_target.pk, actor=agent, now=NOON)

    pending.refresh_from_db()
    assert (pending.status, pending.close_reason) == (S.CANCELED, "relationship-removed")


def test_a_request_expires_after_30_days_and_can_be_answered_no_more():
    world = make_world()
    world.licenses()
    transfer = world.send()
    assert workflow.expire_transfers(now=NOON + 30 * DAY - DAY / 24) == 0

    with pytest.raises(TransferRefused) as refusal:
        accept(transfer, world.source_agent(), now=NOON + 30 * DAY)
    assert refusal.value.code == "transfer-expired"
    assert workflow.expire_transfers(now=NOON + 30 * DAY) == 1
    assert workflow.expire_transfers(now=NOON + 31 * DAY) == 0

    told = OutgoingEmail.objects.filter(event_type=TransferEvent.EXPIRED)
    assert told.filter(recipient="contact@customer.example").count() == 1


def test_the_source_is_reminded_once_before_the_expiry():
    world = make_world()
    agent = world.source_agent()
    world.send()

    assert workflow.remind_transfers(now=NOON + 24 * DAY) == 0
    assert workflow.remind_transfers(now=NOON + 25 * DAY) == 1
    assert workflow.remind_transfers(now=NOON + 26 * DAY) == 0
    mails = OutgoingEmail.objects.filter(event_type=TransferEvent.EXPIRING)
    assert list(mails.values_list("recipient", flat=True)) == [agent.email]


def test_an_answer_closes_the_action_of_the_source():
    world = make_world()
    transfer = world.send()
    assert ActionItem.objects.open_actions().filter(organization_id=world.source.pk, kind="mandatory").exists()

    decline(transfer, world.source_agent())

    assert not ActionItem.objects.open_actions().filter(organization_id=world.source.pk, kind="mandatory").exists()
    transfer.refresh_from_db()
    assert transfer.close_reason == "Not agreed"


def test_the_target_learns_nothing_of_the_items_before_completion():
    world = make_world()
    world.accept(world.send(), world.licenses())

    seen = AuditEventParty.objects.filter(event_type=TransferEvent.SUBMITTED, organization_id=world.target.pk).get()
    own = AuditEventParty.objects.filter(event_type=TransferEvent.SUBMITTED, organization_id=world.source.pk).get()
    assert (seen.details, own.details) == ({}, {"items": 1})
    assert "items" not in str(seen.event.details)


def test_the_source_marks_a_request_as_seen_once():
    world = make_world()
    transfer = world.send()

    workflow.mark_seen(transfer_id=transfer.pk, actor=world.target_agent(), now=NOON)
    transfer.refresh_from_db()
    assert transfer.seen_at is None
    workflow.mark_seen(transfer_id=transfer.pk, actor=world.source_agent(), now=NOON)
    workflow.mark_seen(transfer_id=transfer.pk, actor=world.source_agent(), now=NOON + DAY)
    transfer.refresh_from_db()
    assert transfer.seen_at == NOON


def test_the_same_story_for_a_completed_transfer_is_reversed_by_a_new_request():
    world = make_world()
    item = world.licenses()
    transfer = world.accept(world.send(), item)
    processing.process_transfer(transfer_id=transfer.pk, clock=lambda: NOON)
    moved = Subscription.objects.get(transferred_from=item)
    make_agreement(world.at_source)
    request = world.request(source_tenant_id=world.target.pk)

    back = workflow.create_transfer(request=request, actor=world.source_agent(), now=NOON)
    accept(back, world.target_agent(), [moved.pk])
    processing.process_transfer(transfer_id=back.pk, clock=lambda: NOON)

    home = Subscription.objects.get(transferred_from=moved)
    assert (home.billing_owner_id, home.entitlement) == (world.source.pk, item.pk)
    assert back.line_items.model.objects.filter(status=LineItemStatus.COMPLETED).count() == 2
