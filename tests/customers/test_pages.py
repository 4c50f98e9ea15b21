"""The pages of one customer: who may open and change what, and what stands there (reference 1.5, 1.6, 1.9)."""

import csv
import html
import io
import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from customers.enums import CustomerEvent, ProductFamily, SubscriptionStatus
from customers.models import CustomerProfile
from customers.workflow import tags
from customers.workflow.customers import BillTo, update_bill_to
from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.permissions import ROLE_PERMISSIONS, ROLES_BY_KIND, Permission
from portal.audit.models import AuditEvent
from tests.customers.factories import (
    make_agreement,
    make_indirect_relationships,
    make_relationship,
    make_subscription,
)
from tests.factories import NOON, make_actor, make_member, make_partner

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}
# Page of a customer -> the permission it needs. POST is tried with nothing in it: only who may is asked here.
PAGES = {
    "": Permission.CUSTOMER_VIEW,
    "subscriptions/": Permission.SUBSCRIPTION_VIEW,
    "subscriptions/export.csv": Permission.CUSTOMER_EXPORT,
    "admin-relationships/": Permission.CUSTOMER_VIEW,
    "account/": Permission.CUSTOMER_VIEW,
    "account/bill-to/": Permission.CUSTOMER_UPDATE,
    "account/qualification/": Permission.CUSTOMER_UPDATE,
    "activity/": Permission.ACTIVITY_LOG_VIEW,
}
CHANGES = {
    "account/bill-to/": Permission.CUSTOMER_UPDATE,
    "account/qualification/": Permission.CUSTOMER_UPDATE,
    "account/permissions/": Permission.CUSTOMER_SET_PERMISSIONS,
}
BILL_TO = {
    "bill_to_name": "Contoso SARL",
    "bill_to_address": "1 rue Verte\nLyon",
    "bill_to_first_name": "Jeanne",
    "bill_to_last_name": "Martin",
    "bill_to_email": "jeanne@example.com",
}


@pytest.fixture
def customer():
    return make_relationship(name="Contoso")


@pytest.fixture
def agent(customer, client_for):
    """An admin agent's browser."""
    return client_for(make_member(customer.partner.organization))


def path(relationship, page=""):
    return f"/customers/{relationship.customer_id}/{page}"


def text(response, status=200):
    assert response.status_code == status
    return html.unescape(response.content.decode())


# --- who may ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("role", sorted(ROLES_BY_KIND[OrganizationKind.DIRECT_BILL]))
def test_each_page_opens_for_the_roles_of_its_permission(customer, client_for, role):
    browser = client_for(make_member(customer.partner.organization, role))
    allowed = ROLE_PERMISSIONS[role]

    for page, permission in PAGES.items():
        expected = {200, 302} if permission in allowed else {403}
        assert browser.get(path(customer, page)).status_code in expected, page
    for page, permission in CHANGES.items():
        expected = {302, 422} if permission in allowed else {403}
        assert browser.post(path(customer, page)).status_code in expected, page


@pytest.mark.parametrize("page", [*PAGES, "account/permissions/"])
def test_a_foreign_customer_is_answered_like_one_that_does_not_exist(agent, page):
    foreign = make_relationship()
    ask = agent.post if page == "account/permissions/" else agent.get

    answers = [ask(path(foreign, page)), ask(f"/customers/{uuid.uuid4()}/{page}")]

    assert [answer.status_code for answer in answers] == [404, 404]
    # The address, the request's number and the tokens are different on every page.
    changing = rb'[0-9a-f-]{36}|nonce="[^"]*"|"X-CSRFToken": "[^"]*"|name="csrfmiddlewaretoken" value="[^"]*"'
    plain = [re.sub(changing, b"", answer.content) for answer in answers]
    assert plain[0] == plain[1]


@pytest.mark.parametrize("page", PAGES)
def test_people_of_the_customer_and_strangers_stay_out(customer, client_for, client, page):
    inside = client_for(make_member(customer.customer.organization, Role.CUSTOMER_ADMIN))

    assert inside.get(path(customer, page)).status_code in {403, 404}
    assert client.get(path(customer, page)).status_code == 302
    assert "/account/login/" in client.get(path(customer, page)).headers["Location"]


@pytest.mark.parametrize("page", ["subscriptions/", "account/", "admin-relationships/", "activity/"])
def test_a_page_costs_at_most_eight_queries(customer, agent, page):
    for _number in range(12):
        make_subscription(customer)
    agent.get(path(customer, page))
    with CaptureQueriesContext(connection) as captured:
        agent.get(path(customer, page))
    assert len(captured) <= 8


