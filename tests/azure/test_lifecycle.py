"""What can be done with first-party subscriptions, family by family, and what time does to them (section 8)."""

import datetime
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from azure.enums import AzureEvent
from azure.models import ProductTerm
from azure.processing import terms
from azure.rules import lifecycle as rules
from azure.rules.families import LIFECYCLES
from azure.rules.next_terms import NextTermPlan
from azure.workflow import changes
from azure.workflow.next_terms import plan_next_term
from azure.workflow.wanted import apply
from billing.models import Charge
from customers.enums import ProductFamily, SubscriptionStatus
from customers.models import Subscription
from customers.subscription_changes import ChangeNotOffered, NextTerm, SubscriptionChange
from portal.accounts.enums import Role
from portal.audit.models import AuditEvent
from portal.core.errors import PermissionDenied, Refusal
from tests.azure.factories import (
    LICENSE,
    PERPETUAL,
    PLAN,
    RESERVATION,
    SAVINGS,
    SOFTWARE,
    UNDER_PLAN,
    buy,
    make_customer_of,
    make_prices,
)
from tests.customers.factories import make_indirect_relationships, make_subscription
from tests.factories import NOON, make_actor, make_member

pytestmark = pytest.mark.django_db
DAY, WEEK = datetime.timedelta(days=1), datetime.timedelta(days=7)
S = SubscriptionStatus


def admin_of(subscription, role=Role.ADMIN_AGENT):
    return make_actor(subscription.billing_owner.organization, role)


def money(subscription):
    return Charge.objects.filter(subscription=subscription).aggregate(total=Sum("amount"))["total"]


def code_of(change):
    """The code with which a change is refused, or nothing."""
    try:
        change()
    except Refusal as refusal:
        return refusal.code
    return ""


def tried(subscription, now=NOON):
    """What each change of section 1.7 answers, none of them kept."""
    actor, named = admin_of(subscription), {"subscription_id": subscription.pk, "now": now}
    quantity = subscription.quantity
    calls = {
        "suspend": lambda: changes.suspend(**named, actor=actor),
        "reactivate": lambda: changes.reactivate(**named, actor=actor),
        "more": lambda: changes.change_quantity(**named, actor=actor, quantity=quantity + 1),
        "fewer": lambda: changes.change_quantity(**named, actor=actor, quantity=quantity - 1),
        "renewal": lambda: changes.set_auto_renew(**named, actor=actor, auto_renew=not subscription.auto_renew),
        "cancel": lambda: changes.cancel(**named, actor=actor),
    }
    answers = {}
    for name, call in calls.items():
        point = transaction.savepoint()
        answers[name] = code_of(call)
        transaction.savepoint_rollback(point)
    return answers


ACTIVE, OTHER = "subscription-is-active", "action-not-for-this-product"
BOUND, OVER = "licenses-bound-until-renewal", "return-window-over"
# What an active subscription of each family answers inside its window, and in what it differs after it.
ANSWERS = {
    "license": (LICENSE, {"reactivate": ACTIVE}, {"fewer": BOUND, "cancel": OVER}),
    "software": (SOFTWARE, {"suspend": OTHER, "reactivate": OTHER, "fewer": OTHER}, {"cancel": OVER}),
    "perpetual": (
        PERPETUAL,
        {"suspend": OTHER, "reactivate": OTHER, "more": OTHER, "fewer": OTHER, "renewal": OTHER},
        {"cancel": OVER},
    ),
    "reservation": (RESERVATION, {"suspend": OTHER, "reactivate": OTHER, "more": OTHER, "fewer": OTHER}, {}),
    "savings": (
        SAVINGS,
        {"suspend": OTHER, "reactivate": OTHER, "more": OTHER, "fewer": OTHER, "cancel": OTHER},
        {},
    ),
    "azure": (UNDER_PLAN, {"reactivate": ACTIVE, "more": OTHER, "fewer": OTHER, "renewal": OTHER}, {}),
}
NOTHING = dict.fromkeys(["suspend", "reactivate", "more", "fewer", "renewal", "cancel"], "")


