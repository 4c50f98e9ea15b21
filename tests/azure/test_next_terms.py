"""Longer terms, other billing frequencies, and what is planned for the next term (sections 1.7 and 8)."""

import datetime
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.utils import timezone

from azure import invariants
from azure.enums import AzureEvent
from azure.models import ProductTerm
from azure.processing import terms
from azure.rules import next_terms as rules
from azure.rules.lifecycle import NotForThisFamily, NotRunning, SuspendedAlready
from azure.rules.next_terms import NextTermPlan
from azure.workflow import changes
from azure.workflow.next_terms import change_billing_frequency, change_term, drop_next_term, plan_next_term
from azure.workflow.wanted import apply
from billing.models import Charge
from customers.subscription_changes import NextTerm, SubscriptionChange
from portal.accounts.enums import Role
from portal.audit.models import AuditEvent
from portal.core.errors import InvalidInput, PermissionDenied
from tests.azure.factories import (
    LICENSE,
    PLAN,
    RESERVATION,
    SAVINGS,
    SOFTWARE,
    buy,
    make_customer_of,
    make_prices,
    make_ways,
)
from tests.factories import NOON, make_actor, make_member

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
END = datetime.datetime(2027, 11, 20, 1, tzinfo=datetime.UTC)
WAYS = (("P1M", "monthly", 12), ("P3Y", "monthly", 8), ("P3Y", "annual", 90))


def bought(**fields):
    make_prices()
    make_ways(*WAYS)
    return buy(make_customer_of(), LICENSE, **({"quantity": 4} | fields))


def named(row, role=Role.ADMIN_AGENT, now=NOON):
    return {"subscription_id": row.pk, "actor": make_actor(row.billing_owner.organization, role), "now": now}


def plan_of(row):
    return rules.planned(row, ProductTerm.objects.filter(pk=row.pk).first())


def money(row):
    return Charge.objects.filter(subscription=row).aggregate(total=Sum("amount"))["total"]


# --- planned for the renewal -----------------------------------------------------------------------------------------
def test_the_next_term_begins_as_planned_at_the_list_price_of_its_day():
    row = bought()
    plan_next_term(**named(row), plan=NextTermPlan(3, "P3Y", "annual"))
    event = AuditEvent.objects.get(event_type=AzureEvent.NEXT_TERM_SET)
    assert event.before == {"quantity": 4, "term": "P1Y", "billing frequency": "monthly"}
    assert event.after == {"quantity": 3, "term": "P3Y", "billing frequency": "annual"}
    row.refresh_from_db()
    assert (row.quantity, row.term) == (4, "P1Y")

    for month in range(1, 12):
        terms.run(now=NOON + month * 31 * DAY)
    terms.run(now=END)
    row.refresh_from_db()
    assert (row.quantity, row.term, row.billing_frequency) == (3, "P3Y", "annual")
    assert (row.unit_price, row.ends_on) == (90, datetime.date(2030, 11, 20))
    assert row.offer_id.endswith(":P3Y")
    assert Charge.objects.get(kind="renewal").amount == 270
    assert not ProductTerm.objects.get().has_plans


def test_a_way_that_is_sold_no_more_at_the_renewal_leaves_the_term_as_it_is():
    row = bought()
    plan_next_term(**named(row), plan=NextTermPlan(3, "P3Y", "annual"))
    make_prices(month=datetime.date(2027, 11, 1))
    for month in range(1, 12):
        terms.run(now=NOON + month * 31 * DAY)
    terms.run(now=END)
    row.refresh_from_db()
    assert (row.quantity, row.term, row.billing_frequency, row.unit_price) == (3, "P1Y", "monthly", 10)


def test_what_is_as_now_takes_the_plan_back_and_so_does_undo():
    row = bought()
    plan_next_term(**named(row), plan=NextTermPlan(9, "P3Y", "monthly"))
    plan_next_term(**named(row), plan=NextTermPlan.as_now(row))
    assert not ProductTerm.objects.get().has_plans
    with pytest.raises(rules.NothingPlanned):
        drop_next_term(**named(row))
    plan_next_term(**named(row), plan=NextTermPlan(9, "P1Y", "monthly"))
    drop_next_term(**named(row))
    assert plan_of(row) == NextTermPlan.as_now(row)
    assert AuditEvent.objects.filter(event_type=AzureEvent.NEXT_TERM_SET).count() == 4