# --- navigation ------------------------------------------------------------------------------------------------------
def test_a_customer_has_its_own_navigation_for_the_role(customer, client_for):
    admin = text(client_for(make_member(customer.partner.organization)).get(path(customer, "account/")))
    sales = text(
        client_for(make_member(customer.partner.organization, Role.SALES_AGENT)).get(path(customer, "account/"))
    )

    navigation = re.search(r'<nav class="side-nav".*?</nav>', admin, re.DOTALL)[0]
    assert 'aria-label="Contoso"' in navigation
    for page in ("subscriptions", "admin-relationships", "account", "activity"):
        assert f'href="{path(customer, page)}/"' in navigation
    assert re.search(rf'href="{path(customer, "account")}/"\s+aria-current="page"', navigation)
    assert "Switch customer" in navigation
    assert f'href="{path(customer, "activity")}/"' not in sales
    crumbs = re.search(r'<nav class="breadcrumb".*?</nav>', admin, re.DOTALL)[0]
    assert re.findall(r">\s*([^<>]+?)\s*</(?:a|span)>", crumbs) == [
        "Home",
        "Customers",
        "Customer list",
        "Contoso",
        "Account",
    ]


@pytest.mark.parametrize(("role", "page"), [(Role.ADMIN_AGENT, "subscriptions/"), (Role.GLOBAL_ADMIN, "account/")])
def test_a_customer_opens_on_the_first_page_for_the_role(customer, client_for, role, page):
    browser = client_for(make_member(customer.partner.organization, role))
    assert browser.get(path(customer)).headers["Location"] == path(customer, page)


# --- subscriptions ---------------------------------------------------------------------------------------------------
def test_tabs_tell_how_much_there_is_of_each_kind(customer, agent):
    make_subscription(customer, friendly_name="Team licenses", quantity=1200)
    make_subscription(
        customer, product_family=ProductFamily.THIRD_PARTY, friendly_name="Backup", status=SubscriptionStatus.PENDING
    )

    body = text(agent.get(path(customer, "subscriptions/")))
    assert re.search(r'aria-current="page">\s*License-based\s*<span class="tabs__count">\(1\)', body)
    assert re.search(r'Marketplace\s*<span class="tabs__count">\(1\)', body)
    for words in ("Team licenses", "1,200 licenses", "Auto renews on 11/20/2027", "1 year", "Monthly"):
        assert words in body
    assert "Backup" not in body
    assert "Action needed" in text(agent.get(path(customer, "subscriptions/?tab=marketplace")))


def test_the_first_tab_with_something_is_opened(customer, agent):
    make_subscription(customer, product_family=ProductFamily.RESERVATION, friendly_name="Reserved")

    assert "Reserved" in text(agent.get(path(customer, "subscriptions/")))
    assert "no current subscription of this kind" in text(agent.get(path(customer, "subscriptions/?tab=azure")))


def test_expired_subscriptions_are_shown_when_asked_for(customer, agent):
    make_subscription(customer, friendly_name="Gone", status=SubscriptionStatus.EXPIRED)

    assert "Gone" not in text(agent.get(path(customer, "subscriptions/")))
    for status in ("expired", "all"):
        assert "Gone" in text(agent.get(path(customer, f"subscriptions/?status={status}")))
    assert "No subscription of this kind in this state" in text(
        agent.get(path(customer, "subscriptions/?status=disabled"))
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"auto_renew": False}, "Expires on 11/20/2027"),
        ({"status": SubscriptionStatus.SUSPENDED}, "Suspended"),
        ({"ends_on": None, "billing_frequency": "usage"}, "Usage-based"),
    ],
)
def test_states_are_worded_as_in_the_original(customer, agent, fields, words):
    make_subscription(customer, **fields)
    assert words in text(agent.get(path(customer, "subscriptions/")))


def test_subscriptions_are_exported_with_the_columns_of_the_original(customer, agent):
    shown = make_subscription(customer, partner_on_record="4711000", quantity=7)
    make_subscription(customer, status=SubscriptionStatus.EXPIRED)
    make_subscription(customer, product_family=ProductFamily.AZURE_PLAN)
    body = text(agent.get(path(customer, "subscriptions/")))
    here, everything = re.findall(r'href="([^"]*export\.csv[^"]*)"', body)

    def read(link):
        content = b"".join(agent.get(link).streaming_content).decode("utf-8-sig")
        return list(csv.reader(io.StringIO(content)))

    assert read(here) == [
        ["Subscription ID", "Subscription", "Quantity", "Status", "Reseller ID"],
        [str(shown.pk), "Business Standard", "7", "Active", "4711000"],
    ]
    assert len(read(everything)) == 4