@pytest.mark.parametrize(("codes", "inside", "after"), ANSWERS.values(), ids=ANSWERS)
def test_each_family_allows_what_its_terms_say_inside_its_window_and_after_it(codes, inside, after):
    make_prices()
    relationship = make_customer_of()
    buy(relationship, PLAN)
    counted = {} if codes in (SAVINGS, UNDER_PLAN) else {"quantity": 5}
    subscription = buy(relationship, codes, **counted)
    days = LIFECYCLES[subscription.product_family].window_days or 7
    window = datetime.timedelta(days=days)

    assert tried(subscription) == NOTHING | inside
    assert tried(subscription, NOON + window - datetime.timedelta(seconds=1)) == NOTHING | inside
    assert tried(subscription, NOON + window) == NOTHING | inside | after


@pytest.mark.parametrize("status", [S.EXPIRED, S.DISABLED, S.DELETED])
def test_what_has_ended_or_is_moving_changes_no_more(status):
    make_prices()
    subscription = buy(make_customer_of(), LICENSE, quantity=5)
    Subscription.objects.filter(pk=subscription.pk).update(pending_operation="transfer")
    assert set(tried(subscription).values()) == {"subscription-busy"}
    Subscription.objects.filter(pk=subscription.pk).update(pending_operation="", status=status)
    assert set(tried(subscription).values()) == {"subscription-not-running"}


def test_who_may_change_what():
    make_prices()
    relationship = make_customer_of()
    plan = buy(relationship, PLAN)
    subscription = buy(relationship, LICENSE)
    sales, helpdesk = admin_of(subscription, Role.SALES_AGENT), admin_of(subscription, Role.HELPDESK_AGENT)
    changes.change_quantity(subscription_id=subscription.pk, quantity=2, actor=sales, now=NOON)
    for actor, row in ((sales, plan), (helpdesk, subscription)):
        with pytest.raises(PermissionDenied):
            changes.cancel(subscription_id=row.pk, actor=actor, now=NOON)
    with pytest.raises(Subscription.DoesNotExist):
        changes.cancel(subscription_id=subscription.pk, actor=make_actor(), now=NOON)

    of_provider, of_reseller = make_indirect_relationships(has_agreement=True)
    theirs = buy(of_provider, LICENSE)
    with pytest.raises(rules.ProviderChanges):
        changes.suspend(
            subscription_id=theirs.pk, actor=make_actor(of_reseller.partner.organization, Role.ADMIN_AGENT), now=NOON
        )


def test_licenses_can_go_only_while_they_are_in_their_own_window():
    make_prices()
    subscription = buy(make_customer_of(), LICENSE, quantity=10)
    actor = admin_of(subscription)

    def change(quantity, day):
        changes.change_quantity(subscription_id=subscription.pk, quantity=quantity, actor=actor, now=NOON + day * DAY)

    change(14, 5)
    change(12, 6)
    with pytest.raises(rules.LicensesBound, match="Only 2 licenses"):
        change(9, 8)
    change(10, 8)
    with pytest.raises(rules.LicensesBound):
        change(9, 8)
    subscription.refresh_from_db()
    assert subscription.quantity == 10


def test_adding_and_taking_back_on_one_day_costs_nothing_and_fewer_gives_back_by_the_day():
    make_prices()
    subscription = buy(make_customer_of(), LICENSE, quantity=3)
    actor = admin_of(subscription)
    for quantity in (8, 3):
        changes.change_quantity(subscription_id=subscription.pk, quantity=quantity, actor=actor, now=NOON + DAY)
    assert money(subscription) == Decimal(30)
    changes.change_quantity(subscription_id=subscription.pk, quantity=1, actor=actor, now=NOON + 3 * DAY)
    assert money(subscription) == Decimal(30) - Decimal(18)  # 20 for 30 days, 27 of which are left


def test_canceling_gives_back_what_the_family_gives():
    make_prices()
    relationship = make_customer_of()
    plan, cases = buy(relationship, PLAN), []
    below = buy(relationship, UNDER_PLAN)
    for codes, left in ((LICENSE, 2), (PERPETUAL, 0), (RESERVATION, 6)):
        cases.append((buy(relationship, codes), Decimal(left)))
    for subscription, left in cases:
        changes.cancel(subscription_id=subscription.pk, actor=admin_of(subscription), now=NOON + 6 * DAY)
        assert money(subscription) == left, subscription.product_family
        subscription.refresh_from_db()
        assert (subscription.status, subscription.auto_renew) == (S.DELETED, False)
    with pytest.raises(rules.StillInUse):
        changes.cancel(subscription_id=plan.pk, actor=admin_of(plan), now=NOON)
    changes.cancel(subscription_id=below.pk, actor=admin_of(plan), now=NOON)
    changes.cancel(subscription_id=plan.pk, actor=admin_of(plan), now=NOON)
    assert AuditEvent.objects.filter(event_type=AzureEvent.CANCELED).count() == 5


