import uuid

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.enums import Role
from portal.accounts.models import Membership
from portal.notifications.enums import ActionKind, EmailStatus
from portal.notifications.models import ActionItem, ActionItemMark, MailPreference
from tests.factories import NOON, make_member, make_partner
from tests.portal.notifications.builders import make_email, make_item

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
OVERVIEW = "/action-center/"


@pytest.fixture
def partner():
    return make_partner()


@pytest.fixture
def member(partner):
    return make_member(partner, Role.ADMIN_AGENT, Role.ACCOUNT_ADMIN)


@pytest.fixture
def client(client_for, member):
    return client_for(member)


def text(response):
    return response.content.decode()


def change(client, *items, do, **fields):
    headers = fields.pop("headers", {})
    data = {"do": do, "selected": [str(item.pk) for item in items], **fields}
    return client.post(reverse("action_center:change"), data, headers=headers)


def test_the_overview_shows_actions_and_news_on_two_tabs_with_their_numbers(client, partner):
    make_item(partner, title="Do this", title_params=None, kind=ActionKind.MANDATORY, due_at=NOON)
    make_item(partner, title="Read this", title_params=None, kind=ActionKind.TRANSACTIONAL)

    actions, news = client.get(OVERVIEW), client.get(OVERVIEW + "?tab=notifications")

    assert "Do this" in text(actions)
    assert "Read this" not in text(actions)
    assert "overdue" in text(actions)
    assert "Read this" in text(news)
    assert [tab["count"] for tab in actions.context["tabs"]] == [1, 1]


@pytest.mark.parametrize("path", ["", "?tab=notifications", "completed/", "archived/"])
def test_an_empty_list_says_what_will_appear_there(client, path):
    response = client.get(OVERVIEW + path)

    assert response.status_code == 200
    assert "empty-state" in text(response)


def test_a_filter_without_a_hit_offers_to_clear_it(client, partner):
    make_item(partner)

    response = client.get(OVERVIEW + "?q=nothing-like-this&kind=mandatory&workspace=bogus&sort=bogus")

    assert "Clear the filters" in text(response)
    assert [chip["label"] for chip in response.context["chips"]] == ["Search: nothing-like-this", "Mandatory"]


def test_htmx_gets_the_list_with_messages_and_bell_beside_it(client, partner):
    make_item(partner)

    response = client.get(OVERVIEW, headers=HTMX)

    assert text(response).lstrip().startswith('<div class="stack" id="list">')
    assert "<html" not in text(response)
    assert 'id="bell"' in text(response)
    assert text(response).count('hx-swap-oob="true"') == 2


@pytest.mark.parametrize("cursor", ["x", "WyJuIiwxXQ", "WyJuIiwiYSIsInoiXQ"])
def test_a_broken_cursor_is_a_clear_400(client, cursor):
    assert client.get(f"{OVERVIEW}?cursor={cursor}").status_code == 400


def test_scripts_in_titles_are_text(client, partner):
    item = make_item(partner, title="<script>alert(1)</script>", title_params=None, body="<img src=x>")

    for path in (OVERVIEW, f"{OVERVIEW}items/{item.pk}/"):
        assert "<script>alert(1)" not in text(client.get(path))
        assert "<img src=x>" not in text(client.get(path))


def test_following_links_marks_nothing_as_read(client, partner):
    item = make_item(partner, url="/help/")

    for path in ("", "panel/", f"items/{item.pk}/", "completed/", "archived/", "preferences/"):
        client.get(OVERVIEW + path)
        client.get(OVERVIEW + path, headers=HTMX)

    assert not ActionItemMark.objects.exists()


def test_opening_an_item_marks_it_read_and_goes_where_it_leads(client, partner):
    item = make_item(partner, url="/help/")

    response = client.post(reverse("action_center:open", args=[item.pk]))

    assert (response.status_code, response["Location"]) == (302, "/help/")
    assert ActionItemMark.objects.get().read_at


def test_an_item_is_a_panel_for_htmx_and_a_page_else(client, partner):
    item = make_item(partner, kind=ActionKind.MANDATORY)
    path = reverse("action_center:item", args=[item.pk])

    assert "<dialog" in text(client.get(path, headers=HTMX))
    page = text(client.get(path))
    assert "<html" in page
    assert "cannot be archived" in page
    assert 'value="archive"' not in page


