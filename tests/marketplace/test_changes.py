"""What partners change of a subscription, what publishers decide, and what it costs (M3, M4, M7)."""

import datetime
import json
from decimal import Decimal

import pytest

from billing.enums import ChargeKind
from billing.models import Charge
from customers import rules as customer_rules
from customers.enums import BillingFrequency, PendingOperation, Term
from marketplace import queries, rules
from marketplace.enums import MarketplaceEvent, OperationAction, OperationStatus, Turn, Wish
from marketplace.models import Operation, SaaSSubscription, WebhookCall
from marketplace.workflow import calls, changes, endings, operations
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.permissions import ROLES_BY_KIND
from portal.audit.models import AuditEvent, AuditEventParty
from portal.core.errors import InvalidInput, PermissionDenied
from portal.core.invariants import breaches
from portal.core.outgoing import Outcome
from portal.notifications.models import ActionItem, OutgoingEmail
from tests.factories import NOON, make_actor, make_partner
from tests.marketplace.factories import (
    admin_of,
    make_active,
    make_indirect_buying_relationship,
    make_offer,
    make_operator,
    make_plan,
    make_publisher,
    make_purchase,
    publisher_of,
    reread,
)

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def ask(saas, quantity=20, actor=None, now=NOON):
    return changes.change_quantity(subscription_id=saas.pk, quantity=quantity, actor=actor or admin_of(saas), now=now)


def decide(operation, *, succeeded=True, actor=None, now=NOON):
    return operations.decide_operation(
        subscription_id=operation.saas_id,
        operation_id=operation.pk,
        succeeded=succeeded,
        actor=actor or publisher_of(operation.saas),
        now=now,
    )


