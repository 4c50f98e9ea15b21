"""Details, changes and lists of marketplace subscriptions over HTTP: who may what, refusals, costs (M2–M5, M8)."""

import csv
import datetime
import html
import io
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from customers.enums import BillingFrequency, ProductFamily, SubscriptionStatus, Term
from customers.models import Subscription
from marketplace import queries
from marketplace.enums import FulfillmentStatus, OperationAction
from marketplace.invariants import breaches
from marketplace.models import Operation
from marketplace.queries import SubscriptionFilter
from marketplace.workflow import changes, endings
from portal.accounts.enums import Role
from portal.notifications.models import ActionItem
from tests.factories import make_actor, make_member
from tests.marketplace.factories import (
    admin_of,
    make_active,
    make_buying_relationship,
    make_indirect_buying_relationship,
    make_operator,
    make_plan,
    make_purchase,
    reread,
)

pytestmark = pytest.mark.django_db
CHANGES = ("rename", "quantity", "plan", "billing", "auto_renew", "reseller", "cancel")
READERS = (Role.SALES_AGENT, Role.HELPDESK_AGENT)
STRANGERS = (Role.BILLING_ADMIN, Role.GLOBAL_ADMIN, Role.ACCOUNT_ADMIN, Role.USER_MANAGEMENT_ADMIN)


def url(name, *args):
    return reverse(f"marketplace:{name}", args=args)


def text(response):
    """What a reader sees: tags left out, white space as one space."""
    shown = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", shown)))


@pytest.fixture
def relationship():
    return make_buying_relationship()


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def saas(relationship, now):
    """12 licenses for a year, billed monthly, active since an hour ago, with another plan beside it."""
    plan = make_plan()
    make_plan(plan.offer, name="The other plan")
    return make_active(relationship, plan, term=Term.YEAR, now=now - datetime.timedelta(hours=1))


@pytest.fixture
def as_role(relationship, client_for):
    return lambda role: client_for(make_member(relationship.partner.organization, role))


def answers(saas):
    """What each form of a change is answered with."""
    other = saas.offer.plans.exclude(pk=saas.plan_id).get()
    return {
        "rename": {"friendly_name": "Notes of everybody"},
        "quantity": {"quantity": 20},
        "plan": {"choice": other.pk},
        "billing": {"choice": "annual"},
        "auto_renew": {"to": "off"},
        "reseller": {"credited": saas.subscription.billing_owner.locations.get().partner_id_number},
        "cancel": {"confirmed": "yes"},
    }


def state(saas):
    """Everything a change could touch."""
    row = reread(saas).subscription
    operations = Operation.objects.filter(saas=saas).count()
    facts = (row.friendly_name, row.quantity, row.billing_frequency, row.auto_renew, row.status)
    return (*facts, row.partner_on_record, operations)


# --- role × action ---
@pytest.mark.parametrize("action", CHANGES)
def test_an_admin_agent_makes_every_change(action, saas, as_role):
    client = as_role(Role.ADMIN_AGENT)
    Subscription.objects.filter(pk=saas.pk).update(partner_on_record="")
    before = state(saas)
    assert "form" in client.get(url(action, saas.pk)).content.decode()
    response = client.post(url(action, saas.pk), answers(saas)[action])
    assert response.headers.get("Location") == url("subscription", saas.pk)
    assert state(saas) != before


@pytest.mark.parametrize("role", READERS)
@pytest.mark.parametrize("action", CHANGES)
def test_other_agents_read_why_they_change_nothing_and_whom_to_ask(action, role, saas, as_role):
    client, before = as_role(role), state(saas)
    page = client.get(url(action, saas.pk))
    assert page.status_code == 200
    assert "Admin agent" in text(page)
    assert url("ask", saas.pk) in page.content.decode()
    assert client.post(url(action, saas.pk), answers(saas)[action]).status_code == 403
    assert state(saas) == before


@pytest.mark.parametrize("role", STRANGERS)
def test_roles_without_subscriptions_open_none_of_their_pages(role, saas, as_role):
    client, before = as_role(role), state(saas)
    for action in (*CHANGES, "subscription", "publisher_link", "ask"):
        assert client.get(url(action, saas.pk)).status_code == 403
        assert client.post(url(action, saas.pk), answers(saas).get(action)).status_code == 403
    assert client.get(url("subscriptions")).status_code == 403
    assert state(saas) == before


