"""Buying: from the cart to one order, however often Buy is clicked (M1)."""


import pytest

from billing.models import Charge
from customers.enums import SubscriptionStatus
from marketplace.enums import FulfillmentStatus
from marketplace.models import Order
from marketplace.workflow import changes
from tests.factories import NOON
from tests.marketplace.factories import admin_of, make_active, make_purchase

pytestmark = pytest.mark.django_db


def test_a_purchase_waits_for_its_publisher_and_costs_nothing():
    saas = make_purchase()
    assert saas.status == FulfillmentStatus.PENDING
    assert saas.subscription.status == SubscriptionStatus.PENDING
    assert not Charge.objects.exists()
    assert Order.objects.get().total == 120


def test_activation_charges():
    saas = make_active()
    assert Charge.objects.get().amount == 120
    changes.change_quantity(subscription_id=saas.pk, quantity=20, actor=admin_of(saas), now=NOON)