@pytest.mark.parametrize("name", ["item", "open"])
def test_anothers_item_is_a_404(client, name):
    for item_id in (make_item(make_partner()).pk, uuid.uuid4()):
        path = reverse(f"action_center:{name}", args=[item_id])
        assert (client.get if name == "item" else client.post)(path).status_code == 404


def test_archiving_without_script_comes_back_to_the_same_list_and_tells_each_result(client, partner):
    free = make_item(partner, title="Free", title_params=None)
    locked = make_item(partner, title="Locked", title_params=None, kind=ActionKind.MANDATORY)
    back = OVERVIEW + "?kind=recommended"

    response = change(client, free, locked, do="archive", back=back)
    assert (response.status_code, response["Location"]) == (302, back)

    page = client.get(OVERVIEW)
    assert "1 item archived." in text(page)
    assert "“Locked” is mandatory and cannot be archived." in text(page)
    assert "Do what it asks for" in text(page)
    assert [row.title for row in page.context["rows"]] == ["Locked"]


def test_many_refusals_are_told_by_number(client, partner):
    items = [make_item(partner, kind=ActionKind.MANDATORY) for _number in range(8)]

    change(client, *items, do="archive")

    page = text(client.get(OVERVIEW))
    assert page.count("is mandatory and cannot be archived") == 5
    assert "3 more were not changed." in page


def test_archiving_with_htmx_swaps_the_list_and_announces_the_result(client, partner):
    response = change(client, make_item(partner), do="archive", back=OVERVIEW, headers=HTMX)

    assert response.status_code == 200
    assert '"target": "#list"' in response["HX-Location"]
    assert "1 item archived." in response["HX-Trigger"]


def test_dismissing_in_the_bell_answers_with_the_rest_of_the_bell(client, partner):
    first, second = make_item(partner, number=1), make_item(partner, number=2)

    panel = client.get(OVERVIEW + "panel/", headers=HTMX)
    assert "Item 1" in text(panel)
    response = change(client, first, do="archive", headers=HTMX, **{"from": "bell"})

    assert [row.id for row in response.context["rows"]] == [second.pk]
    assert "1 item archived." in response["HX-Trigger"]
    assert 'id="bell"' in text(response)


def test_the_bell_without_script_is_the_overview(client):
    assert client.get(OVERVIEW + "panel/")["Location"] == OVERVIEW


def test_restoring_and_marking_as_read(client, partner):
    item = make_item(partner)

    change(client, item, do="read")
    assert ActionItemMark.objects.get().read_at
    change(client, item, do="archive")
    assert [row.id for row in client.get(OVERVIEW + "archived/").context["rows"]] == [item.pk]
    change(client, item, do="restore")
    assert [row.id for row in client.get(OVERVIEW).context["rows"]] == [item.pk]


@pytest.mark.parametrize("name", ["change", "change_mails"])
@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "Nothing is selected"),
        ({"selected": "x"}, "selection cannot be read"),
        ({"selected": "x", "do": "explode"}, "not something the list can do"),
    ],
)
def test_bad_input_is_a_clear_422(client, name, data, words):
    usual = {"change": "archive", "change_mails": "again"}[name]

    response = client.post(reverse(f"action_center:{name}"), {"do": usual} | data)

    assert response.status_code == 422
    assert words in text(response)


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_nobody_is_sent_away_from_the_portal(client, partner, back):
    assert change(client, make_item(partner), do="archive", back=back)["Location"] == OVERVIEW


def test_a_foreign_item_is_not_changed_and_nothing_is_told_of_it(client, partner):
    item = make_item(make_partner(), title="Secret", title_params=None, kind=ActionKind.MANDATORY)

    change(client, item, do="archive")

    page = text(client.get(OVERVIEW))
    assert "Nothing was changed" in page
    assert "Secret" not in page


@pytest.mark.parametrize("name", ["change", "change_mails", "preferences"])
def test_forms_need_their_csrf_token(client_for, member, name):
    client = client_for(member)
    client.handler.enforce_csrf_checks = True

    assert client.post(reverse(f"action_center:{name}"), {"do": "archive"}).status_code == 403


@pytest.mark.parametrize("path", ["", "completed/", "archived/", "preferences/", "panel/", "mails/"])
def test_strangers_are_led_to_sign_in(db, path):
    response = Client().get(OVERVIEW + path)
    assert response.status_code == 302
    assert "/account/login/" in response["Location"]


