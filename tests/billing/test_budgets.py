"""Budgets: what a customer's usage may cost in a month; each threshold is told once (portal reference, section 1.6)."""

import datetime
from decimal import Decimal

import pytest
from django.core import mail
from django.urls import reverse

from billing.models import Budget, BudgetAlert
from billing.workflow import budgets
from portal.accounts.enums import Role
from portal.audit.models import AuditEvent
from portal.notifications.models import ActionItem, OutgoingEmail
from tests.billing.usage_factories import import_rows, make_azure, make_customer, make_meter, row
from tests.factories import NOON, make_actor, make_member, make_partner

pytestmark = pytest.mark.django_db

LATER = NOON + datetime.timedelta(days=30)


@pytest.fixture
def partner():
    return make_partner()


@pytest.fixture
def subscription(partner):
    make_meter("1")
    return make_azure(partner, make_customer(partner, name="Bakery"))


def set_budget(partner, subscription, amount="100", thresholds=(100, 80)):
    actor = make_actor(partner, Role.BILLING_ADMIN)
    return budgets.set_budget(
        customer_id=subscription.customer_id, amount=Decimal(amount), thresholds=thresholds, actor=actor, now=NOON
    )


def test_each_threshold_is_told_once_a_month_by_log_mail_and_action_center(partner, subscription):
    set_budget(partner, subscription)
    import_rows(row(subscription, "2026-11-01", "79"), row(subscription, "2026-10-01", "5000"))
    assert budgets.check_budgets(now=NOON) == 0

    import_rows(row(subscription, "2026-11-02", "1"))
    assert budgets.check_budgets(now=NOON) == 1
    assert budgets.check_budgets(now=NOON) == 0
    import_rows(row(subscription, "2026-11-03", "40"))
    assert budgets.check_budgets(now=NOON) == 1

    told = AuditEvent.objects.filter(event_type="usage-budget-reached").order_by("pk")
    assert [(event.details["threshold"], event.details["spent"]) for event in told] == [
        (80, "80.00 EUR"),
        (100, "120.00 EUR"),
    ]
    assert OutgoingEmail.objects.filter(event_id__in=told.values("public_id")).count() == 2
    titles = ActionItem.objects.filter(event_type="usage-budget-reached").values_list("title", flat=True)
    assert "Bakery has used 100 percent of its budget" in {title["en"] for title in titles}
    assert not mail.outbox


def test_of_thresholds_passed_at_once_the_highest_is_told(partner, subscription):
    set_budget(partner, subscription)
    import_rows(row(subscription, "2026-11-01", "150"))

    assert budgets.check_budgets(now=NOON) == 1

    assert AuditEvent.objects.get(event_type="usage-budget-reached").details["threshold"] == 100
    assert BudgetAlert.objects.count() == 2


def test_a_new_month_and_a_new_budget_start_afresh(partner, subscription):
    set_budget(partner, subscription)
    import_rows(row(subscription, "2026-11-01", "150"))
    budgets.check_budgets(now=NOON)

    assert budgets.check_budgets(now=LATER) == 0
    set_budget(partner, subscription, amount="120")
    assert budgets.check_budgets(now=NOON) == 1


def test_the_usage_of_another_partner_does_not_count(partner, subscription):
    set_budget(partner, subscription)
    other = make_partner()
    import_rows(row(make_azure(other, subscription.customer), "2026-11-01", "5000"))

    assert budgets.check_budgets(now=NOON) == 0


def test_pages_show_the_budget_and_how_much_of_it_is_used(client_for, partner, subscription):
    admin = client_for(make_member(partner, Role.BILLING_ADMIN))
    page = reverse("pricing:customer_usage", args=[subscription.customer_id])
    form = reverse("pricing:budget", args=[subscription.customer_id])
    assert "Set a budget" in admin.get(page).content.decode()

    assert admin.post(form, {"amount": "0", "thresholds": ["80"]}).status_code == 422
    assert admin.post(form, {"amount": "100"}).status_code == 422
    assert admin.post(form, {"amount": "100", "thresholds": ["100", "80"]}).status_code == 302

    assert Budget.objects.get().thresholds == [80, 100]
    (shown,) = admin.get(reverse("pricing:budgets")).context["rows"]
    assert (shown["customer"], shown["amount"], shown["thresholds"]) == ("Bakery", "€100.00", "80 %, 100 %")
    assert "Change the budget" in admin.get(page).content.decode()
    assert admin.post(reverse("pricing:remove_budget", args=[subscription.customer_id])).status_code == 302
    assert not Budget.objects.exists()
    assert admin.post(reverse("pricing:remove_budget", args=[subscription.customer_id])).status_code == 404
