"""What time does: terms renew or end, cycles are charged, people are reminded, nothing is charged twice (M8)."""

import datetime
import itertools
import json
from decimal import Decimal

import pytest

from billing.enums import ChargeKind
from billing.models import Charge
from customers.enums import BillingFrequency, SubscriptionStatus, Term
from marketplace import wire
from marketplace.enums import EndReason, FulfillmentStatus, MarketplaceEvent, OperationAction
from marketplace.models import Margin, Operation, WebhookCall
from marketplace.processing import renewals, terms
from marketplace.workflow import changes, endings
from portal.audit.models import AuditEvent, AuditEventParty
from portal.core.invariants import breaches, overdue
from portal.notifications.models import ActionItem, OutgoingEmail
from tests.factories import NOON
from tests.marketplace.factories import (
    admin_of,
    make_active,
    make_buying_relationship,
    make_indirect_buying_relationship,
    make_operator,
    make_plan,
    make_price,
    make_purchase,
    reread,
)

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
MONTHLY, ANNUAL = BillingFrequency.MONTHLY, BillingFrequency.ANNUAL


def on(year, month, day, hour=12):
    return datetime.datetime(year, month, day, hour, tzinfo=datetime.UTC)


def charges(kind, saas=None):
    rows = Charge.objects.filter(kind=kind, **({"subscription": saas.pk} if saas else {}))
    return list(rows.order_by("starts_on").values_list("starts_on", "ends_on", "amount"))


def days(*pairs):
    return [(datetime.date(*start), datetime.date(*end), Decimal(amount)) for start, end, amount in pairs]


def test_a_term_renews_the_day_after_its_last_one():
    saas = make_active()  # 20 November to 20 December
    terms.run(now=on(2026, 12, 19))
    assert reread(saas).subscription.ends_on == datetime.date(2026, 12, 20)
    done = terms.run(now=on(2026, 12, 20, 0))

    saas = reread(saas)
    assert done["renewed"] == 1
    assert saas.subscription.starts_on == datetime.date(2026, 12, 20)
    assert saas.subscription.ends_on == saas.billed_until == datetime.date(2027, 1, 20)
    assert charges(ChargeKind.RENEWAL) == days(((2026, 12, 20), (2027, 1, 20), 120))
    assert terms.run(now=on(2026, 12, 20, 1))["renewed"] == 0
    assert Charge.objects.count() == 2
    assert not list(breaches())


def test_the_publisher_is_told_in_exactly_the_words_of_the_wire():
    plain = make_active(plan=make_plan(is_per_seat=False))
    provider, _reseller = make_indirect_buying_relationship()
    saas = make_active(provider, term=Term.YEAR, billing_frequency=ANNUAL)
    odd = make_active(term=Term.YEAR, now=on(2026, 11, 20, 1))
    odd.subscription.friendly_name = 'Größe "12" \\ {0} \x1f'
    odd.subscription.save()
    odd.beneficiary_email, odd.beneficiary_object_id, odd.publisher_may_change = "x@y.example", odd.pk, True
    odd.save()
    terms.run(now=on(2027, 11, 20))
    for found in (plain, saas, odd):
        operation = Operation.objects.filter(saas_id=found.pk, action=OperationAction.RENEW).latest("created_at")
        operation.saas = reread(found)
        body = bytes(WebhookCall.objects.get(operation=operation).body)
        if found is not plain:  # which has renewed a dozen times since
            assert json.loads(body) == wire.call(operation)
        assert list(json.loads(body)) == list(wire.call(operation))


def test_everybody_concerned_reads_of_a_renewal():
    provider, reseller = make_indirect_buying_relationship()
    saas = make_active(provider)
    terms.run(now=on(2026, 12, 20))
    event = AuditEvent.objects.get(event_type=MarketplaceEvent.RENEWED)
    parties = set(AuditEventParty.objects.filter(event=event).values_list("organization_id", flat=True))
    assert parties == {provider.partner_id, reseller.partner_id, saas.subscription.customer_id, saas.publisher_id}
    assert (event.subject_id, event.after) == (str(saas.pk), {"ends": "2027-01-20"})


def test_the_price_of_a_new_term_is_the_one_that_holds_on_its_first_day():
    relationship, plan = make_buying_relationship(), make_plan()
    saas = make_active(relationship, plan)
    make_price(plan, Term.MONTH, MONTHLY, "13.00", valid_from=datetime.date(2026, 12, 20))
    make_price(plan, Term.MONTH, MONTHLY, "99.00", valid_from=datetime.date(2026, 12, 21))
    Margin.objects.create(
        plan=plan, partner=relationship.partner, percent=Decimal("12.5"), starts_on=datetime.date(2026, 12, 1)
    )
    terms.run(now=on(2026, 12, 28))  # the job comes a week late
    saas = reread(saas)
    assert (saas.list_price, saas.subscription.unit_price) == (Decimal(13), Decimal("11.375"))
    assert charges(ChargeKind.RENEWAL) == days(((2026, 12, 20), (2027, 1, 20), "136.50"))


