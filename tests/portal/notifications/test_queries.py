import datetime
import uuid

import pytest
from django.http import Http404

from portal.accounts.enums import OrganizationKind, Role
from portal.notifications import queries
from portal.notifications.enums import ActionKind, EmailStatus
from portal.notifications.models import ActionItem, ActionItemMark
from tests.factories import NOON, make_actor, make_organization, make_partner
from tests.portal.notifications.builders import make_email, make_item

pytestmark = pytest.mark.django_db


def titles(page):
    return [item.title_text for item in page]


def mark(item, actor, **times):
    ActionItemMark.objects.create(item=item, user_id=actor.user_id, **times)


def test_the_counter_counts_open_actions_that_this_person_did_not_archive():
    partner = make_partner()
    me, colleague = make_actor(partner), make_actor(partner)
    mine, theirs = make_item(partner), make_item(partner)
    make_item(partner, kind=ActionKind.TRANSACTIONAL)
    ActionItem.objects.filter(pk=make_item(partner).pk).update(completed_at=NOON)
    mark(mine, me, archived_at=NOON)
    mark(theirs, colleague, archived_at=NOON)
    mark(theirs, me, read_at=NOON)  # read by me and archived by somebody else: still mine to do

    assert queries.open_action_count(me) == 1
    assert queries.open_action_count(colleague) == 1
    assert queries.notification_count(me) == 1


def test_the_counter_stops_at_a_hundred(monkeypatch):
    monkeypatch.setattr(queries, "COUNTER_LIMIT", 3)
    partner = make_partner()
    for _number in range(5):
        make_item(partner)

    assert queries.open_action_count(make_actor(partner)) == 3


def test_each_list_shows_its_own_items():
    partner = make_partner()
    actor = make_actor(partner)
    make_item(partner, number=1, kind=ActionKind.MANDATORY)
    make_item(partner, number=2, kind=ActionKind.TRANSACTIONAL)
    done = make_item(partner, number=3)
    ActionItem.objects.filter(pk=done.pk).update(completed_at=NOON)
    mark(make_item(partner, number=4), actor, archived_at=NOON)
    mark(make_item(partner, number=5, kind=ActionKind.PROMOTIONAL), actor, archived_at=NOON)

    def shown(scope, **filters):
        return sorted(titles(queries.item_page(actor, scope, filters=filters)))

    assert shown("actions") == ["Item 1"]
    assert shown("notifications") == ["Item 2"]
    assert shown("completed") == ["Item 3"]
    assert shown("archived") == ["Item 4", "Item 5"]
    assert shown("archived", kind="promotional") == ["Item 5"]


def test_lists_are_searched_filtered_and_sorted():
    partner = make_partner()
    actor = make_actor(partner)
    for number, (title, days) in enumerate([("Zebra", 9), ("Apfel", 2), ("Birne", None)]):
        due = None if days is None else NOON + datetime.timedelta(days=days)
        make_item(partner, title=title, title_params=None, due_at=due, now=NOON + datetime.timedelta(hours=number))
    make_item(partner, title="Other", title_params=None, workspace="billing", body="about a ZEBRA")

    def shown(**filters):
        return titles(queries.item_page(actor, "actions", filters=filters))

    assert shown(q="zebra") == ["Zebra", "Other"] or shown(q="zebra") == ["Other", "Zebra"]
    assert shown(workspace="billing") == ["Other"]
    assert shown(workspace="account-settings", sort="due") == ["Apfel", "Zebra", "Birne"]
    assert shown(workspace="account-settings", sort="-created") == ["Birne", "Apfel", "Zebra"]
    assert shown(workspace="account-settings", sort="created") == ["Zebra", "Apfel", "Birne"]


@pytest.mark.parametrize("sort", sorted(queries.ORDERS))
def test_paging_shows_every_item_once_in_any_order(sort):
    partner = make_partner()
    actor = make_actor(partner)
    for number in range(7):
        make_item(partner, number=number, due_at=NOON if number % 2 else None)

    seen, cursor = [], ""
    while True:
        page = queries.item_page(actor, "actions", filters={"sort": sort}, cursor=cursor, size=3)
        seen += titles(page)
        cursor = page.next_cursor
        if not cursor:
            break

    assert sorted(seen) == [f"Item {number}" for number in range(7)]


@pytest.mark.parametrize("number", [1, 20])
def test_a_list_costs_the_same_queries_for_one_row_and_for_twenty(number, django_assert_num_queries):
    partner = make_partner()
    actor = make_actor(partner)
    for _index in range(number):
        make_item(partner)

    with django_assert_num_queries(1):
        queries.rows(queries.item_page(actor, "actions", filters={}), now=NOON)
    with django_assert_num_queries(2):
        queries.panel_rows(actor, now=NOON)


def test_the_bell_shows_the_most_urgent_actions_and_unread_news():
    partner = make_partner()
    actor = make_actor(partner)
    for days in (None, 30, 2):
        due = None if days is None else NOON + datetime.timedelta(days=days)
        make_item(partner, title=f"due {days}", title_params=None, due_at=due)
    mark(make_item(partner, title="read", title_params=None, kind=ActionKind.TRANSACTIONAL), actor, read_at=NOON)
    make_item(partner, title="new", title_params=None, kind=ActionKind.TRANSACTIONAL)

    assert [row.title for row in queries.panel_rows(actor, now=NOON)] == ["due 2", "due 30", "due None", "new"]


@pytest.mark.parametrize(
    ("hours", "text", "near"),
    [
        (0, "due today", True),
        (11, "due today", True),
        (24, "1 day left", True),
        (24 * 8, "8 days left", False),
        (-24, "1 day overdue", True),
        (-48, "2 days overdue", True),
    ],
)
def test_days_left_are_said_in_words(hours, text, near):
    partner = make_partner()
    make_item(partner, due_at=NOON + datetime.timedelta(hours=hours))

    [row] = queries.panel_rows(make_actor(partner), now=NOON)

    assert (row.due_text, row.due_is_near) == (text, near)


def test_anothers_item_does_not_exist():
    partner = make_partner()
    item = make_item(partner)

    assert queries.item_detail(make_actor(partner), item.pk) == item
    for stranger in (make_actor(partner, Role.BILLING_ADMIN), make_actor(make_partner())):
        with pytest.raises(Http404):
            queries.item_detail(stranger, item.pk)
    with pytest.raises(Http404):
        queries.item_detail(make_actor(partner), uuid.uuid4())


def test_undelivered_mails_are_seen_by_their_organization_and_by_the_operator():
    partner, other = make_partner(), make_partner()
    operator = make_actor(make_organization(OrganizationKind.OPERATOR), Role.OPERATOR_ADMIN)
    failed = make_email(status=EmailStatus.FAILED, organization=partner)
    lost = make_email(status=EmailStatus.UNCONFIRMED)
    make_email(status=EmailStatus.FAILED, organization=partner, settled_at=NOON)
    make_email(status=EmailStatus.SENT, organization=partner)
    make_email()

    def seen(actor, **filters):
        return set(queries.undelivered_page(actor, **filters).rows)

    assert seen(make_actor(partner, Role.ACCOUNT_ADMIN)) == {failed}
    assert seen(make_actor(other, Role.ACCOUNT_ADMIN)) == set()
    assert seen(operator) == {failed, lost}
    assert seen(operator, status="unconfirmed") == {lost}
