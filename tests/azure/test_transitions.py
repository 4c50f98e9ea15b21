"""From the previous Azure offer to the Azure plan: at the same partner, and from another partner (A2, A6; 9.4)."""

import datetime

import pytest

from azure.enums import AzureEvent, TransitionStatus
from azure.models import PlanTransition, TransitionItem
from azure.processing.transitions import process_transition, sweep
from azure.rules import transitions as rules
from azure.rules.offers import AzureOfferRefused
from azure.workflow.transitions import convert_item, start_transition
from billing.models import Charge
from customers.enums import PendingOperation, ProductFamily, Qualification, SubscriptionStatus
from customers.models import Customer, Subscription
from customers.rules import buying
from portal.accounts.enums import Role
from portal.audit.models import AuditEvent
from portal.core.errors import PermissionDenied
from portal.notifications.models import ActionItem
from tests.azure.factories import PLAN, buy, make_customer_of
from tests.customers.factories import make_indirect_relationships, make_relationship, make_subscription
from tests.factories import NOON, make_actor, make_member
from tests.transfers.factories import make_world
from transfers import processing

pytestmark = pytest.mark.django_db
OLD = NOON - datetime.timedelta(days=400)
F, S, T = ProductFamily, SubscriptionStatus, TransitionStatus


def make_previous(relationship, **fields):
    defaults = {
        "product_family": F.AZURE_LEGACY,
        "product_name": "Azure (0145P)",
        "term": "none",
        "billing_frequency": "usage",
        "auto_renew": False,
        "starts_on": OLD.date(),
        "ends_on": None,
        "quantity": 1,
        "created_at": OLD,
    }
    return make_subscription(relationship, **defaults | fields)


def start(relationship, *subscriptions, role=Role.ADMIN_AGENT):
    return start_transition(
        customer_id=relationship.customer_id,
        subscription_ids=[one.pk for one in subscriptions],
        actor=make_actor(relationship.partner.organization, role),
        now=NOON,
    )


def run(transition):
    return process_transition(transition_id=transition.pk, clock=lambda: NOON)


def test_subscriptions_go_below_a_plan_that_is_bought_with_them_and_keep_their_identifiers():
    relationship = make_customer_of()
    first, second = make_previous(relationship), make_previous(relationship)
    transition = start(relationship, first, second, role=Role.SALES_AGENT)

    first.refresh_from_db()
    assert (first.product_family, first.pending_operation) == (F.AZURE_LEGACY, PendingOperation.CONVERSION)
    assert (transition.status, transition.plan.product_family) == (T.RUNNING, F.AZURE_PLAN)
    assert run(transition).status == T.COMPLETED
    assert run(transition).status == T.COMPLETED
    for row in (first, second):
        row.refresh_from_db()
        assert (row.product_family, row.parent_id) == (F.AZURE_SUBSCRIPTION, transition.plan_id)
        assert (row.status, row.pending_operation) == (S.ACTIVE, "")
    assert AuditEvent.objects.filter(event_type=AzureEvent.CONVERTED).count() == 2
    assert AuditEvent.objects.filter(event_type=AzureEvent.TRANSITION_FINISHED).count() == 1
    assert ActionItem.objects.filter(event_type=AzureEvent.TRANSITION_FINISHED).count() == 1
    assert not Charge.objects.exists()


def test_a_plan_that_is_there_is_used_and_each_reseller_gets_its_own():
    relationship = make_customer_of()
    plan = buy(relationship, PLAN)
    assert start(relationship, make_previous(relationship)).plan_id == plan.pk

    of_provider, _of_reseller = make_indirect_relationships(has_agreement=True)
    other = buy(of_provider, PLAN)
    Subscription.objects.filter(pk=other.pk).update(reseller=None)
    transition = start(of_provider, make_previous(of_provider, reseller_id=of_provider.counterpart_id))
    assert transition.plan_id != other.pk
    assert transition.plan.reseller_id == of_provider.counterpart_id


BLOCKERS = {
    "suspended": ({"status": S.SUSPENDED}, rules.SuspendedNotConverted),
    "running": ({"pending_operation": PendingOperation.TRANSFER}, rules.ConversionRunning),
    "recent": ({"created_at": NOON - datetime.timedelta(hours=23)}, rules.BoughtTooRecently),
    "shared": ({"product_family": F.SHARED_SERVICES}, rules.SharedServicesStay),
    "license": ({"product_family": F.LICENSE_BASED}, rules.NotPreviousOffer),
}