CHANGES = {
    "quantity": lambda saas, actor: ask(saas, actor=actor),
    "plan": lambda saas, actor: changes.change_plan(
        subscription_id=saas.pk, plan_id=make_plan(saas.offer).pk, actor=actor, now=NOON
    ),
    "frequency": lambda saas, actor: changes.change_billing_frequency(
        subscription_id=saas.pk, billing_frequency=BillingFrequency.ANNUAL, actor=actor, now=NOON
    ),
    "auto-renew": lambda saas, actor: changes.set_auto_renew(
        subscription_id=saas.pk, auto_renew=False, actor=actor, now=NOON
    ),
    "name": lambda saas, actor: changes.rename_subscription(
        subscription_id=saas.pk, friendly_name="New name", actor=actor, now=NOON
    ),
    "cancel": lambda saas, actor: endings.cancel_subscription(subscription_id=saas.pk, actor=actor, now=NOON),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("role", sorted(ROLES_BY_KIND[OrganizationKind.DIRECT_BILL]))
def test_only_admin_agents_change_a_marketplace_subscription(change, role):
    saas = make_active(term=Term.YEAR)
    actor = make_actor(saas.partner.organization, role)
    if role == Role.ADMIN_AGENT:
        assert CHANGES[change](saas, actor)
        return
    with pytest.raises(PermissionDenied) as refusal:
        CHANGES[change](saas, actor)
    assert refusal.value.who
    if role == Role.SALES_AGENT:
        assert isinstance(refusal.value, rules.SalesAgentsDoNotChange)
    assert not Operation.objects.exists()


@pytest.mark.parametrize("change", CHANGES)
def test_sales_agents_change_as_well_once_the_temporary_rule_has_ended(change, settings):
    saas = make_active(term=Term.YEAR)
    actor = make_actor(saas.partner.organization, Role.SALES_AGENT)
    settings.SALES_AGENT_RULE_UNTIL = datetime.date(2026, 11, 21)
    with pytest.raises(rules.SalesAgentsDoNotChange):
        CHANGES[change](saas, actor)
    settings.SALES_AGENT_RULE_UNTIL = datetime.date(2026, 11, 20)
    assert CHANGES[change](saas, actor)


@pytest.mark.parametrize("change", CHANGES)
def test_strangers_find_no_such_subscription_and_resellers_leave_it_to_their_provider(change):
    of_provider, of_reseller = make_indirect_buying_relationship()
    saas = make_active(of_provider, term=Term.YEAR)
    stranger = make_actor(make_partner(), Role.ADMIN_AGENT)
    with pytest.raises(SaaSSubscription.DoesNotExist):
        CHANGES[change](saas, stranger)
    with pytest.raises(rules.ResellersDoNotChange):
        CHANGES[change](saas, make_actor(of_reseller.partner.organization, Role.ADMIN_AGENT))


# --- quantity --------------------------------------------------------------------------------------------------------


def test_a_change_of_quantity_waits_for_the_publisher_and_shows_whose_turn_it_is():
    saas = make_active()
    operation = ask(saas)
    saas = reread(saas)
    assert saas.subscription.quantity == 12
    assert saas.subscription.pending_operation == PendingOperation.QUANTITY
    assert operation.status == OperationStatus.IN_PROGRESS
    assert rules.turn_of(saas, operation) == Turn.PUBLISHER
    assert b'"quantity":20' in bytes(WebhookCall.objects.get().body)
    assert Charge.objects.count() == 1
    assert not list(breaches())


def test_agreeing_changes_the_quantity_and_charges_the_days_that_are_left():
    saas = make_active()
    decide(ask(saas, 20, now=NOON + 10 * DAY), now=NOON + 10 * DAY)
    saas = reread(saas)
    assert (saas.subscription.quantity, saas.subscription.pending_operation) == (20, "")
    added = Charge.objects.get(kind=ChargeKind.ADD_QUANTITY)
    # 8 licenses at 10.00 for 20 of the 30 days from 20 November to 20 December
    assert (added.amount, added.quantity, added.starts_on) == (Decimal("53.33"), 8, (NOON + 10 * DAY).date())
    assert added.ends_on == datetime.date(2026, 12, 20)
    assert not list(breaches())


def test_fewer_licenses_give_back_the_days_that_are_left():
    saas = make_active()
    decide(ask(saas, 2, now=NOON + 15 * DAY), now=NOON + 15 * DAY)
    assert Charge.objects.get(kind=ChargeKind.REMOVE_QUANTITY).amount == Decimal(-50)


def test_a_refusal_leaves_everything_as_it_was_and_tells_the_partner():
    saas = make_active()
    operation = decide(ask(saas), succeeded=False)
    saas = reread(saas)
    assert (saas.subscription.quantity, saas.subscription.pending_operation) == (12, "")
    assert operation.status == OperationStatus.FAILED
    assert Charge.objects.count() == 1
    assert AuditEvent.objects.filter(event_type=MarketplaceEvent.CHANGE_REFUSED).exists()
    assert OutgoingEmail.objects.filter(event_type=MarketplaceEvent.CHANGE_REFUSED).exists()


def test_silence_for_ten_seconds_after_being_told_is_consent():
    saas = make_active()
    operation = ask(saas)
    told = NOON + datetime.timedelta(seconds=3)
    url = "https://notes.example"
    calls.note_answer(call_id=operation.call.pk, url=url, started_at=NOON, answer=Outcome(200), now=told)
    nearly, after = told + datetime.timedelta(seconds=9), told + datetime.timedelta(seconds=10)
    assert not calls.settle_operation(operation_id=operation.pk, now=nearly)
    assert calls.settle_operation(operation_id=operation.pk, now=after)
    assert not calls.settle_operation(operation_id=operation.pk, now=after)
    assert reread(saas).subscription.quantity == 20
    with pytest.raises(rules.OperationFinished):
        decide(operation, succeeded=False, now=after)


def test_another_publisher_decides_nothing():
    operation = ask(make_active())
    stranger = make_actor(make_publisher().organization, Role.PUBLISHER_ADMIN)
    with pytest.raises(SaaSSubscription.DoesNotExist):
        decide(operation, actor=stranger)
    with pytest.raises(PermissionDenied):
        decide(operation, actor=admin_of(operation.saas))


@pytest.mark.parametrize("change", ["quantity", "plan", "frequency", "cancel"])
def test_one_change_at_a_time(change):
    saas = make_active(term=Term.YEAR)
    ask(saas)
    with pytest.raises(rules.ChangeRunning):
        CHANGES[change](saas, admin_of(saas))


@pytest.mark.parametrize(
    ("quantity", "error"), [(12, rules.NothingChanges), (1, InvalidInput), (101, InvalidInput), (0, InvalidInput)]
)
def test_a_quantity_is_another_one_within_the_limits(quantity, error):
    saas = make_active(plan=make_plan(min_quantity=2, max_quantity=100))
    with pytest.raises(error):
        ask(saas, quantity)


def test_a_flat_rate_has_no_quantity():
    with pytest.raises(InvalidInput):
        ask(make_active(plan=make_plan(is_per_seat=False)), 5)


@pytest.mark.parametrize("change", ["quantity", "plan", "frequency"])
def test_nothing_changes_before_activation_while_suspended_or_after_the_end(change):
    waiting, suspended, ended = make_purchase(), make_active(term=Term.YEAR), make_active(term=Term.YEAR)
    endings.suspend_subscription(subscription_id=suspended.pk, actor=make_operator(), now=NOON)
    endings.cancel_subscription(subscription_id=ended.pk, actor=admin_of(ended), now=NOON)
    for saas, error in (
        (waiting, rules.NotActivated),
        (suspended, rules.SubscriptionSuspended),
        (ended, rules.SubscriptionEnded),
    ):
        with pytest.raises(error) as refusal:
            CHANGES[change](saas, admin_of(saas))
        assert refusal.value.next_step


# --- plan, frequency -------------------------------------------------------------------------------------------------


def test_a_change_of_plan_charges_the_difference_by_the_day():
    saas = make_active(plan=make_plan(price="10.00"))
    better = make_plan(saas.offer, price="16.00")
    when = NOON + 10 * DAY
    operation = changes.change_plan(subscription_id=saas.pk, plan_id=better.pk, actor=admin_of(saas), now=when)
    assert reread(saas).plan_id == saas.plan_id
    decide(operation, now=when)
    saas = reread(saas)
    assert (saas.plan_id, saas.subscription.unit_price) == (better.pk, Decimal(16))
    rows = dict(Charge.objects.filter(kind=ChargeKind.CONVERT).values_list("unit_price", "amount"))
    assert rows == {Decimal(10): Decimal(-80), Decimal(16): Decimal(128)}
    assert not list(breaches())


def test_a_plan_that_has_lost_its_price_meanwhile_is_refused():
    saas = make_active()
    better = make_plan(saas.offer, price="16.00")
    operation = changes.change_plan(subscription_id=saas.pk, plan_id=better.pk, actor=admin_of(saas), now=NOON)
    better.prices.all().delete()
    operation = decide(operation)
    assert (operation.status, operation.error_code) == (OperationStatus.FAILED, "PriceMissing")
    assert reread(saas).plan_id == saas.plan_id
    assert Charge.objects.count() == 1


def test_a_plan_must_be_another_one_of_the_offer_that_takes_the_quantity():
    saas = make_active()

    def move(plan):
        changes.change_plan(subscription_id=saas.pk, plan_id=plan.pk, actor=admin_of(saas), now=NOON)

    for plan, error in (
        (saas.plan, rules.NothingChanges),
        (make_plan(), InvalidInput),
        (make_plan(saas.offer, max_quantity=5), InvalidInput),
        (make_plan(saas.offer, is_per_seat=False), InvalidInput),
        (make_plan(saas.offer, is_stopped=True), rules.PlanNotSold),
        (make_plan(saas.offer, countries=["SE"]), rules.NotSoldInCountry),
        (make_plan(saas.offer, price=None), rules.PriceMissing),
    ):
        with pytest.raises(error):
            move(plan)


def test_another_billing_frequency_gives_back_the_rest_and_begins_a_new_term():
    saas = make_active(term=Term.YEAR)
    when = NOON + 15 * DAY
    changes.change_billing_frequency(
        subscription_id=saas.pk, billing_frequency=BillingFrequency.ANNUAL, actor=admin_of(saas), now=when
    )
    saas = reread(saas)
    assert saas.subscription.starts_on == when.date()
    assert saas.subscription.ends_on == saas.billed_until == datetime.date(2027, 12, 5)
    amounts = sorted(Charge.objects.filter(kind=ChargeKind.CONVERT).values_list("amount", flat=True))
    assert amounts == [Decimal(-60), Decimal(1200)]
    assert not list(breaches())


def test_the_frequency_changes_back_and_forth_on_one_day():
    saas = make_active(term=Term.YEAR)
    for frequency in (BillingFrequency.ANNUAL, BillingFrequency.MONTHLY, BillingFrequency.ANNUAL):
        changes.change_billing_frequency(
            subscription_id=saas.pk, billing_frequency=frequency, actor=admin_of(saas), now=NOON
        )
    assert sum(Charge.objects.values_list("amount", flat=True)) == 1200


def test_a_month_is_billed_monthly_only():
    saas = make_active()
    with pytest.raises(rules.FrequencyNotOffered):
        CHANGES["frequency"](saas, admin_of(saas))


# --- auto-renew, name, reseller --------------------------------------------------------------------------------------


def test_switching_auto_renew_twice_to_the_same_tells_once():
    saas = make_active()
    for _ in range(2):
        CHANGES["auto-renew"](saas, admin_of(saas))
    assert not reread(saas).subscription.auto_renew
    assert AuditEvent.objects.filter(event_type=MarketplaceEvent.AUTO_RENEW_CHANGED).count() == 1


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_a_name_is_neither_empty_nor_endless(name):
    saas = make_active()
    with pytest.raises(InvalidInput):
        changes.rename_subscription(subscription_id=saas.pk, friendly_name=name, actor=admin_of(saas), now=NOON)


def test_a_provider_credits_a_location_of_its_reseller():
    of_provider, of_reseller = make_indirect_buying_relationship()
    saas = make_active(of_provider)
    branch = of_reseller.partner.locations.create(partner_id_number="7654321", name="Branch", country="FR")

    def credit(reseller_id, number):
        return changes.change_partner_on_record(
            subscription_id=saas.pk, reseller_id=reseller_id, number=number, actor=admin_of(saas), now=NOON
        )

    credit(of_reseller.partner_id, branch.partner_id_number)
    assert reread(saas).subscription.partner_on_record == "7654321"
    with pytest.raises(rules.NothingChanges):
        credit(of_reseller.partner_id, branch.partner_id_number)
    with pytest.raises(customer_rules.ResellerNotYours):
        credit(make_partner(OrganizationKind.INDIRECT_RESELLER).pk, "")
    with pytest.raises(InvalidInput):
        credit(of_reseller.partner_id, "1111111")


# --- asking an admin agent -------------------------------------------------------------------------------------------


def test_a_sales_agent_asks_an_admin_agent_whose_change_completes_the_wish():
    saas = make_active()
    admin, seller = admin_of(saas), make_actor(saas.partner.organization, Role.SALES_AGENT)
    changes.ask_admin_agent(
        subscription_id=saas.pk, wish=Wish.QUANTITY, note="Eight more, please", actor=seller, now=NOON
    )
    item = ActionItem.objects.get(event_type=MarketplaceEvent.CHANGE_ASKED)
    assert (item.roles, item.completed_at) == ([Role.ADMIN_AGENT], None)
    assert "Eight more, please" in item.body["en"]
    assert OutgoingEmail.objects.filter(event_type=MarketplaceEvent.CHANGE_ASKED).get().recipient == admin.email
    event = AuditEvent.objects.get(event_type=MarketplaceEvent.CHANGE_ASKED)
    assert list(AuditEventParty.objects.filter(event=event).values_list("organization_id", flat=True)) == [
        saas.partner_id
    ]

    ask(saas, actor=admin)
    item.refresh_from_db()
    assert item.completed_at == NOON


# --- the publisher's own changes -------------------------------------------------------------------------------------


def by_publisher(saas, **what):
    return changes.change_by_publisher(subscription_id=saas.pk, actor=publisher_of(saas), now=NOON, **what)


def test_a_publisher_changes_at_once_what_it_may_change():
    saas = make_active(plan=make_plan(make_offer(publisher_may_change=True)))
    operation = by_publisher(saas, quantity=20)
    assert (operation.status, operation.action) == (OperationStatus.SUCCEEDED, OperationAction.CHANGE_QUANTITY)
    assert reread(saas).subscription.quantity == 20
    assert json.loads(bytes(operation.call.body))["subscription"]["quantity"] == 20  # told when it has been done
    by_publisher(saas, plan_id=make_plan(saas.offer).pk)
    assert reread(saas).plan_id != saas.plan_id
    assert decide(operation) == operation
    with pytest.raises(rules.OperationFinished):
        decide(operation, succeeded=False)


def test_a_publisher_does_not_change_what_a_partner_bought():
    saas = make_active()
    with pytest.raises(rules.PublisherMayNot):
        by_publisher(saas, quantity=20)
    with pytest.raises(rules.PublisherMayNot):
        endings.cancel_by_publisher(subscription_id=saas.pk, actor=publisher_of(saas), now=NOON)


def test_the_details_page_gives_the_reason_against_each_action():
    saas = make_active()
    admin = queries.subscription_detail(admin_of(saas), saas.pk, now=NOON)
    only_providers = {name: refusal.code for name, refusal in admin.refusals.items() if refusal}
    assert only_providers == {"further_resellers": "no-further-resellers"}
    assert admin.refund == Decimal(120)
    seller = make_actor(saas.partner.organization, Role.SALES_AGENT)
    seen = queries.subscription_detail(seller, saas.pk, now=NOON + 2 * DAY)
    assert {name for name, refusal in seen.refusals.items() if refusal is None} == {"link", "ask"}
    assert seen.refund == 0