def test_nothing_of_another_partner_s_subscription_can_be_reached(saas, client_for):
    client = client_for(make_member(make_buying_relationship().partner.organization, Role.ADMIN_AGENT))
    before = state(saas)
    for action in (*CHANGES, "subscription", "publisher_link", "ask"):
        assert client.get(url(action, saas.pk)).status_code == 404
    for action in CHANGES:
        assert client.post(url(action, saas.pk), answers(saas)[action]).status_code == 404
    assert state(saas) == before
    assert saas.subscription.friendly_name not in text(client.get(url("subscriptions")))


def test_when_the_rule_has_ended_sales_agents_change_like_admin_agents(saas, as_role, settings):
    settings.SALES_AGENT_RULE_UNTIL = datetime.date(2026, 1, 1)
    client = as_role(Role.SALES_AGENT)
    assert client.post(url("quantity", saas.pk), {"quantity": 20}).status_code == 302
    assert Operation.objects.filter(saas=saas, action=OperationAction.CHANGE_QUANTITY, quantity=20).exists()


def test_a_sales_agent_asks_an_admin_agent_who_finds_it_in_the_action_center(saas, as_role):
    client = as_role(Role.SALES_AGENT)
    page = client.get(url("subscription", saas.pk))
    assert "Sales agents cannot change marketplace subscriptions" in text(page)
    assert "Ask an admin agent" in text(page)
    sent = client.post(url("ask", saas.pk), {"wish": "quantity", "note": "20 from Monday"})
    assert sent.headers["Location"] == url("subscription", saas.pk)
    item = ActionItem.objects.get(event_type="marketplace-change-asked")
    assert str(Role.ADMIN_AGENT) in item.roles
    assert client.post(url("ask", saas.pk), {"note": "kept"}).status_code == 422


def test_an_indirect_reseller_reads_that_its_provider_changes(client_for, now):
    provider, reseller = make_indirect_buying_relationship()
    saas = make_active(provider, now=now)
    client = client_for(make_member(reseller.partner.organization, Role.ADMIN_AGENT))
    page = text(client.get(url("subscription", saas.pk)))
    assert "your indirect provider" in page
    assert "Ask an admin agent" not in page
    order = text(client.get(url("order", saas.subscription.order_id)))
    assert "€" not in page + order, "what the provider pays is the provider's own"
    assert client.post(url("cancel", saas.pk), {"confirmed": "yes"}).status_code == 403


# --- refusals ---
def test_a_wrong_quantity_is_refused_at_its_field_and_kept(saas, as_role):
    response = as_role(Role.ADMIN_AGENT).post(url("quantity", saas.pk), {"quantity": 2_000_000})
    assert response.status_code == 422
    assert 'value="2000000"' in response.content.decode()


def test_a_change_while_another_runs_is_refused_with_409_and_keeps_what_was_typed(saas, as_role, now):
    changes.change_quantity(subscription_id=saas.pk, quantity=20, actor=admin_of(saas), now=now)
    client = as_role(Role.ADMIN_AGENT)
    response = client.post(url("quantity", saas.pk), {"quantity": 30})
    assert response.status_code == 409
    assert 'value="30"' in response.content.decode()
    page = text(client.get(url("subscription", saas.pk)))
    assert "The publisher's turn" in page
    assert "Pending at the publisher: 20 licenses" in page


def test_before_activation_only_cancel_works_and_the_page_says_so(relationship, as_role, now):
    saas = make_purchase(relationship, now=now)
    client = as_role(Role.ADMIN_AGENT)
    page = text(client.get(url("subscription", saas.pk)))
    assert "Your turn: open the publisher's site" in page
    assert "Billing starts on the day" in page
    assert client.post(url("quantity", saas.pk), {"quantity": 20}).status_code == 409
    assert client.post(url("cancel", saas.pk), {"confirmed": "yes"}).status_code == 302
    assert reread(saas).status == FulfillmentStatus.UNSUBSCRIBED


def test_inside_the_window_the_refund_stands_beside_cancel_and_after_it_the_way_out(relationship, as_role, now):
    client = as_role(Role.ADMIN_AGENT)
    fresh = make_active(relationship, term=Term.YEAR, now=now)
    page = text(client.get(url("subscription", fresh.pk)))
    assert "Now it gives back €120.00" in page
    assert "You get back €120.00" in text(client.get(url("cancel", fresh.pk)))

    old = make_active(relationship, term=Term.YEAR, now=now - datetime.timedelta(days=40))
    late = client.post(url("cancel", old.pk), {"confirmed": "yes"})
    assert late.status_code == 409
    assert "Switch auto-renew off" in text(late)
    assert "Was possible until" in text(client.get(url("subscription", old.pk)))


