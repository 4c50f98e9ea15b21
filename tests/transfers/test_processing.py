"""Moving items in the background: retries, the 72 hours, and nobody's failure holding back the others (T10)."""

import datetime

import pytest
from django.utils import translation

from customers.enums import BillingFrequency, ProductFamily, ReservationScope, SubscriptionStatus
from customers.models import Subscription
from portal.audit.models import AuditEvent
from portal.notifications.models import OutgoingEmail
from tests.customers.factories import make_subscription
from tests.factories import NOON
from tests.transfers.factories import USAGE, World, make_world
from transfers import processing, workflow
from transfers.enums import FaultMode, LineItemStatus, TransferEvent, TransferStatus
from transfers.models import CommerceFault, Transfer, TransferLineItem
from transfers.views.item_rows import error_text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_contradicts")]
HOUR = datetime.timedelta(hours=1)


def run(transfer: Transfer, now: datetime.datetime = NOON) -> processing.Progress:
    progress = processing.process_transfer(transfer_id=transfer.pk, clock=lambda: now)
    transfer.refresh_from_db()
    return progress


def run_to_the_end(transfer: Transfer, *, most: int = 200) -> datetime.datetime:
    """Work as beat and workers do: go on whenever something is due."""
    now = NOON
    for _turn in range(most):
        progress = run(transfer, now)
        if progress.next_at is None:
            return now
        now = max(progress.next_at, now + datetime.timedelta(seconds=1))
    raise AssertionError(f"still {transfer.status} after {now - NOON}")


def sandbox_world() -> World:
    return make_world(source_fields={"is_sandbox": True}, target_fields={"is_sandbox": True})


def plan(subscription: Subscription, mode: FaultMode, amount: int = 1) -> None:
    CommerceFault.objects.create(
        subscription=subscription, mode=mode, amount=amount, planned_by_name="Ada", created_at=NOON
    )


def test_an_item_that_fails_twice_succeeds_at_the_third_try_and_its_siblings_do_not_wait():
    world = sandbox_world()
    stubborn, easy = world.licenses(), world.licenses()
    plan(stubborn, FaultMode.FAIL_TIMES, 2)
    transfer = world.accept(world.send())

    run(transfer)

    assert transfer.status == TransferStatus.IN_PROGRESS
    assert transfer.line_items.get(subscription=easy).status == LineItemStatus.COMPLETED
    waiting = transfer.line_items.get(subscription=stubborn)
    assert (waiting.status, waiting.attempts, waiting.last_error) == (LineItemStatus.IN_PROGRESS, 1, "sandbox-fault")
    assert NOON < waiting.next_attempt_at < NOON + datetime.timedelta(seconds=10)

    run_to_the_end(transfer)

    assert transfer.status == TransferStatus.COMPLETED
    assert transfer.line_items.get(subscription=stubborn).attempts == 3


def test_an_item_that_always_fails_is_given_up_after_72_hours_and_stays_with_the_source():
    world = sandbox_world()
    hopeless = world.licenses()
    world.licenses()
    plan(hopeless, FaultMode.FAIL_ALWAYS)
    transfer = world.accept(world.send())

    ended = run_to_the_end(transfer)

    assert transfer.status == TransferStatus.COMPLETED_WITH_ERRORS
    assert 66 * HOUR < ended - NOON <= 72 * HOUR
    hopeless.refresh_from_db()
    assert (hopeless.status, hopeless.billing_owner_id) == (SubscriptionStatus.ACTIVE, world.source.pk)
    assert hopeless.pending_operation == ""
    item = transfer.line_items.get(subscription=hopeless)
    assert (item.status, item.last_error) == (LineItemStatus.FAILED, "sandbox-fault")
    assert TransferEvent.ITEM_FAILED in AuditEvent.objects.values_list("event_type", flat=True)


