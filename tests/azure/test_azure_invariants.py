"""What contradicts itself in first-party products is found, and what is late too (quality row 3)."""

import datetime

import pytest

from azure import invariants
from azure.models import LicenseAddition, PlanTransition, ProductTerm, TransitionItem
from billing.models import Charge
from customers.models import Subscription
from tests.azure.factories import LICENSE, PLAN, UNDER_PLAN, buy, make_customer_of, make_prices
from tests.factories import NOON

pytestmark = pytest.mark.django_db
FAR = NOON + datetime.timedelta(days=36_500)


def found():
    return sorted(line.rpartition(":")[0] for line in invariants.breaches())


def test_each_contradiction_is_found():
    make_prices()
    relationship = make_customer_of()
    plan, below, license_ = buy(relationship, PLAN), buy(relationship, UNDER_PLAN), buy(relationship, LICENSE)
    assert found() == []

    charge = Charge.objects.get(subscription=license_)
    charge.pk, charge.kind = None, "cycle"
    charge.save(force_insert=True)
    assert found() == ["Two charges for the same cycle of a first-party subscription"]
    Charge.objects.filter(kind="cycle").delete()

    Subscription.objects.filter(pk=below.pk).update(parent=license_)
    assert found() == ["Azure subscription that stands below something else than an Azure plan of its partner"]
    Subscription.objects.filter(pk=below.pk).update(parent=plan, pending_operation="conversion")
    assert found() == ["Subscription that shows a conversion to the Azure plan without one, or hides one"]
    Subscription.objects.filter(pk=below.pk).update(pending_operation="")

    LicenseAddition.objects.update(quantity=9, left=9, reducible_until=FAR)
    assert found() == ["More licenses that can be taken back than there are"]
    LicenseAddition.objects.all().delete()

    transition = PlanTransition.objects.create(
        customer=relationship.customer,
        partner=relationship.partner,
        plan=plan,
        status="completed",
        started_by_name="Ada",
        started_at=NOON,
        finished_at=NOON,
    )
    TransitionItem.objects.create(transition=transition, subscription=below)
    Subscription.objects.filter(pk=below.pk).update(pending_operation="conversion")
    assert found() == ["Transition to the Azure plan that has ended with something still running"]


def test_what_nobody_works_on_is_late():
    make_prices()
    relationship = make_customer_of()
    plan, license_ = buy(relationship, PLAN), buy(relationship, LICENSE)
    assert list(invariants.overdue()) == []
    ProductTerm.objects.filter(pk=license_.pk).update(billed_until="2020-01-01")
    PlanTransition.objects.create(
        customer=relationship.customer,
        partner=relationship.partner,
        plan=plan,
        started_by_name="Ada",
        started_at=NOON.replace(year=2020),
    )
    assert len(list(invariants.overdue())) == 2
