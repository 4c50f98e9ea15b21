"""Two people at the same moment: real transactions, side by side (quality row 2)."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from billing.models import Charge
from marketplace.models import Operation, Order, SaaSSubscription
from marketplace.processing import renewals, terms
from marketplace.workflow import activation, changes, endings, operations, purchases
from marketplace.workflow.purchases import Purchase, Review
from portal.accounts.enums import Role
from portal.core.errors import Refusal
from tests.factories import NOON, make_actor
from tests.marketplace.factories import (
    admin_of,
    make_active,
    make_buying_relationship,
    make_plan,
    make_purchase,
    publisher_of,
    reread,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def at_once(*works):
    """Run all works at the same moment, each on its own connection; what each returned or was refused with."""
    barrier = threading.Barrier(len(works))

    def run(work):
        try:
            barrier.wait()
            return work()
        except Refusal as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_two_clicks_on_buy_at_once_make_one_order():
    relationship, plan = make_buying_relationship(), make_plan()
    actor = make_actor(relationship.partner.organization, Role.SALES_AGENT)
    purchase = Purchase(plan.pk, "P1M", "monthly", 3)
    line = purchases.add_to_cart(customer_id=relationship.customer_id, purchase=purchase, actor=actor, now=NOON)

    def buy():
        return purchases.checkout(cart_id=line.cart_id, review=Review(is_attested=True), actor=actor, now=NOON).pk

    found = at_once(buy, buy, buy)
    assert len(set(found)) == 1
    assert Order.objects.count() == SaaSSubscription.objects.count() == 1


def test_activating_twice_at_once_charges_once():
    saas = make_purchase()
    publisher = publisher_of(saas)

    def activate():
        return activation.activate_subscription(subscription_id=saas.pk, actor=publisher, now=NOON).pk

    assert at_once(activate, activate, activate) == [saas.pk] * 3
    assert Charge.objects.count() == 1


def test_two_changes_of_quantity_at_once_start_one():
    saas = make_active()
    admin = admin_of(saas)

    def change(quantity):
        return lambda: (
            changes.change_quantity(subscription_id=saas.pk, quantity=quantity, actor=admin, now=NOON).quantity
        )

    found = at_once(change(20), change(30))
    assert sorted(map(str, found))[1] == "operation-in-progress"
    assert Operation.objects.count() == 1


def test_agreeing_and_refusing_at_once_does_one_of_them():
    saas = make_active()
    operation = changes.change_quantity(subscription_id=saas.pk, quantity=20, actor=admin_of(saas), now=NOON)
    publisher = publisher_of(saas)

    def decide(succeeded):
        return lambda: (
            operations.decide_operation(
                subscription_id=saas.pk, operation_id=operation.pk, succeeded=succeeded, actor=publisher, now=NOON
            ).status
        )

    found = at_once(decide(True), decide(False))
    assert "operation-finished" in found
    assert reread(saas).subscription.quantity == (20 if "Succeeded" in found else 12)


def test_canceling_and_changing_at_once_leave_one_story():
    saas = make_active()
    admin = admin_of(saas)
    at_once(
        lambda: endings.cancel_subscription(subscription_id=saas.pk, actor=admin, now=NOON).status,
        lambda: changes.change_quantity(subscription_id=saas.pk, quantity=20, actor=admin, now=NOON).status,
        lambda: changes.set_auto_renew(subscription_id=saas.pk, auto_renew=False, actor=admin, now=NOON).status,
    )
    saas = reread(saas)
    running = Operation.objects.running().count()
    assert (saas.status, running) in {("Unsubscribed", 0), ("Subscribed", 1)}


def test_two_renewal_runs_at_once_renew_and_charge_each_once():
    plan = make_plan()
    for _ in range(6):
        make_active(plan=plan)
    due = NOON.replace(year=2026, month=12, day=20)

    def renew():
        return renewals.renew_terms(now=due, batch=2)

    found = at_once(renew, renew)
    assert sum(found) == 6
    assert Charge.objects.filter(kind="renewal").count() == 6


def test_a_renewal_and_the_end_of_auto_renew_at_once_leave_one_story():
    saas = make_active()
    admin, due = admin_of(saas), NOON.replace(year=2026, month=12, day=20)
    at_once(
        lambda: terms.run(now=due),
        lambda: changes.set_auto_renew(subscription_id=saas.pk, auto_renew=False, actor=admin, now=due).pk,
    )
    saas = reread(saas)
    renewed = Charge.objects.filter(kind="renewal").count()
    assert (saas.status, renewed) in {("Unsubscribed", 0), ("Subscribed", 1), ("Subscribed", 0)}
