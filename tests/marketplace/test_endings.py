"""Cancel, suspend, reinstate: the window, the refund, the grace period (M8, section 7.7)."""

import datetime
from decimal import Decimal

import pytest

from billing.enums import ChargeKind
from billing.models import Charge
from customers.enums import BillingFrequency, SubscriptionStatus, Term
from marketplace import rules
from marketplace.enums import (
    EndReason,
    FulfillmentStatus,
    MarketplaceEvent,
    OperationAction,
    OperationStatus,
    Refund,
)
from marketplace.models import Operation, SaaSSubscription
from marketplace.workflow import calls, changes, endings
from portal.accounts.enums import Role
from portal.audit.models import AuditEvent, AuditEventParty
from portal.core.errors import PermissionDenied
from portal.core.invariants import breaches
from portal.core.outgoing import Outcome
from tests.factories import NOON, make_actor
from tests.marketplace.factories import (
    admin_of,
    make_active,
    make_dimension,
    make_offer,
    make_operator,
    make_plan,
    make_purchase,
    publisher_of,
    reread,
)

pytestmark = pytest.mark.django_db
HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


def cancel(saas, now=NOON):
    return endings.cancel_subscription(subscription_id=saas.pk, actor=admin_of(saas), now=now)


def total(saas):
    return sum(Charge.objects.filter(subscription=saas.pk).values_list("amount", flat=True), Decimal(0))


def test_before_activation_canceling_costs_nothing_however_late():
    saas = make_purchase()
    cancel(saas, NOON + 20 * DAY)
    saas = reread(saas)
    assert (saas.status, saas.end_reason) == (FulfillmentStatus.UNSUBSCRIBED, EndReason.CANCELED)
    assert (saas.subscription.status, saas.subscription.auto_renew) == (SubscriptionStatus.DELETED, False)
    assert not Charge.objects.exists()
    assert Operation.objects.get().action == OperationAction.UNSUBSCRIBE


@pytest.mark.parametrize(("term", "window"), [(Term.MONTH, DAY), (Term.YEAR, 14 * DAY)])
def test_inside_the_window_everything_comes_back_after_it_canceling_is_refused(term, window):
    early, late = make_active(term=term), make_active(term=term)
    cancel(early, NOON + window - HOUR)
    assert total(early) == 0
    with pytest.raises(rules.WindowOver) as refusal:
        cancel(late, NOON + window)
    assert "auto-renew off" in refusal.value.next_step
    assert total(late) == 120
    changes.set_auto_renew(subscription_id=late.pk, auto_renew=False, actor=admin_of(late), now=NOON)
    with pytest.raises(rules.WindowOver) as refusal:
        cancel(late, NOON + window)
    assert "Auto-renew is off" in refusal.value.next_step
    assert not list(breaches())


@pytest.mark.parametrize(("refund", "left"), [(Refund.FULL, 0), (Refund.PRORATED, 40), (Refund.NONE, 120)])
def test_the_offer_says_what_comes_back(refund, left):
    saas = make_active(plan=make_plan(make_offer(refund=refund, monthly_window_hours=30 * 24)))
    cancel(saas, NOON + 10 * DAY)
    assert total(saas) == left


def test_a_full_refund_takes_changes_of_quantity_along():
    saas = make_active(term=Term.YEAR, billing_frequency=BillingFrequency.ANNUAL)
    operation = changes.change_quantity(subscription_id=saas.pk, quantity=30, actor=admin_of(saas), now=NOON + DAY)
    calls.note_answer(
        call_id=operation.call.pk,
        url="",
        started_at=NOON,
        answer=Outcome(200),
        now=NOON + DAY,
    )
    calls.settle_operation(operation_id=operation.pk, now=NOON + DAY + HOUR)
    cancel(saas, NOON + 2 * DAY)
    assert total(saas) == 0
    assert Charge.objects.filter(kind=ChargeKind.CANCEL).count() == 1


def test_canceling_twice_is_refused_and_refunds_once():
    saas = make_active()
    cancel(saas)
    with pytest.raises(rules.SubscriptionEnded):
        cancel(saas)
    assert total(saas) == 0


def test_a_publisher_that_may_cancels_with_the_refund_of_the_window():
    saas = make_active(plan=make_plan(make_offer(publisher_may_change=True)))
    operation = endings.cancel_by_publisher(subscription_id=saas.pk, actor=publisher_of(saas), now=NOON + HOUR)
    assert operation.status == OperationStatus.SUCCEEDED
    assert reread(saas).end_reason == EndReason.CANCELED_BY_PUBLISHER
    assert total(saas) == 0


# --- suspended -------------------------------------------------------------------------------------------------------


def suspend(saas, now=NOON):
    return endings.suspend_subscription(subscription_id=saas.pk, actor=make_operator(), now=now)


def reinstate(saas, now):
    return endings.reinstate_subscription(subscription_id=saas.pk, actor=make_operator(), now=now)


def test_only_the_operator_suspends_and_reinstates():
    saas = make_active()
    for actor in (admin_of(saas), publisher_of(saas), make_actor(saas.partner.organization, Role.GLOBAL_ADMIN)):
        with pytest.raises(PermissionDenied):
            endings.suspend_subscription(subscription_id=saas.pk, actor=actor, now=NOON)
        with pytest.raises(PermissionDenied):
            endings.reinstate_subscription(subscription_id=saas.pk, actor=actor, now=NOON)


