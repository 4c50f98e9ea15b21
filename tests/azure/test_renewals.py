"""First-party terms renew in batches that can be killed; each keeps its charge and its event (section 8)."""

import datetime

import pytest

from azure.enums import AzureEvent
from azure.invariants import breaches
from azure.models import LicenseAddition, ProductTerm
from azure.processing import renewals, terms
from azure.rules.next_terms import NextTermPlan
from azure.workflow.next_terms import plan_next_term
from billing.models import Charge
from customers.models import Subscription
from portal.accounts.enums import Role
from portal.audit.models import AuditEvent, AuditEventParty
from portal.webhooks.models import WebhookDelivery
from tests.azure.factories import (
    LICENSE,
    PERPETUAL,
    PLAN,
    RESERVATION,
    SAVINGS,
    SOFTWARE,
    buy,
    make_customer_of,
    make_prices,
    make_ways,
)
from tests.factories import NOON, make_actor
from tests.portal.webhooks.factories import register

pytestmark = pytest.mark.django_db
END = datetime.datetime(2027, 11, 20, 1, tzinfo=datetime.UTC)
BEGINS, NEXT = datetime.date(2027, 11, 20), datetime.date(2028, 11, 20)


def paid_up():
    """Let every cycle of the first term be charged, as twelve months of runs would have."""
    ProductTerm.objects.update(billed_until=BEGINS)


def test_every_family_renews_as_its_terms_say():
    make_prices()
    relationship = make_customer_of()
    buy(relationship, PLAN)
    bought = {codes["product_id"]: buy(relationship, codes) for codes in (LICENSE, SOFTWARE, RESERVATION, SAVINGS)}
    buy(relationship, PERPETUAL)
    paid_up()
    assert renewals.renew_terms(now=END) == 4
    assert renewals.renew_terms(now=END) == 0

    charged = {charge.subscription_id: charge for charge in Charge.objects.filter(kind="renewal")}
    for codes, amount, until, window in (
        (LICENSE, 10, datetime.date(2027, 12, 20), 7),
        (SOFTWARE, 700, NEXT, 7),
        (RESERVATION, 30, datetime.date(2027, 12, 20), None),
        (SAVINGS, 90, datetime.date(2027, 12, 20), None),
    ):
        row = bought[codes["product_id"]]
        row.refresh_from_db()
        charge = charged[row.pk]
        assert (row.starts_on, row.ends_on) == (BEGINS, NEXT)
        assert (charge.amount, charge.starts_on, charge.ends_on) == (amount, BEGINS, until)
        assert ProductTerm.objects.get(pk=row.pk).billed_until == until
        assert row.cancelable_until == (END + datetime.timedelta(days=window) if window else None)
        event = AuditEvent.objects.get(event_type=AzureEvent.RENEWED, subject_id=str(row.pk))
        assert event.before == {"ends": BEGINS.isoformat(), "quantity": 1}
        assert event.after == {"ends": NEXT.isoformat(), "quantity": 1}
        assert event.details == {"product": row.product_name}
        parties = set(AuditEventParty.objects.filter(event=event).values_list("organization_id", flat=True))
        assert parties == {relationship.partner_id, relationship.customer_id}
    additions = LicenseAddition.objects.order_by("added_at").values_list("subscription__product_family", "left")
    assert list(additions) == [("license_based", 0), ("license_based", 1)]
    assert list(breaches()) == []


def test_a_planned_way_stands_in_the_event_and_goes_to_who_listens():
    make_prices()
    make_ways(("P3Y", "annual", 90))
    row = buy(make_customer_of(), LICENSE, quantity=4)
    register("https://hooks.example/renewals", organization=row.billing_owner.organization, events=[AzureEvent.RENEWED])
    actor = make_actor(row.billing_owner.organization, Role.ADMIN_AGENT)
    plan_next_term(subscription_id=row.pk, plan=NextTermPlan(2, "P3Y", "annual"), actor=actor, now=NOON)
    paid_up()
    renewals.renew_terms(now=END)
    event = AuditEvent.objects.get(event_type=AzureEvent.RENEWED)
    assert (event.before["term"], event.after["term"]) == ("P1Y", "P3Y")
    assert (event.before["billing frequency"], event.after["billing frequency"]) == ("monthly", "annual")
    assert WebhookDelivery.objects.get().event_type == AzureEvent.RENEWED


def test_a_run_that_is_killed_anywhere_goes_on_without_charging_twice(monkeypatch):
    make_prices()
    relationship = make_customer_of()
    for _ in range(5):
        buy(relationship, LICENSE)
    paid_up()
    steps, original = [], renewals.log.record_selected

    def killed(*args, **kwargs):
        steps.append(1)
        if len(steps) == 2:
            raise KeyboardInterrupt
        return original(*args, **kwargs)

    monkeypatch.setattr(renewals.log, "record_selected", killed)
    with pytest.raises(KeyboardInterrupt):
        renewals.renew_terms(now=END, batch=2)
    assert Charge.objects.filter(kind="renewal").count() == 2
    assert renewals.renew_terms(now=END, batch=2) == 3
    assert Charge.objects.filter(kind="renewal").count() == 5
    assert AuditEvent.objects.filter(event_type=AzureEvent.RENEWED).count() == 5
    assert list(breaches()) == []


def test_what_is_not_paid_up_suspended_busy_or_not_renewing_does_not_renew():
    make_prices()
    relationship = make_customer_of()
    rows = [buy(relationship, LICENSE) for _ in range(5)]
    paid_up()
    for row, change in zip(
        rows, ({"status": "suspended"}, {"pending_operation": "transfer"}, {"auto_renew": False}), strict=False
    ):
        Subscription.objects.filter(pk=row.pk).update(**change)
    ProductTerm.objects.filter(pk=rows[3].pk).update(billed_until="2027-10-20")
    assert renewals.renew_terms(now=END) == 1
    rows[4].refresh_from_db()
    assert rows[4].ends_on == NEXT
    done = terms.run(now=END)
    assert (done["cycles"], done["ended"], done["renewed"]) == (1, 2, 1)


def test_missed_terms_follow_one_another_each_at_the_price_of_its_day():
    make_prices()
    make_ways(("P1M", "monthly", 12))
    make_prices(month=datetime.date(2026, 12, 1))
    make_ways(("P1M", "monthly", 13), month=datetime.date(2026, 12, 1))
    buy(make_customer_of(), LICENSE, term="P1M")
    assert renewals.renew_terms(now=datetime.datetime(2027, 2, 25, tzinfo=datetime.UTC)) == 3
    assert list(Charge.objects.order_by("starts_on").values_list("amount", flat=True)) == [12, 13, 13, 13]