def test_suspending_stops_the_renewal_but_not_the_charges():
    make_prices()
    subscription = buy(make_customer_of(), LICENSE)
    actor = admin_of(subscription)
    changes.suspend(subscription_id=subscription.pk, actor=actor, now=NOON)
    terms.run(now=NOON + 31 * DAY)
    assert money(subscription) == Decimal(20)
    changes.reactivate(subscription_id=subscription.pk, actor=actor, now=NOON + 31 * DAY)
    subscription.refresh_from_db()
    assert (subscription.status, subscription.auto_renew) == (S.ACTIVE, False)


# --- time ------------------------------------------------------------------------------------------------------------
def test_a_year_is_charged_month_by_month_to_the_cent_then_renews_with_the_quantity_wished_for():
    make_prices()
    make_prices(month=datetime.date(2027, 11, 1))
    subscription = buy(make_customer_of(), LICENSE, quantity=10)
    actor = admin_of(subscription)
    plan = NextTermPlan(6, subscription.term, subscription.billing_frequency)
    plan_next_term(subscription_id=subscription.pk, plan=plan, actor=actor, now=NOON + 30 * DAY)
    for month in range(1, 12):
        terms.run(now=NOON + month * 31 * DAY)
    assert money(subscription) == Decimal(1200)

    end = datetime.datetime(2027, 11, 20, 1, tzinfo=datetime.UTC)
    terms.run(now=end)
    terms.run(now=end)
    subscription.refresh_from_db()
    assert (subscription.quantity, subscription.starts_on) == (6, datetime.date(2027, 11, 20))
    assert subscription.ends_on == datetime.date(2028, 11, 20)
    assert money(subscription) == Decimal(1260)
    assert rules.reducible_now(subscription.pk, now=end) == 6
    assert subscription.cancelable_until == end + WEEK
    event = AuditEvent.objects.get(event_type=AzureEvent.RENEWED)
    assert (event.before["quantity"], event.after["quantity"]) == (10, 6)


def test_a_term_counted_from_the_31st_comes_back_to_it():
    make_prices(month=datetime.date(2026, 12, 1))
    subscription = buy(make_customer_of(), LICENSE, now=datetime.datetime(2027, 1, 31, 9, tzinfo=datetime.UTC))
    terms.run(now=datetime.datetime(2027, 3, 1, 9, tzinfo=datetime.UTC))
    days = list(Charge.objects.order_by("starts_on").values_list("starts_on", "ends_on"))
    assert days == [
        (datetime.date(2027, 1, 31), datetime.date(2027, 2, 28)),
        (datetime.date(2027, 2, 28), datetime.date(2027, 3, 31)),
    ]
    assert ProductTerm.objects.get(pk=subscription.pk).billed_until == datetime.date(2027, 3, 31)


@pytest.mark.parametrize(("is_suspended", "first"), [(False, S.EXPIRED), (True, S.DISABLED)])
def test_without_renewal_a_subscription_expires_is_disabled_and_deleted(is_suspended, first):
    make_prices()
    subscription = buy(make_customer_of(), LICENSE)
    step = changes.suspend if is_suspended else changes.set_auto_renew
    more = {} if is_suspended else {"auto_renew": False}
    step(subscription_id=subscription.pk, actor=admin_of(subscription), now=NOON, **more)
    end = datetime.datetime(2027, 11, 20, 1, tzinfo=datetime.UTC)

    def status_on(moment):
        terms.run(now=moment)
        return Subscription.objects.get(pk=subscription.pk).status

    assert status_on(end - DAY) == (S.SUSPENDED if is_suspended else S.ACTIVE)
    assert status_on(end) == first
    assert status_on(end + 29 * DAY) == first
    assert status_on(end + 30 * DAY) == S.DISABLED
    assert status_on(end + 119 * DAY) == S.DISABLED
    assert status_on(end + 120 * DAY) == S.DELETED
    assert money(subscription) == Decimal(120)
    assert AuditEvent.objects.filter(event_type=AzureEvent.ENDED).count() == 1