def test_a_missing_payment_suspends_for_thirty_days_then_ends():
    saas = make_active(term=Term.YEAR)
    suspend(saas)
    saas = reread(saas)
    assert (saas.status, saas.subscription.status) == (FulfillmentStatus.SUSPENDED, SubscriptionStatus.SUSPENDED)
    assert not endings.end_unpaid_subscription(subscription_id=saas.pk, now=NOON + 30 * DAY - HOUR)
    assert endings.end_unpaid_subscription(subscription_id=saas.pk, now=NOON + 30 * DAY)
    assert reread(saas).end_reason == EndReason.NOT_PAID
    actions = set(Operation.objects.values_list("action", flat=True))
    assert actions == {OperationAction.SUSPEND, OperationAction.UNSUBSCRIBE}
    assert not list(breaches())


@pytest.mark.parametrize("http_status", [200, 404])
def test_a_reinstated_subscription_runs_once_its_publisher_was_told(http_status):
    saas = make_active(term=Term.YEAR)
    suspend(saas)
    operation = reinstate(saas, NOON + 40 * HOUR)
    assert reread(saas).status == FulfillmentStatus.SUSPENDED
    calls.note_answer(
        call_id=operation.call.pk,
        url="",
        started_at=NOON,
        answer=Outcome(http_status),
        now=NOON + 41 * HOUR,
    )
    saas = reread(saas)
    assert (saas.status, saas.subscription.status) == (FulfillmentStatus.SUBSCRIBED, SubscriptionStatus.ACTIVE)
    assert total(saas) == 120
    assert not list(breaches())


def test_a_publisher_that_is_away_does_not_keep_a_paid_subscription_suspended_for_ever():
    saas = make_active(term=Term.YEAR)
    suspend(saas)
    operation = reinstate(saas, NOON)
    assert calls.settle_operation(operation_id=operation.pk, now=NOON + 8 * HOUR)
    assert reread(saas).status == FulfillmentStatus.SUBSCRIBED


def test_days_of_a_suspension_that_no_charge_covers_stay_free():
    saas = make_active(term=Term.YEAR)  # charged until 20 December
    suspend(saas, NOON + 20 * DAY)
    when = datetime.datetime(2026, 12, 30, tzinfo=datetime.UTC)
    operation = reinstate(saas, when)
    calls.settle_operation(operation_id=operation.pk, now=when + 9 * HOUR)
    charge = Charge.objects.get(kind=ChargeKind.CYCLE)
    assert (charge.starts_on, charge.ends_on) == (datetime.date(2026, 12, 30), datetime.date(2027, 1, 20))
    assert charge.amount == Decimal("81.29")  # 21 of 31 days
    assert reread(saas).billed_until == charge.ends_on


def test_what_is_not_active_is_not_suspended_and_what_is_not_suspended_not_reinstated():
    saas = make_purchase()
    with pytest.raises(rules.NotActivated):
        suspend(saas)
    with pytest.raises(rules.NotSuspended):
        reinstate(make_active(), NOON)
    twice = make_active()
    suspend(twice)
    with pytest.raises(rules.SubscriptionSuspended):
        suspend(twice)
    reinstate(twice, NOON)
    with pytest.raises(rules.ChangeRunning):
        reinstate(twice, NOON)


def test_a_publisher_refuses_a_reinstatement_by_canceling():
    saas = make_active()
    suspend(saas)
    operation = reinstate(saas, NOON)
    endings.cancel_by_publisher(subscription_id=saas.pk, actor=publisher_of(saas), now=NOON)
    operation.refresh_from_db()
    assert operation.status == OperationStatus.FAILED
    assert reread(saas).status == FulfillmentStatus.UNSUBSCRIBED


def test_metered_usage_is_never_given_back():
    saas = make_active(plan=make_plan(is_per_seat=False, price="30.00"))
    dimension = make_dimension(saas.plan)
    Charge.objects.create(
        subscription=saas.subscription,
        billing_owner_id=saas.partner_id,
        customer_id=saas.subscription.customer_id,
        kind=ChargeKind.METERED,
        starts_on=NOON.date(),
        ends_on=NOON.date() + DAY,
        unit_price=5,
        amount=5,
        currency="EUR",
        reference=dimension.code,
        created_at=NOON,
    )
    cancel(saas)
    assert total(saas) == 5


def test_nobody_cancels_what_it_does_not_see():
    saas = make_active()
    with pytest.raises(SaaSSubscription.DoesNotExist):
        endings.cancel_subscription(subscription_id=saas.pk, actor=admin_of(make_active()), now=NOON)


def test_what_comes_back_is_for_the_partner_to_read_alone():
    saas = make_active()
    cancel(saas)
    event = AuditEvent.objects.get(event_type=MarketplaceEvent.CANCELED)
    told = dict(AuditEventParty.objects.filter(event=event).values_list("organization_id", "details"))
    assert told == {
        saas.partner_id: {"refund": "120.0000 EUR"},
        saas.subscription.customer_id: {},
        saas.publisher_id: {},
    }
    assert "refund" not in event.details