def test_pages_of_subscriptions_keep_tab_and_state(customer, agent, monkeypatch):
    for number in range(55):
        make_subscription(customer, friendly_name=f"License {number:02}")

    body = text(agent.get(path(customer, "subscriptions/?status=all")))
    link = re.search(r'rel="next"\s+href="([^"]*)"', body)[1]

    assert "License 49" in body
    assert "License 50" not in body
    assert "tab=license-based" in link
    assert "status=all" in link
    assert "License 50" in text(agent.get(link, **HTMX))


# --- account ---------------------------------------------------------------------------------------------------------
def test_the_account_page_shows_what_there_is_to_know(client_for):
    of_provider, of_reseller = make_indirect_relationships(name="Contoso", country="BE", tags=["VIP"])
    make_agreement(of_provider, first_name="Jeanne", last_name="Martin")
    browser = client_for(make_member(of_provider.partner.organization))

    body = text(browser.get(path(of_provider, "account/")))

    for words in (
        str(of_provider.customer_id),
        of_provider.customer_domain,
        "Belgium",
        "Public cloud",
        "Indirect provider",
        "VIP",
        "Jeanne Martin",
        "Attested by the partner",
        "2026-01",
        of_reseller.partner.organization.name,
    ):
        assert words in body


def test_a_partner_learns_nothing_of_the_customers_other_partners(customer, agent):
    other = make_relationship(customer=customer.customer, tags=["Secret"])
    make_agreement(other, first_name="Hidden")
    make_subscription(other, friendly_name="Competing product")
    colleague = make_actor(other.partner.organization)
    update_bill_to(
        relationship_id=other.pk, bill_to=BillTo(**BILL_TO | {"bill_to_name": "Hidden"}), actor=colleague, now=NOON
    )

    everything = "".join(
        text(agent.get(path(customer, page)))
        for page in ("account/", "subscriptions/?status=all", "admin-relationships/", "activity/")
    )
    hidden = (other.partner.organization.name, "Secret", "Hidden", "Competing product", "Bill-to information changed")
    for words in hidden:
        assert words not in everything
    assert "Not accepted yet" in everything


def test_without_the_right_to_agreements_only_the_fact_is_shown(customer, client_for):
    make_agreement(customer, first_name="Jeanne")
    body = text(
        client_for(make_member(customer.partner.organization, Role.GLOBAL_ADMIN)).get(path(customer, "account/"))
    )
    assert "Accepted" in body
    assert "Jeanne" not in body


def test_bill_to_information_is_updated(customer, agent):
    form = text(agent.get(path(customer, "account/bill-to/"), **HTMX))
    assert "<dialog" in form
    assert 'name="bill_to_name"' in form

    response = agent.post(path(customer, "account/bill-to/"), BILL_TO)

    assert response.headers["Location"] == path(customer, "account/")
    body = text(agent.get(path(customer, "account/")))
    for words in ("Contoso SARL", "1 rue Verte", "Jeanne Martin", "Bill-to information saved."):
        assert words in body
    assert "Contoso SARL" in text(agent.get(path(customer, "account/bill-to/")))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"bill_to_name": ""}, "This field is required."),
        ({"bill_to_email": "nobody"}, "Enter a valid email address."),
        ({"bill_to_name": "x" * 201}, "at most 200 characters"),
        ({"bill_to_address": "x" * 10_000}, "at most 500 characters"),
    ],
)
def test_bill_to_information_that_cannot_be_used_comes_back(customer, agent, changes, words):
    body = text(agent.post(path(customer, "account/bill-to/"), BILL_TO | changes), status=422)

    assert words in body
    assert "Jeanne" in body
    assert not CustomerProfile.objects.exists()


def test_bill_to_information_is_text_and_nothing_else(customer, agent):
    nasty = "<script>alert(1)</script>"
    agent.post(path(customer, "account/bill-to/"), BILL_TO | {"bill_to_name": nasty, "bill_to_address": nasty})

    assert nasty not in agent.get(path(customer, "account/")).content.decode()
    assert nasty in text(agent.get(path(customer, "account/")))


def test_qualification_is_set_or_refused_at_its_field(customer, agent):
    url = path(customer, "account/qualification/")

    assert agent.post(url, {"qualification": "education"}).status_code == 302
    assert "Education" in text(agent.get(path(customer, "account/")))
    refused = text(agent.post(url, {"qualification": "government_community_cloud"}), status=422)
    assert "for customers in the United States" in refused
    assert agent.post(url, {"qualification": "nonprofit"}).status_code == 422


