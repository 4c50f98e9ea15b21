"""Exactly one winner in every race, with real transactions (issue 3; quality rows 5, 6, 8)."""

import datetime
import os
import random
import threading
from collections.abc import Callable

import pytest
from django.db import connections

from customers.enums import RelationshipStatus, SubscriptionStatus
from customers.models import Subscription
from customers.rules import RelationshipInUse
from customers.workflow import relationships
from portal.audit.models import AuditEvent
from portal.core.errors import Refusal
from tests.factories import NOON
from tests.transfers.factories import make_world
from transfers import processing, workflow
from transfers.enums import TransferEvent, TransferStatus
from transfers.models import Transfer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("nothing_contradicts")]
ROUNDS = int(os.environ.get("RACE_ROUNDS", "12"))  # RACE_ROUNDS=1000: the long run (quality row 6)
S = TransferStatus
LATER = NOON + datetime.timedelta(days=30)


def race(*runners: Callable[[], object]) -> list[object]:
    """Start all at once, each with its own connection; return what each gave back, or its Refusal."""
    results: list[object] = [None] * len(runners)
    gate = threading.Barrier(len(runners))
    pauses = [random.uniform(0, 0.004) for _runner in runners]

    def run(number: int) -> None:
        try:
            gate.wait()
            threading.Event().wait(pauses[number])
            results[number] = runners[number]()
        except Refusal as refusal:
            results[number] = refusal
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(runners))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def losers(results: list[object]) -> list[Refusal]:
    return [result for result in results if isinstance(result, Refusal)]


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_accept_against_cancel(round_number):
    world = make_world()
    world.licenses()
    transfer, source, target = world.send(), world.source_agent(), world.target_agent()

    results = race(
        lambda: workflow.accept_transfer(transfer_id=transfer.pk, subscription_ids=None, actor=source, now=NOON),
        lambda: workflow.cancel_transfer(transfer_id=transfer.pk, actor=target, now=NOON),
    )

    (loser,) = losers(results)
    assert (loser.code, loser.http_status) == ("transfer-not-pending", 409)
    transfer.refresh_from_db()
    assert transfer.status == (S.CANCELED if loser is results[0] else S.IN_PROGRESS)
    assert transfer.line_items.count() == (0 if transfer.status == S.CANCELED else 1)


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_accept_against_accept(round_number):
    world = make_world()
    world.licenses()
    transfer, agents = world.send(), [world.source_agent(), world.source_agent()]

    def accept(actor):
        return workflow.accept_transfer(transfer_id=transfer.pk, subscription_ids=None, actor=actor, now=NOON)

    results = race(lambda: accept(agents[0]), lambda: accept(agents[1]))

    assert [loser.code for loser in losers(results)] == ["transfer-not-pending"]
    assert transfer.line_items.count() == 1


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_one_item_chosen_in_two_requests_at_once(round_number):
    world = make_world()
    item = world.licenses()
    transfers, source = [world.send(), world.send()], world.source_agent()

    def accept(transfer):
        return workflow.accept_transfer(transfer_id=transfer.pk, subscription_ids=[item.pk], actor=source, now=NOON)

    results = race(lambda: accept(transfers[0]), lambda: accept(transfers[1]))

    assert [loser.code for loser in losers(results)] == ["in-another-transfer"]


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_cancel_against_expiry(round_number):
    world = make_world()
    transfer, target = world.send(), world.target_agent()
    just_before = LATER - datetime.timedelta(seconds=1)

    race(
        lambda: workflow.cancel_transfer(transfer_id=transfer.pk, actor=target, now=just_before),
        lambda: workflow.expire_transfers(now=LATER),
    )

    transfer.refresh_from_db()
    assert transfer.status in (S.CANCELED, S.EXPIRED)
    ends = AuditEvent.objects.filter(event_type__in=[TransferEvent.CANCELED, TransferEvent.EXPIRED])
    assert ends.count() == 1


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_accept_against_the_removal_of_the_relationship(round_number):
    world = make_world()
    world.licenses()
    transfer, source, target = world.send(), world.source_agent(), world.target_agent()

    results = race(
        lambda: workflow.accept_transfer(transfer_id=transfer.pk, subscription_ids=None, actor=source, now=NOON),
        lambda: relationships.remove_relationship(relationship_id=world.at_target.pk, actor=target, now=NOON),
    )

    (loser,) = losers(results)
    transfer.refresh_from_db()
    world.at_target.refresh_from_db()
    if isinstance(loser, RelationshipInUse):
        assert (transfer.status, world.at_target.status) == (S.IN_PROGRESS, RelationshipStatus.ACTIVE)
    else:
        assert (transfer.status, world.at_target.status) == (S.CANCELED, RelationshipStatus.REMOVED)


def test_three_workers_on_one_transfer_move_each_item_once():
    world = make_world()
    for _number in range(40):
        world.licenses()
    transfer = world.accept(world.send())

    def work():
        while processing.process_batch(transfer_id=transfer.pk, now=NOON, size=3):
            pass
        return workflow.finish_transfer(transfer_id=transfer.pk, now=NOON)

    race(work, work, work)
    workflow.finish_transfer(transfer_id=transfer.pk, now=NOON)

    transfer = Transfer.objects.get()
    assert (transfer.status, transfer.items_completed, transfer.items_failed) == (S.COMPLETED, 40, 0)
    assert Subscription.objects.filter(status=SubscriptionStatus.ACTIVE).count() == 40
    assert Subscription.objects.filter(billing_owner_id=world.target.pk).count() == 40
    assert AuditEvent.objects.filter(event_type=TransferEvent.COMPLETED).count() == 1
