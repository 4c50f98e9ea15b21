"""Home and help: only what the person may open, and what waits for it."""

import datetime

import pytest
from django.urls import reverse

from portal.accounts.enums import Role
from portal.core import navigation
from portal.notifications.models import ActionItem, ActionItemMark
from tests.factories import NOON, make_member, make_organization, make_partner
from tests.portal.accounts.helpers import actor_of

pytestmark = pytest.mark.django_db


def make_action(membership, title="Sign the agreement", *, due_in_days=None, roles=None, **fields):
    defaults = {
        "organization": membership.organization,
        "roles": roles or list(membership.roles),
        "kind": "mandatory",
        "event_id": "00000000-0000-0000-0000-000000000001",
        "event_type": "test",
        "workspace": "account-settings",
        "title": {"en": title, "fr": f"{title} (fr)", "sv": f"{title} (sv)"},
        "subject_type": "test",
        "subject_id": title,
        "created_at": NOON,
        "due_at": NOON + datetime.timedelta(days=due_in_days) if due_in_days is not None else None,
    }
    return ActionItem.objects.create(**defaults | fields)


def titles(response):
    return [row.title for row in response.context["actions"]]


def test_the_cards_are_the_workspaces_the_role_may_open(client_for):
    for role in (Role.HELPDESK_AGENT, Role.GLOBAL_ADMIN, Role.BILLING_ADMIN):
        member = make_member(None, role)
        text = client_for(member).get("/").text
        for space in navigation.all_workspaces():
            first = (space.items_for(actor_of(member)) or space.items)[0]
            shown = f'<a href="{reverse(first.url_name)}">{space.label}</a>' in text
            assert shown == (space in navigation.workspaces_for(actor_of(member))), space.key


def test_the_last_card_leads_to_my_access(client_for):
    text = client_for(make_member()).get("/").text
    assert reverse("accounts:my_access") in text


def test_the_most_urgent_open_actions_come_first_and_only_those_for_the_person(client_for):
    member = make_member(make_partner(), Role.GLOBAL_ADMIN)
    make_action(member, "Later", due_in_days=9)
    make_action(member, "Soon", due_in_days=1)
    make_action(member, "Some day")
    make_action(member, "Done", completed_at=NOON)
    make_action(member, "For agents", roles=["admin_agent"])
    make_action(make_member(make_partner(), Role.GLOBAL_ADMIN), "Of strangers")
    archived = make_action(member, "Put away", kind="recommended")
    ActionItemMark.objects.create(item=archived, user=member.user, archived_at=NOON)

    response = client_for(member).get("/")

    assert titles(response) == ["Soon", "Later", "Some day"]
    assert "For agents" not in response.text


def test_only_the_top_actions_are_shown_with_a_way_to_all(client_for):
    member = make_member(make_partner(), Role.GLOBAL_ADMIN)
    for number in range(7):
        make_action(member, f"Action {number}", due_in_days=number)
    response = client_for(member).get("/")
    assert titles(response) == [f"Action {number}" for number in range(5)]
    assert "All actions" in response.text


def test_nothing_to_do_says_so(client_for):
    assert "Nothing waits for you." in client_for(make_member()).get("/").text


def test_quick_starts_offer_only_what_the_role_may_start(client_for):
    organization = make_partner()
    admin = client_for(make_member(organization, Role.ACCOUNT_ADMIN)).get("/").text
    billing = client_for(make_member(organization, Role.BILLING_ADMIN)).get("/").text
    assert reverse("accounts:invite") in admin
    assert reverse("accounts:invite") not in billing


def test_home_and_help_speak_the_person_s_language(client_for):
    response = client_for(make_member(None, Role.GLOBAL_ADMIN, language="sv")).get("/")
    assert '<html lang="sv">' in response.text


@pytest.mark.parametrize("on", [True, False])
def test_help_lists_the_keys_that_work(on, client_for):
    member = make_member(None, Role.SALES_AGENT, shortcuts_enabled=on)
    text = client_for(member).get(reverse("help")).text
    assert ("The same as Ctrl and K" in text) == on
    assert ("Single keys are switched off in your profile." in text) != on


def test_help_names_whom_to_ask_and_the_manual_if_there_is_one(client_for, settings):
    member = make_member(make_organization(), Role.CUSTOMER_ADMIN, name="Claire Admin")
    settings.DOCS_URL = "https://docs.example/portal"
    text = client_for(member).get(reverse("help")).text
    assert "Claire Admin" in text
    assert 'href="https://docs.example/portal"' in text


def test_home_costs_few_queries_however_much_waits(client_for, django_assert_max_num_queries):
    member = make_member(make_partner(), Role.GLOBAL_ADMIN)
    client = client_for(member)
    client.get("/")

    def count():
        with django_assert_max_num_queries(12) as counted:
            client.get("/")
        return len(counted)

    before = count()
    for number in range(20):
        make_action(member, f"Action {number}")
    assert count() == before