def test_permissions_are_switched_by_admin_agents_and_read_by_others(customer, agent, client_for):
    assert agent.post(path(customer, "account/permissions/"), {"may_buy_reservations": "on"}).status_code == 302

    assert re.search(r'name="may_buy_reservations"[^>]*checked', text(agent.get(path(customer, "account/"))))
    sales = client_for(make_member(customer.partner.organization, Role.SALES_AGENT))
    body = text(sales.get(path(customer, "account/")))
    assert 'name="may_buy_reservations"' not in body
    assert "Who can: Admin agent." in body


# --- administration rights, activity ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"has_admin_rights": True}, "Your company has administration rights"),
        ({}, "Your company has no administration rights"),
        ({"admin_rights_removed_at": NOON}, "The customer took back administration rights"),
    ],
)
def test_administration_rights_are_told(client_for, fields, words):
    relationship = make_relationship(**fields)
    browser = client_for(make_member(relationship.partner.organization))
    assert words in text(browser.get(path(relationship, "admin-relationships/")))


def test_activity_is_the_partners_own_view_of_this_customer(customer, agent):
    actor = make_actor(customer.partner.organization)
    assert "Nothing has happened yet" in text(agent.get(path(customer, "activity/")))

    other = make_relationship(customer.partner.organization, name="Elsewhere")
    for relationship in (customer, other):
        tags.assign_tags(customer_ids=[relationship.customer_id], names=["VIP"], change="add", actor=actor, now=NOON)

    body = text(agent.get(path(customer, "activity/")))
    assert body.count(">Customer tags changed<") == 1
    assert "Elsewhere" not in body
    assert actor.name in body
    assert f"/account-settings/activity-log/?history=all&customer={customer.customer_id}" in body
    assert AuditEvent.objects.filter(event_type=CustomerEvent.CUSTOMER_TAGGED).count() == 2


# --- search ----------------------------------------------------------------------------------------------------------
def test_search_leads_to_customers_and_subscriptions_by_id(customer, agent):
    subscription = make_subscription(customer, product_family=ProductFamily.THIRD_PARTY)

    by_customer = agent.get("/search/", {"q": str(customer.customer_id)})
    by_subscription = agent.get("/search/", {"q": f"{{{subscription.pk}}}"})

    assert by_customer.headers["Location"] == path(customer)
    assert by_subscription.headers["Location"] == path(customer, "subscriptions/?tab=marketplace&status=all")


def test_search_finds_subscriptions_by_the_beginning_of_their_name(customer, agent, client_for):
    office = make_subscription(customer, friendly_name="Élan 100%_office")
    make_subscription(customer, friendly_name="Élan of last year", status=SubscriptionStatus.DELETED)
    make_subscription(make_relationship(), friendly_name="Élan of another partner")

    page = agent.get("/search/", {"q": "éLAN"}, headers={"HX-Request": "true"}).content.decode()

    assert "Élan 100%_office" in page
    assert reverse("azure:subscription", args=[office.pk]) in page
    assert not any(other in page for other in ("of last year", "of another partner"))
    assert "100%_office" not in text(agent.get("/search/", {"q": "Élan %"}))  # a percent sign is one
    billing_admin = client_for(make_member(customer.partner.organization, Role.BILLING_ADMIN))
    assert "100%_office" not in text(billing_admin.get("/search/", {"q": "Élan"}))
    of_provider, of_reseller = make_indirect_relationships()
    make_subscription(of_provider, friendly_name="Kiosk", reseller=of_reseller.partner)
    for relationship in (of_provider, of_reseller):
        client = client_for(make_member(relationship.partner.organization))
        assert "Kiosk" in text(client.get("/search/", {"q": "kio"}, headers={"HX-Request": "true"}))


def test_search_finds_customers_by_part_of_name_or_domain(customer, agent):
    for words in ("ontos", customer.customer_domain[2:]):
        assert "Contoso" in text(agent.get("/search/", {"q": words}))


def test_search_finds_nothing_of_others_and_nothing_without_the_right(customer, client_for):
    subscription = make_subscription(customer)
    stranger = client_for(make_member(make_partner()))
    clerk = client_for(make_member(customer.partner.organization, Role.BILLING_ADMIN))

    for browser in (stranger, clerk):
        for words in ("Contoso", str(customer.customer_id), str(subscription.pk)):
            response = browser.get("/search/", {"q": words})
            assert response.status_code == 200
            assert path(customer) not in response.content.decode()