LOSING = {
    "quantity": lambda row: changes.change_quantity(**named(row), quantity=5),
    "auto-renew": lambda row: changes.set_auto_renew(**named(row), auto_renew=False),
    "suspension": lambda row: changes.suspend(**named(row)),
    "cancellation": lambda row: changes.cancel(**named(row)),
    "term": lambda row: change_term(**named(row), term="P3Y", billing_frequency="monthly"),
}


@pytest.mark.parametrize("change", LOSING.values(), ids=LOSING)
def test_the_plan_is_lost_by_what_the_dialogs_say(change):
    row = bought()
    plan_next_term(**named(row), plan=NextTermPlan(9, "P3Y", "annual"))
    change(row)
    assert not ProductTerm.objects.get().has_plans


def test_a_plan_needs_an_active_subscription_that_renews_and_something_that_is_sold():
    row = bought()
    for plan, refusal in (
        (NextTermPlan(4, "P1M", "monthly"), rules.TermOnlyLonger),
        (NextTermPlan(4, "P3Y", "upfront"), InvalidInput),
        (NextTermPlan(0, "P1Y", "monthly"), InvalidInput),
        (NextTermPlan(10_001, "P1Y", "monthly"), InvalidInput),
    ):
        with pytest.raises(refusal):
            plan_next_term(**named(row), plan=plan)
    more = NextTermPlan(5, "P1Y", "monthly")
    with pytest.raises(PermissionDenied):
        plan_next_term(**named(row, Role.HELPDESK_AGENT), plan=more)
    changes.set_auto_renew(**named(row), auto_renew=False)
    with pytest.raises(rules.NoNextTerm):
        plan_next_term(**named(row), plan=more)
    changes.suspend(**named(row))
    with pytest.raises(SuspendedAlready):
        plan_next_term(**named(row), plan=more)
    changes.cancel(**named(row))
    with pytest.raises(NotRunning):
        plan_next_term(**named(row), plan=more)


def test_which_families_plan_what():
    make_prices()
    relationship = make_customer_of()
    buy(relationship, PLAN)
    software, reservation = buy(relationship, SOFTWARE, quantity=2), buy(relationship, RESERVATION, quantity=2)
    savings = buy(relationship, SAVINGS)
    for row, quantity, refusal in (
        (software, 1, NotForThisFamily),
        (software, 3, None),
        (reservation, 1, None),
        (savings, 2, InvalidInput),
    ):
        plan = NextTermPlan(quantity, row.term, row.billing_frequency)
        if refusal is None:
            plan_next_term(**named(row), plan=plan)
            assert plan_of(row).quantity == quantity
        else:
            with pytest.raises(refusal):
                plan_next_term(**named(row), plan=plan)
    with pytest.raises(NotForThisFamily):
        change_term(**named(reservation), term="P3Y", billing_frequency="monthly")


# --- the running term ------------------------------------------------------------------------------------------------
def test_a_longer_term_begins_at_once_and_gives_the_rest_of_the_cycle_back():
    row = bought()
    later = NOON + 10 * DAY  # 20 of 30 days are left
    with pytest.raises(rules.TermOnlyLonger):
        change_term(**named(buy(make_customer_of(), LICENSE, term="P3Y")), term="P1Y", billing_frequency="monthly")
    with pytest.raises(InvalidInput):
        change_term(**named(row), term="P1M", billing_frequency="monthly")
    change_term(**named(row, now=later), term="P3Y", billing_frequency="annual")
    row.refresh_from_db()
    assert (row.starts_on, row.ends_on) == (datetime.date(2026, 11, 30), datetime.date(2029, 11, 30))
    assert (row.unit_price, row.term, row.billing_frequency) == (90, "P3Y", "annual")
    assert money(row) == Decimal(40) - Decimal("26.67") + Decimal(360)
    assert ProductTerm.objects.get(pk=row.pk).billed_until == datetime.date(2027, 11, 30)
    terms.run(now=datetime.datetime(2027, 11, 30, 1, tzinfo=datetime.UTC))
    assert Charge.objects.get(subscription=row, kind="cycle").amount == 360
    assert list(invariants.breaches()) == []