def test_a_transfer_of_which_nothing_moves_fails_and_tells_both_partners():
    world = sandbox_world()
    source, target = world.source_agent(), world.target_agent()
    plan(world.licenses(), FaultMode.FAIL_ALWAYS)
    transfer = world.accept(world.send())

    run_to_the_end(transfer)

    assert transfer.status == TransferStatus.FAILED
    mails = OutgoingEmail.objects.filter(event_type=TransferEvent.FAILED)
    assert {source.email, target.email} <= set(mails.values_list("recipient", flat=True))
    assert "contact@customer.example" not in set(mails.values_list("recipient", flat=True))


def test_the_pauses_grow_and_fill_72_hours():
    assert list(processing.PAUSES) == sorted(processing.PAUSES)
    pauses = [processing.pause_after(attempt) for attempt in range(1, 40)]
    total = tries = 0
    while total + pauses[tries] <= 72 * 3600:
        total += pauses[tries]
        tries += 1
    assert 20 <= tries <= 30
    for attempt, wanted in enumerate(processing.PAUSES, start=1):
        assert wanted * 0.9 <= processing.pause_after(attempt) <= wanted * 1.1


def test_an_item_that_takes_seconds_is_in_progress_meanwhile_and_that_is_no_failure():
    world = sandbox_world()
    slow = world.licenses()
    plan(slow, FaultMode.TAKE_SECONDS, 90)
    transfer = world.accept(world.send())

    progress = run(transfer)

    item = transfer.line_items.get()
    assert (item.status, item.attempts) == (LineItemStatus.IN_PROGRESS, 0)
    assert progress.next_at == NOON + datetime.timedelta(seconds=90)
    run(transfer, progress.next_at)
    assert transfer.status == TransferStatus.COMPLETED


def test_production_never_asks_for_planned_faults():
    world = make_world()
    plan(world.licenses(), FaultMode.FAIL_ALWAYS)
    transfer = world.accept(world.send())

    run(transfer)

    assert transfer.status == TransferStatus.COMPLETED


def test_running_it_three_times_leaves_what_one_run_leaves():
    world = make_world()
    world.licenses()
    world.licenses()
    transfer = world.accept(world.send())

    for _time in range(3):
        run(transfer)

    assert Subscription.objects.filter(billing_owner_id=world.target.pk).count() == 2
    assert AuditEvent.objects.filter(event_type=TransferEvent.COMPLETED).count() == 1


def test_an_item_that_the_database_refuses_fails_alone_and_is_tried_again():
    world = make_world()
    items = [world.licenses() for _number in range(7)]
    transfer = world.accept(world.send())
    bad = items[3]
    # A charge whose days run backwards is what the database refuses of this one.
    TransferLineItem.objects.filter(subscription=bad).update(cycle_ends_on=NOON.date() - 48 * HOUR)

    run(transfer)

    assert transfer.items_completed == 6
    item = transfer.line_items.get(subscription=bad)
    assert (item.status, item.attempts, item.last_error) == (LineItemStatus.IN_PROGRESS, 1, "commerce-error")
    assert transfer.status == TransferStatus.IN_PROGRESS


def test_an_item_that_was_suspended_after_acceptance_is_not_moved_until_it_is_active_again():
    world = make_world()
    subscription = world.licenses()
    transfer = world.accept(world.send())
    Subscription.objects.filter(pk=subscription.pk).update(status=SubscriptionStatus.SUSPENDED)

    run(transfer)
    item = transfer.line_items.get()
    assert (item.last_error, item.last_error_params) == ("item-not-active", {"status": "suspended"})
    fields = {"last_error": item.last_error, "last_error_params": item.last_error_params}
    assert error_text(fields, item.status) == "Only what is active can move; this is in the state: Suspended."
    with translation.override("fr"):
        assert error_text(fields, item.status).endswith("Suspendu.")
    assert error_text({"last_error": item.last_error}, item.status).endswith(": ….")

    Subscription.objects.filter(pk=subscription.pk).update(status=SubscriptionStatus.ACTIVE)
    run(transfer, NOON + HOUR)
    assert transfer.status == TransferStatus.COMPLETED