def test_what_was_imported_or_transferred_is_charged_from_its_next_cycle_on():
    relationship = make_customer_of()
    more = {"unit_price": 10, "currency": "EUR", "starts_on": "2025-03-05", "ends_on": "2027-03-05"}
    imported = make_subscription(relationship, **more)
    paid = make_subscription(relationship, **more)
    Charge.objects.create(
        subscription=paid,
        billing_owner=relationship.partner,
        customer=relationship.customer,
        kind="transfer_charge",
        starts_on="2026-11-10",
        ends_on="2026-12-05",
        unit_price=10,
        amount=1,
        currency="EUR",
        created_at=NOON,
    )
    usage = make_subscription(relationship, product_family=ProductFamily.AZURE_PLAN, term="none", ends_on=None)
    assert terms.run(now=NOON)["taken_in"] == 2
    assert terms.run(now=NOON)["taken_in"] == 0
    assert (money(imported), money(usage)) == (None, None)
    terms.run(now=NOON + 16 * DAY)
    assert (money(imported), money(paid)) == (Decimal(50), Decimal(51))


# --- over the API ----------------------------------------------------------------------------------------------------
def test_the_api_changes_through_the_same_functions():
    make_prices()
    subscription = buy(make_customer_of(), LICENSE, quantity=4)
    named = {"subscription_id": subscription.pk, "actor": admin_of(subscription), "now": NOON}
    apply(change=SubscriptionChange(friendly_name="Mill", quantity=6), **named)
    apply(change=SubscriptionChange(next_term=NextTerm(quantity=3)), **named)
    assert ProductTerm.objects.get().renewal_quantity == 3
    apply(change=SubscriptionChange(status=S.SUSPENDED), **named)
    apply(change=SubscriptionChange(status=S.ACTIVE, auto_renew=True), **named)
    subscription.refresh_from_db()
    assert (subscription.friendly_name, subscription.quantity, subscription.auto_renew) == ("Mill", 6, True)
    assert ProductTerm.objects.get().renewal_quantity is None
    for change in (SubscriptionChange(billing_cycle="annual"), SubscriptionChange(next_term=NextTerm(term="P3Y"))):
        with pytest.raises(ChangeNotOffered):
            apply(change=change, **named)
    apply(change=SubscriptionChange(status=S.DELETED), **named)
    assert Subscription.objects.get().status == S.DELETED


# --- pages -----------------------------------------------------------------------------------------------------------
def test_the_page_of_a_subscription_offers_what_can_be_done_and_explains_the_rest(client_for):
    now = timezone.now()
    make_prices(month=now.date().replace(day=1))
    relationship = make_customer_of()
    subscription = buy(relationship, LICENSE, quantity=4, now=now)
    url = f"/azure/subscriptions/{subscription.pk}/"
    client = client_for(make_member(relationship.partner.organization, Role.ADMIN_AGENT))
    assert client.get(url).status_code == 200
    question = client.get(f"{url}quantity/").content.decode()
    assert "can be taken back" in question
    assert client.post(f"{url}quantity/", {"quantity": "0"}).status_code == 422
    assert client.post(f"{url}quantity/", {"quantity": "4"}).status_code == 409
    for path, answer in (
        ("quantity", {"quantity": "7"}),
        ("name", {"friendly_name": "Saw mill"}),
        ("next-term", {"quantity": "5", "way": "P1Y:monthly"}),
        ("next-term/drop", {"confirmed": "yes"}),
        ("auto-renew", {"confirmed": "yes"}),
        ("suspend", {"confirmed": "yes"}),
        ("reactivate", {"confirmed": "yes"}),
        ("cancel", {"confirmed": "yes"}),
    ):
        assert client.post(f"{url}{path}/", answer).status_code == 302, path
    page = client.get(url).content.decode()
    assert "Saw mill" in page
    assert "This subscription has ended: Deleted." in page

    helpdesk = client_for(make_member(relationship.partner.organization, Role.HELPDESK_AGENT))
    assert "Admin agent" in helpdesk.get(f"{url}cancel/").content.decode()
    assert helpdesk.post(f"{url}cancel/", {"confirmed": "yes"}).status_code == 403