def test_a_plan_without_a_price_any_more_keeps_the_old_one():
    saas = make_active()
    saas.plan.prices.all().delete()
    terms.run(now=on(2026, 12, 20))
    assert reread(saas).subscription.unit_price == Decimal(10)


def test_terms_missed_while_nothing_ran_are_caught_up_one_by_one():
    saas = make_active()
    assert terms.run(now=on(2027, 3, 1))["renewed"] == 3
    assert reread(saas).subscription.ends_on == datetime.date(2027, 3, 20)
    assert len(charges(ChargeKind.RENEWAL)) == 3


def test_the_thirty_first_comes_back_after_a_short_month():
    saas = make_active(now=on(2027, 1, 31))
    ends = []
    for month in (2, 3, 4, 5):
        terms.run(now=on(2027, month, 28) + 5 * DAY)
        ends.append(reread(saas).subscription.ends_on)
    assert ends[0] == datetime.date(2027, 3, 31)
    assert datetime.date(2027, 4, 30) in ends
    assert ends[-1] == datetime.date(2027, 6, 30)
    starts = [start for start, _end, _amount in charges(ChargeKind.RENEWAL)]
    assert starts[:3] == [datetime.date(2027, 2, 28), datetime.date(2027, 3, 31), datetime.date(2027, 4, 30)]
    assert not charges(ChargeKind.CYCLE)  # a term of a month is one cycle, however many days the month has


def test_without_auto_renew_a_subscription_ends_with_its_term():
    saas = make_active()
    changes.set_auto_renew(subscription_id=saas.pk, auto_renew=False, actor=admin_of(saas), now=NOON)
    terms.run(now=on(2026, 12, 19))
    assert reread(saas).status == FulfillmentStatus.SUBSCRIBED
    assert terms.run(now=on(2026, 12, 20))["ended"] == 1
    saas = reread(saas)
    assert (saas.status, saas.end_reason) == (FulfillmentStatus.UNSUBSCRIBED, EndReason.TERM_ENDED)
    assert saas.subscription.status == SubscriptionStatus.EXPIRED
    assert Charge.objects.count() == 1
    assert OutgoingEmail.objects.filter(event_type=MarketplaceEvent.ENDED).exists()


def test_a_free_trial_becomes_a_paid_term_or_ends():
    goes_on, ends = make_active(plan=make_plan(trial_days=30)), make_active(plan=make_plan(trial_days=30))
    changes.set_auto_renew(subscription_id=ends.pk, auto_renew=False, actor=admin_of(ends), now=NOON)
    terms.run(now=NOON + 30 * DAY)
    goes_on = reread(goes_on)
    assert not goes_on.subscription.is_trial
    assert charges(ChargeKind.RENEWAL, goes_on) == days(((2026, 12, 20), (2027, 1, 20), 120))
    assert reread(ends).status == FulfillmentStatus.UNSUBSCRIBED
    assert sum(Charge.objects.filter(subscription=ends.pk).values_list("amount", flat=True)) == 0
    terms.run(now=on(2027, 1, 20))
    assert reread(goes_on).subscription.ends_on == datetime.date(2027, 2, 20)


@pytest.mark.parametrize(
    ("frequency", "expected"),
    [
        (MONTHLY, [((2026, 12, 20), (2027, 1, 20), 120), ((2027, 1, 20), (2027, 2, 20), 120)]),
        (ANNUAL, []),
    ],
)
def test_cycles_inside_a_term_are_charged_as_they_begin(frequency, expected):
    saas = make_active(term=Term.YEAR, billing_frequency=frequency)
    for _ in range(2):
        terms.run(now=on(2027, 1, 20))
    assert charges(ChargeKind.CYCLE) == days(*expected)
    assert reread(saas).subscription.ends_on == datetime.date(2027, 11, 20)


def test_a_year_of_cycles_ends_where_the_year_ends_and_the_next_one_begins():
    saas = make_active(term=Term.YEAR)
    terms.run(now=on(2027, 12, 1))
    covered = charges(ChargeKind.NEW) + charges(ChargeKind.CYCLE) + charges(ChargeKind.RENEWAL)
    assert len(covered) == 13
    assert all(before[1] == after[0] for before, after in itertools.pairwise(covered))
    assert reread(saas).billed_until == datetime.date(2027, 12, 20)
    assert not list(breaches())


