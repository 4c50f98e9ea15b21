"""Preflight keeps its word: what it calls impossible never completes, what it calls possible never fails (X1)."""

import datetime
import random
from decimal import Decimal

import pytest

from customers.enums import (
    BillingFrequency,
    MoveRestriction,
    PendingOperation,
    ProductFamily,
    ReservationScope,
    SubscriptionStatus,
    Term,
)
from customers.models import Subscription
from tests.factories import NOON
from tests.transfers.factories import USAGE, World, make_world
from transfers import processing, queries, rules, workflow
from transfers.enums import LineItemStatus, ProductType
from transfers.models import TransferLineItem
from transfers.reasons import REASONS, TransferRefused

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_contradicts")]
F, S = ProductFamily, SubscriptionStatus


def random_items(world: World, dice: random.Random) -> None:
    """Some twenty subscriptions in all sorts of states, some belonging to others."""
    made: list[Subscription] = []
    for _number in range(20):
        family = dice.choice(list(F))
        by_usage = family in {F.AZURE_PLAN, F.AZURE_SUBSCRIPTION, F.AZURE_LEGACY, F.SHARED_SERVICES}
        fields = {
            "product_family": family,
            "status": dice.choice([S.ACTIVE] * 6 + [S.SUSPENDED, S.PENDING, S.EXPIRED, S.DISABLED, S.DELETED]),
            "is_trial": dice.random() < 0.08,
            "pending_operation": dice.choice([""] * 9 + [PendingOperation.RENEWAL]),
            "scope": dice.choice(["", *ReservationScope]) if family == F.RESERVATION else "",
            "move_restriction": dice.choice(["", *MoveRestriction]) if family == F.THIRD_PARTY else "",
            "parent": dice.choice([None, None, *made]) if made else None,
            "billing_frequency": dice.choice(
                [BillingFrequency.MONTHLY, BillingFrequency.ANNUAL, BillingFrequency.UPFRONT]
            ),
            "term": dice.choice([Term.YEAR, Term.THREE_YEARS]),
            "unit_price": Decimal(dice.randrange(0, 9_999)) / 100,
            "starts_on": NOON.date() - datetime.timedelta(days=dice.randrange(0, 300)),
            "ends_on": NOON.date() + datetime.timedelta(days=dice.randrange(-2, 300)),
        }
        made.append(world.licenses(**fields | (USAGE if by_usage else {})))


@pytest.mark.parametrize("seed", range(25))
def test_the_run_does_what_preflight_said(seed):
    dice = random.Random(seed)
    world = make_world(target_fields={"currency": dice.choice(["EUR", "SEK"])})
    if dice.random() < 0.7:
        world.azure_plan(at=world.at_target)
    random_items(world, dice)
    kinds = dice.sample(list(ProductType), dice.randrange(0, 4))
    if not Subscription.objects.filter(billing_owner_id=world.target.pk).exists():
        kinds = []
    transfer = world.send(product_types=kinds)
    context = queries.context_for(transfer, today=NOON.date())
    green = [one for one in context.items.values() if rules.can_move(one, context)]
    red = [one for one in context.items.values() if not rules.can_move(one, context)]

    for one in red:
        with pytest.raises(TransferRefused) as refusal:
            workflow.accept_transfer(
                transfer_id=transfer.pk, subscription_ids=[one.id], actor=world.source_agent(), now=NOON
            )
        assert refusal.value.code in REASONS
    if not green:
        return
    chosen = [one.id for one in green]
    workflow.accept_transfer(transfer_id=transfer.pk, subscription_ids=chosen, actor=world.source_agent(), now=NOON)
    processing.process_transfer(transfer_id=transfer.pk, clock=lambda: NOON)

    items = TransferLineItem.objects.filter(transfer=transfer)
    assert set(items.values_list("status", flat=True)) == {LineItemStatus.COMPLETED}
    followers = {child.id for one in green for child in rules.following(one, context)}
    assert set(items.values_list("subscription_id", flat=True)) == {*chosen, *followers}
    moved = {one.id for one in red} - followers
    assert not Subscription.objects.filter(pk__in=moved, status=S.TRANSFERRED).exists()