def test_an_ended_subscription_offers_nothing_and_tells_why(saas, as_role, now):
    endings.cancel_subscription(subscription_id=saas.pk, actor=admin_of(saas), now=now)
    client = as_role(Role.ADMIN_AGENT)
    page = text(client.get(url("subscription", saas.pk)))
    assert "It does not come back" in page
    assert client.post(url("auto_renew", saas.pk), {"to": "on"}).status_code == 409
    assert client.post(url("publisher_link", saas.pk)).status_code == 409


def test_a_question_that_was_not_answered_changes_nothing(saas, as_role):
    client, before = as_role(Role.ADMIN_AGENT), state(saas)
    assert client.post(url("cancel", saas.pk)).status_code == 422
    assert client.post(url("auto_renew", saas.pk), {"to": "perhaps"}).status_code == 422
    assert state(saas) == before


# --- the link ---
def test_the_link_is_made_by_a_click_only_and_can_be_opened_and_copied(relationship, as_role, now):
    saas = make_purchase(relationship, now=now)
    client = as_role(Role.SALES_AGENT)
    client.get(url("publisher_link", saas.pk))
    assert reread(saas).link_opened_at is None
    page = client.post(url("publisher_link", saas.pk)).content.decode()
    link = re.search(r'href="(https://notes\.example/start\?token=[^"]+)"', page).group(1)
    assert f'data-copy="{link}"' in page
    assert reread(saas).link_opened_at is not None
    assert "The publisher's turn" in text(client.get(url("subscription", saas.pk)))


def test_for_htmx_the_link_comes_as_a_dialog(relationship, as_role, now):
    saas = make_purchase(relationship, now=now)
    answer = as_role(Role.SALES_AGENT).post(url("publisher_link", saas.pk), headers={"HX-Request": "true"})
    assert answer.content.decode().strip().startswith("<dialog")


# --- the list over all customers ---
def test_the_list_is_filtered_and_searched(relationship, as_role, now, saas):
    waiting = make_purchase(relationship, make_plan(), now=now)
    admin = admin_of(saas)
    changes.rename_subscription(subscription_id=waiting.pk, friendly_name="Waits", actor=admin, now=now)
    changes.rename_subscription(subscription_id=saas.pk, friendly_name="Runs", actor=admin, now=now)
    changes.set_auto_renew(subscription_id=saas.pk, auto_renew=False, actor=admin, now=now)
    client = as_role(Role.HELPDESK_AGENT)

    def found(**query):
        page = text(client.get(url("subscriptions"), query))
        return ("Waits " in page, "Runs " in page)

    assert found() == (True, True)
    assert found(status="PendingFulfillmentStart") == (True, False)
    assert found(autorenew="no") == (False, True)
    assert found(q="runs") == (False, True)
    assert found(q="ru") == (False, True), "the beginning of a name"
    assert found(q=relationship.customer_name[1:]) == (True, True)
    assert found(q=saas.offer.name) == (False, True)
    assert found(q="runs for ever and ever") == (False, False)
    assert found(sort="ends") == (False, True), "a term begins with the activation"
    assert found(sort="ends", status="all") == (True, True)
    assert found(cancelable="yes") == (True, True)
    assert found(renewing="yes") == (False, False)
    by_id = client.get(url("subscriptions"), {"q": str(saas.pk)})
    assert by_id.headers["Location"] == url("subscription", saas.pk)


def test_the_list_costs_the_same_for_one_and_for_fifty_rows(
    relationship, as_role, now, saas, django_assert_max_num_queries
):
    client = as_role(Role.ADMIN_AGENT)
    tab = f"{reverse('customers:subscriptions', args=[relationship.customer_id])}?tab=marketplace"
    counts = []
    for page in (url("subscriptions"), tab):
        client.get(page)
        with django_assert_max_num_queries(30) as asked:
            client.get(page)
        counts.append((page, len(asked)))
    plan = make_plan()
    for _number in range(20):
        make_purchase(relationship, plan, now=now)
    for page, count in counts:
        client.get(page)
        with django_assert_max_num_queries(count):
            client.get(page)


def test_the_export_holds_what_the_filters_leave(relationship, as_role, now, saas):
    make_purchase(relationship, now=now)
    answer = as_role(Role.SALES_AGENT).get(url("export"), {"status": "Subscribed"})
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [row[0] for row in rows[1:]] == [str(saas.pk)]
    assert rows[1][7] == "12"
    assert as_role(Role.HELPDESK_AGENT).get(url("export")).status_code == 403