def test_what_waits_is_suspended_or_has_ended_is_neither_renewed_nor_charged():
    waiting, suspended, ended = make_purchase(), make_active(term=Term.YEAR), make_active(term=Term.YEAR)
    endings.suspend_subscription(subscription_id=suspended.pk, actor=make_operator(), now=NOON)
    endings.cancel_subscription(subscription_id=ended.pk, actor=admin_of(ended), now=NOON)
    done = terms.run(now=on(2028, 1, 1))
    assert (done["renewed"], done["cycles"]) == (0, 0)
    assert (done["lapsed"], done["not_paid"]) == (1, 1)
    assert {reread(saas).status for saas in (waiting, suspended, ended)} == {FulfillmentStatus.UNSUBSCRIBED}


def test_a_running_change_is_settled_before_the_term_renews():
    saas = make_active()
    changes.change_quantity(subscription_id=saas.pk, quantity=20, actor=admin_of(saas), now=on(2026, 12, 20, 0))
    assert terms.run(now=on(2026, 12, 20, 1))["renewed"] == 0
    Operation.objects.running().get().call.delete()
    operation = Operation.objects.running().get()
    Operation.objects.filter(pk=operation.pk).update(status="Failed", finished_at=NOON)
    assert terms.run(now=on(2026, 12, 20, 2))["renewed"] == 1


def test_a_run_that_is_killed_anywhere_goes_on_without_charging_twice(monkeypatch):
    plan = make_plan()
    for _ in range(5):
        make_active(plan=plan)
    steps = []

    def killed(*args, **kwargs):
        steps.append(1)
        if len(steps) == 2:
            raise KeyboardInterrupt
        return original(*args, **kwargs)

    original = renewals.log.record_selected
    monkeypatch.setattr(renewals.log, "record_selected", killed)
    with pytest.raises(KeyboardInterrupt):
        renewals.renew_terms(now=on(2026, 12, 20), batch=2)
    assert len(charges(ChargeKind.RENEWAL)) == 2
    assert renewals.renew_terms(now=on(2026, 12, 20), batch=2) == 3
    assert len(charges(ChargeKind.RENEWAL)) == 5
    assert Operation.objects.filter(action=OperationAction.RENEW).count() == 5
    assert not list(breaches())


@pytest.mark.parametrize(
    ("term", "reminders"), [(Term.MONTH, [(2026, 12, 13)]), (Term.YEAR, [(2027, 10, 21), (2027, 11, 13)])]
)
def test_the_end_of_a_term_is_told_thirty_and_seven_days_before_of_short_ones_once(term, reminders):
    saas = make_active(term=term)
    told = []
    day = NOON
    while day.date() < saas.subscription.ends_on:
        before = AuditEvent.objects.filter(event_type=MarketplaceEvent.RENEWAL_NEAR).count()
        terms.run(now=day)
        if AuditEvent.objects.filter(event_type=MarketplaceEvent.RENEWAL_NEAR).count() > before:
            told.append(day.date())
        day += DAY if (saas.subscription.ends_on - day.date()).days < 60 else 20 * DAY
    assert told == [datetime.date(*date) for date in reminders]
    assert OutgoingEmail.objects.filter(event_type=MarketplaceEvent.RENEWAL_NEAR).count() == len(reminders)
    assert ActionItem.objects.filter(event_type=MarketplaceEvent.RENEWAL_NEAR).count() == len(reminders)


def test_the_next_term_is_reminded_of_anew():
    make_active()
    for now in (on(2026, 12, 14), on(2026, 12, 20), on(2027, 1, 14)):
        terms.run(now=now)
    assert AuditEvent.objects.filter(event_type=MarketplaceEvent.RENEWAL_NEAR).count() == 2


def test_one_that_fails_does_not_keep_the_others_from_ending(monkeypatch):
    first, second = make_purchase(), make_purchase()
    original = endings.lapse_purchase

    def failing(*, subscription_id, now):
        if subscription_id == first.pk:
            raise ValueError("broken")
        return original(subscription_id=subscription_id, now=now)

    monkeypatch.setattr(endings, "lapse_purchase", failing)
    assert terms.run(now=NOON + 31 * DAY)["lapsed"] == 1
    assert reread(second).status == FulfillmentStatus.UNSUBSCRIBED


def test_billing_that_stands_still_is_overdue():
    assert not [line for line in overdue() if "stands still" in line]
    make_active(now=on(2026, 2, 1))
    assert [line for line in overdue() if "stands still" in line]