def test_what_belongs_to_an_item_moves_after_it_and_below_its_new_row():
    world = make_world()
    azure = world.azure()
    single = world.reservation(parent=azure, scope=ReservationScope.SINGLE)
    base = world.licenses()
    addon = world.licenses(parent=base)
    transfer = world.accept(world.send(), azure, base)

    run(transfer)

    assert transfer.status == TransferStatus.COMPLETED
    assert transfer.items_total == 4
    plan = Subscription.objects.get(product_family=ProductFamily.AZURE_PLAN, billing_owner_id=world.target.pk)
    assert Subscription.objects.get(transferred_from=azure).parent_id == plan.pk
    assert Subscription.objects.get(transferred_from=single).parent.transferred_from_id == azure.pk
    assert Subscription.objects.get(transferred_from=addon).parent.transferred_from_id == base.pk


def test_what_belongs_to_an_item_that_failed_for_good_stays_with_it():
    world = sandbox_world()
    base = world.licenses()
    addon = world.licenses(parent=base)
    plan(base, FaultMode.FAIL_ALWAYS)
    transfer = world.accept(world.send(), base)

    run_to_the_end(transfer)

    assert transfer.status == TransferStatus.FAILED
    assert transfer.line_items.get(subscription=addon).last_error == "base-did-not-move"
    addon.refresh_from_db()
    assert (addon.billing_owner_id, addon.pending_operation) == (world.source.pk, "")


def test_the_previous_azure_offer_becomes_an_azure_subscription_below_the_targets_plan():
    world = make_world()
    world.azure_plan(at=world.at_target)
    legacy = make_subscription(world.at_source, product_family=ProductFamily.AZURE_LEGACY, **USAGE)

    run(world.accept(world.send(), legacy))

    new = Subscription.objects.get(transferred_from=legacy)
    assert new.product_family == ProductFamily.AZURE_SUBSCRIPTION
    assert new.parent.billing_owner_id == world.target.pk


def test_reservations_that_are_not_prepaid_end_at_their_next_cycle_between_currencies():
    world = make_world(target_fields={"currency": "SEK"})
    world.azure_plan(at=world.at_target)
    start = NOON.date() - datetime.timedelta(days=10)
    monthly = world.reservation(starts_on=start)
    prepaid = world.reservation(starts_on=start, billing_frequency=BillingFrequency.UPFRONT)

    run(world.accept(world.send(), monthly, prepaid))

    ended, kept = (Subscription.objects.get(transferred_from=one) for one in (monthly, prepaid))
    assert (ended.ends_on.isoformat(), ended.auto_renew) == ("2026-12-10", False)
    assert (kept.ends_on, kept.auto_renew) == (prepaid.ends_on, True)


def test_the_partner_on_record_lands_on_what_moved():
    world = make_world(target="indirect_provider")
    subscription = world.licenses()

    run(world.accept(world.send(), subscription))

    new = Subscription.objects.get(transferred_from=subscription)
    assert (new.reseller_id, new.partner_on_record) == (world.reseller.pk, world.reseller_number)


def test_failed_items_can_be_tried_again_and_complete_the_transfer():
    world = sandbox_world()
    hopeless = world.licenses()
    world.licenses()
    plan(hopeless, FaultMode.FAIL_ALWAYS)
    transfer = world.accept(world.send())
    ended = run_to_the_end(transfer)
    CommerceFault.objects.all().delete()

    workflow.retry_failed_items(transfer_id=transfer.pk, actor=world.target_agent(), now=ended)
    run(transfer, ended)

    assert (transfer.status, transfer.items_failed, transfer.items_completed) == (TransferStatus.COMPLETED, 0, 2)


def test_the_sweep_finds_what_is_due_and_what_a_killed_process_left_without_an_end(django_capture_on_commit_callbacks):
    world = make_world()
    world.licenses()
    transfer = world.accept(world.send())
    assert processing.sweep(now=NOON) == 1
    while processing.process_batch(transfer_id=transfer.pk, now=NOON):
        pass  # killed before the end was written
    assert processing.sweep(now=NOON) == 1

    run(transfer)

    assert transfer.status == TransferStatus.COMPLETED
    assert processing.sweep(now=NOON) == 0