@pytest.mark.parametrize(("fields", "refusal"), BLOCKERS.values(), ids=BLOCKERS)
def test_each_blocker_keeps_everything_as_it_is(fields, refusal):
    relationship = make_customer_of()
    good, bad = make_previous(relationship), make_previous(relationship, **fields)
    with pytest.raises(refusal) as refused:
        start(relationship, good, bad)
    assert refused.value.who
    assert not PlanTransition.objects.exists()
    assert not Subscription.objects.filter(product_family=F.AZURE_PLAN).exists()


def test_who_may_start_and_what_must_hold():
    relationship = make_customer_of()
    previous = make_previous(relationship)
    with pytest.raises(PermissionDenied):
        start(relationship, previous, role=Role.HELPDESK_AGENT)
    with pytest.raises(rules.NothingToConvert):
        start(relationship)
    with pytest.raises(rules.NothingToConvert):
        start(make_customer_of(customer=relationship.customer), previous)
    without_agreement = make_relationship()
    with pytest.raises(buying.Refusal):
        start(without_agreement, make_previous(without_agreement))
    Customer.objects.update(qualification=Qualification.GOVERNMENT_COMMUNITY_CLOUD)
    with pytest.raises(AzureOfferRefused):
        start(relationship, previous)


def test_what_changed_meanwhile_is_told_and_a_killed_run_is_found_again(django_capture_on_commit_callbacks):
    relationship = make_customer_of()
    kept, changed = make_previous(relationship), make_previous(relationship)
    transition = start(relationship, kept, changed)
    Subscription.objects.filter(pk=changed.pk).update(status=S.SUSPENDED)
    assert convert_item(item_id=TransitionItem.objects.get(subscription=kept).pk, now=NOON)
    assert not convert_item(item_id=TransitionItem.objects.get(subscription=kept).pk, now=NOON)

    assert sweep(now=NOON + datetime.timedelta(minutes=1)) == 0
    assert sweep(now=NOON + datetime.timedelta(minutes=3)) == 1
    assert run(transition).status == T.FAILED
    item = TransitionItem.objects.get(subscription=changed)
    assert (item.status, item.reason) == (T.FAILED, "suspended-not-converted")
    changed.refresh_from_db()
    assert (changed.product_family, changed.pending_operation) == (F.AZURE_LEGACY, "")
    assert sweep(now=NOON + datetime.timedelta(minutes=9)) == 0


def test_the_page_starts_the_transition_tells_the_blockers_and_shows_the_progress(client_for):
    relationship = make_customer_of()
    good, bad = make_previous(relationship), make_previous(relationship, status=S.SUSPENDED, friendly_name="Asleep")
    url = f"/customers/{relationship.customer_id}/azure-plan/"
    helpdesk = client_for(make_member(relationship.partner.organization, Role.HELPDESK_AGENT))
    assert "Start the transition" not in helpdesk.get(url).content.decode()
    assert helpdesk.post(f"{url}start/", {"selected": str(good.pk)}).status_code == 403

    client = client_for(make_member(relationship.partner.organization, Role.ADMIN_AGENT))
    page = client.get(url).content.decode()
    assert "Reactivate it first." in page
    assert f"/customers/{relationship.customer_id}/transfers/new/" in page
    assert client.post(f"{url}start/", {"selected": str(bad.pk)}).status_code == 409
    assert client.post(f"{url}start/", {"selected": str(good.pk)}).status_code == 302
    assert "0 of 1" in client.get(url).content.decode()
    run(PlanTransition.objects.get())
    fragment = client.get(url, headers={"HX-Request": "true"}).content.decode()
    assert "1 of 1" in fragment
    assert "every 3s" not in fragment


# --- from another partner --------------------------------------------------------------------------------------------
def test_a_transfer_takes_the_previous_offer_over_and_converts_it_in_the_same_step():
    world = make_world()
    previous, plan = make_previous(world.at_source), world.azure_plan(at=world.at_target)
    transfer = world.accept(world.send(), previous)
    processing.process_transfer(transfer_id=transfer.pk, clock=lambda: NOON)

    moved = Subscription.objects.get(transferred_from=previous)
    assert (moved.product_family, moved.parent_id) == (F.AZURE_SUBSCRIPTION, plan.pk)
    assert (moved.product_name, moved.offer_id) == ("Azure subscription", "azure-subscription:usage:none")
    assert moved.entitlement == previous.pk