def test_who_belongs_to_no_organization_gets_a_sentence(client_for):
    member = make_member()
    client = client_for(member)
    Membership.objects.filter(pk=member.pk).update(is_active=False, deactivated_at=NOON)

    for path in ("", "preferences/", "panel/"):
        assert client.get(OVERVIEW + path, headers=HTMX if path == "panel/" else {}).status_code == 403


class TestPreferences:
    path = OVERVIEW + "preferences/"

    def test_optional_kinds_have_a_box_per_workspace_and_the_others_say_why_not(self, client):
        page = text(client.get(self.path))

        assert 'name="account-settings:transactional"' in page
        assert 'name="account-settings:promotional"' in page
        assert "mandatory" not in page.split('name="')[1]
        assert "Always sent" in page
        assert "so they are always sent" in page

    def test_a_box_left_empty_switches_the_mail_off_and_language_changes_at_once(self, client, member):
        response = client.post(self.path, {"language": "sv", "account-settings:transactional": "on"}, follow=True)

        assert response.redirect_chain == [(self.path, 302)]
        assert 'lang="sv"' in text(response)
        member.user.refresh_from_db()
        assert member.user.language == "sv"
        [choice] = MailPreference.objects.filter(wants_mail=False, workspace="account-settings")
        assert choice.kind == "promotional"
        assert 'name="account-settings:promotional" checked' not in text(client.get(self.path))

    def test_an_unknown_language_is_an_error_at_its_field(self, client):
        response = client.post(self.path, {"language": "xx"})

        assert response.status_code == 422
        assert "error-summary" in text(response)


class TestMails:
    path = OVERVIEW + "mails/"

    def test_the_list_shows_recipient_reason_and_status(self, client, partner):
        make_email("lost@example.com", status=EmailStatus.UNCONFIRMED, organization=partner, reason="cut-off")
        make_email(
            "no@example.com",
            status=EmailStatus.FAILED,
            organization=partner,
            reason="refused",
            last_error="550 <b>no</b>",
            started_at=NOON,
        )

        page = text(client.get(self.path))

        assert "lost@example.com" in page
        assert "The connection broke before the mail server confirmed" in page
        assert "550 &lt;b&gt;no&lt;/b&gt;" in page
        assert "lost@example.com" not in text(client.get(self.path + "?status=failed"))

    def test_sending_again_and_settling_by_form(self, client, partner):
        first = make_email("a@example.com", status=EmailStatus.FAILED, organization=partner)
        second = make_email("b@example.com", status=EmailStatus.UNCONFIRMED, organization=partner)

        for do, email in (("again", first), ("settle", second)):
            response = client.post(self.path + "change/", {"do": do, "selected": str(email.pk)}, follow=True)
            assert "1 mail" in text(response)

        first.refresh_from_db()
        second.refresh_from_db()
        assert first.status == EmailStatus.WAITING
        assert second.settled_at
        assert "No undelivered mails" in text(client.get(self.path))

    def test_others_are_refused_with_the_roles_that_may(self, client_for, partner):
        client = client_for(make_member(partner, Role.SALES_AGENT))

        for response in (client.get(self.path), client.post(self.path + "change/", {"do": "again"})):
            assert response.status_code == 403
            assert "Account admin" in text(response)

    def test_the_texts_of_mails_are_not_shown(self, client, partner):
        make_email(status=EmailStatus.FAILED, organization=partner, text="private words", html="private words")

        assert "private words" not in text(client.get(self.path))


@pytest.mark.parametrize("number", [1, 20])
def test_the_overview_costs_the_same_queries_for_one_row_and_for_twenty(
    client, partner, number, django_assert_max_num_queries
):
    for _index in range(number):
        make_item(partner)
    client.get(OVERVIEW)

    with django_assert_max_num_queries(5):
        client.get(OVERVIEW)


def test_the_counter_in_the_bell_follows(client, partner):
    items = [make_item(partner) for _number in range(2)]
    assert "Action Center, 2 open actions" in text(client.get(OVERVIEW))

    change(client, items[0], do="archive")

    assert "Action Center, 1 open action" in text(client.get(OVERVIEW))
    assert ActionItem.objects.count() == 2  # nothing is ever deleted