def test_three_years_change_between_monthly_and_annual_and_nothing_else_does_before_its_end():
    row = bought()
    with pytest.raises(rules.FrequencyFixed):
        change_billing_frequency(**named(row), billing_frequency="annual")
    triennial = buy(make_customer_of(), LICENSE, term="P3Y", billing_frequency="annual")
    ends_on = triennial.ends_on
    for frequency in ("upfront", "annual"):
        with pytest.raises((InvalidInput, rules.SameAlready)):
            change_billing_frequency(**named(triennial), billing_frequency=frequency)
    change_billing_frequency(**named(triennial, now=NOON + DAY), billing_frequency="monthly")
    triennial.refresh_from_db()
    assert (triennial.unit_price, triennial.billing_frequency, triennial.ends_on) == (8, "monthly", ends_on)
    rest = Decimal(90) - Decimal("89.75") + (Decimal(8) - Decimal("0.27"))  # one day of the year, 29 of the month
    assert money(triennial) == rest
    terms.run(now=NOON + 31 * DAY)
    assert money(triennial) == rest + 8
    change_billing_frequency(**named(triennial, now=NOON + 31 * DAY), billing_frequency="annual")
    assert ProductTerm.objects.get(pk=triennial.pk).billed_until == datetime.date(2027, 11, 20)
    assert list(invariants.breaches()) == []


# --- over the API and on pages ---------------------------------------------------------------------------------------
def test_the_api_plans_and_drops_the_next_term_and_lengthens_the_running_one():
    row = bought()
    apply(change=SubscriptionChange(next_term=NextTerm(quantity=3, term="P3Y", billing_cycle="annual")), **named(row))
    assert plan_of(row) == NextTermPlan(3, "P3Y", "annual")
    kept = NextTerm(f"{row.offer_id.rpartition(':')[0]}:P3Y", "annual", "P3Y", 3)
    apply(change=SubscriptionChange(friendly_name="Mill", next_term=kept), **named(row))
    assert plan_of(row) == NextTermPlan(3, "P3Y", "annual")
    apply(change=SubscriptionChange(), **named(row))
    assert plan_of(row) == NextTermPlan.as_now(row)
    apply(change=SubscriptionChange(catalog_item=f"{row.offer_id.rpartition(':')[0]}:P3Y"), **named(row))
    row.refresh_from_db()
    assert (row.term, row.billing_frequency) == ("P3Y", "monthly")
    apply(change=SubscriptionChange(billing_cycle="annual"), **named(row))
    row.refresh_from_db()
    assert row.billing_frequency == "annual"


def test_the_page_shows_what_is_planned_with_undo_and_the_dialogs_say_what_is_lost(client_for):
    now = timezone.now()
    make_prices(month=now.date().replace(day=1))
    make_ways(*WAYS, month=now.date().replace(day=1))
    row = buy(make_customer_of(), LICENSE, quantity=4, now=now)
    url = f"/azure/subscriptions/{row.pk}/"
    client = client_for(make_member(row.billing_owner.organization, Role.ADMIN_AGENT))
    assert "As now" in client.get(url).content.decode()
    assert client.post(f"{url}next-term/", {"quantity": "2", "way": "P1M:monthly"}).status_code == 422
    assert client.post(f"{url}next-term/", {"quantity": "2", "way": "P3Y:annual"}).status_code == 302
    page = client.get(url).content.decode()
    assert "Planned for" in page
    assert f"{url}next-term/drop/" in page
    for path in ("quantity", "auto-renew", "suspend", "cancel", "term"):
        assert "taken back: 2 licenses · 3 years · billed: Annual" in client.get(f"{url}{path}/").content.decode(), path
    assert "Before its end only a term of 3 years" in client.get(f"{url}billing/").content.decode()
    assert client.post(f"{url}term/", {"way": "P3Y:monthly"}).status_code == 302
    assert "€8.00" in client.get(url).content.decode()
    assert client.post(f"{url}billing/", {"way": "P3Y:annual"}).status_code == 302
    assert client.get(f"{url}next-term/drop/").status_code == 200
    assert client.post(f"{url}next-term/drop/", {"confirmed": "yes"}).status_code == 409