def test_auto_renew_of_several_is_shown_first_and_then_switched_with_a_result_for_each(
    relationship, as_role, now, saas
):
    off = make_active(relationship, now=now)
    changes.set_auto_renew(subscription_id=off.pk, auto_renew=False, actor=admin_of(off), now=now)
    foreign = make_active(now=now)
    client = as_role(Role.ADMIN_AGENT)
    chosen = {"to": "off", "selected": [saas.pk, off.pk, foreign.pk, "nonsense"]}
    preview = text(client.get(url("auto_renew_of_many"), chosen))
    assert "Auto-renew of 1 subscription will be switched off" in preview
    assert "auto-renew is off already" in preview
    assert reread(saas).subscription.auto_renew
    result = text(client.post(url("auto_renew_of_many"), chosen))
    assert "Auto-renew is off" in result
    assert not reread(saas).subscription.auto_renew
    assert reread(foreign).subscription.auto_renew

    sales = as_role(Role.SALES_AGENT)
    refused = sales.post(url("auto_renew_of_many"), {"to": "on", "selected": [saas.pk]})
    assert refused.status_code == 403
    assert not reread(saas).subscription.auto_renew


# --- the customer's tab ---
def test_the_tab_shows_action_needed_with_the_publisher_s_link(relationship, as_role, now):
    saas = make_purchase(relationship, now=now)
    elsewhere = Subscription.objects.create(
        customer=relationship.customer,
        billing_owner=relationship.partner,
        product_family=ProductFamily.THIRD_PARTY,
        product_name="Imported",
        friendly_name="Imported",
        status=SubscriptionStatus.ACTIVE,
        term=Term.MONTH,
        billing_frequency=BillingFrequency.MONTHLY,
        created_at=now,
    )
    tab = f"{reverse('customers:subscriptions', args=[relationship.customer_id])}?tab=marketplace"
    page = as_role(Role.HELPDESK_AGENT).get(tab)
    assert "Action needed" in text(page)
    assert url("publisher_link", saas.pk) in page.content.decode()
    assert elsewhere.friendly_name in text(page)


def test_what_the_operator_suspended_tells_whose_turn_it_is(saas, as_role, now):
    endings.suspend_subscription(subscription_id=saas.pk, actor=make_operator(), now=now)
    page = text(as_role(Role.ADMIN_AGENT).get(url("subscription", saas.pk)))
    assert "The operator's turn: a payment is missing" in page
    assert "If it does not arrive by" in page


def test_the_list_finds_a_renamed_customer_and_is_counted_after_the_page(relationship, as_role, now, saas):
    organization = relationship.customer.organization
    organization.name = "Zephyr Bakeries"
    organization.save()
    client = as_role(Role.HELPDESK_AGENT)
    assert saas.subscription.friendly_name in text(client.get(url("subscriptions"), {"q": "zephyr"}))
    counted = client.get(url("count"), {"q": "zephyr"}, headers={"HX-Request": "true"})
    assert text(counted).strip() == "1 subscription"
    assert client.get(url("count")).headers["Location"] == f"{url('subscriptions')}?count=yes"
    assert "1 subscription" in text(client.get(url("subscriptions"), {"count": "yes"}))
    assert not list(breaches())


@pytest.mark.parametrize("sort", ["newest", "oldest", "name", "ends"])
def test_every_order_leads_through_all_pages_and_back(sort, relationship, now):
    plan, actor = make_plan(), make_actor(relationship.partner.organization, Role.ADMIN_AGENT)
    made = {make_active(relationship, plan, now=now).pk for _number in range(5)}
    first = queries.subscription_page(actor, SubscriptionFilter(), sort=sort, size=2, now=now)
    second = queries.subscription_page(
        actor, SubscriptionFilter(), sort=sort, size=2, now=now, cursor=first.next_cursor
    )
    third = queries.subscription_page(
        actor, SubscriptionFilter(), sort=sort, size=2, now=now, cursor=second.next_cursor
    )
    assert [len(page) for page in (first, second, third)] == [2, 2, 1]
    assert {row.pk for page in (first, second, third) for row in page} == made
    back = queries.subscription_page(
        actor, SubscriptionFilter(), sort=sort, size=2, now=now, cursor=second.previous_cursor
    )
    assert [row.pk for row in back] == [row.pk for row in first]


def test_a_reseller_s_list_holds_what_its_provider_bought_for_its_customers(client_for, now):
    provider, reseller = make_indirect_buying_relationship()
    saas = make_active(provider, now=now)
    client = client_for(make_member(reseller.partner.organization, Role.ADMIN_AGENT))
    assert saas.subscription.friendly_name in text(client.get(url("subscriptions")))
