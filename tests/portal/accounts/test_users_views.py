"""The pages of user management."""

import csv
import datetime
import io

import pytest
from django.urls import reverse

from portal.accounts import access
from portal.accounts.enums import Role
from portal.accounts.models import Membership, UserInvitation
from portal.accounts.views import users as views
from portal.accounts.workflow import users as workflow
from portal.core import exports
from tests.factories import NOON, make_member, make_partner
from tests.portal.accounts.helpers import actor_of, event_names

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
USERS = "/account-settings/users/"


@pytest.fixture
def admin():
    return make_member(make_partner(name="Contoso"), Role.GLOBAL_ADMIN, name="Ada Admin")


@pytest.fixture
def colleague(admin):
    return make_member(admin.organization, Role.SALES_AGENT, name="Kim Nilsson", email="kim@example.com")


def page(name, member, **query):
    return reverse(f"accounts:{name}", args=[member.user_id], query=query or None)


def names_on(response):
    return [member.user.name for member in response.context["members"]]


def test_the_list_shows_the_people_of_the_own_organization_only(client_for, admin, colleague):
    stranger = make_member(name="Stranger")
    response = client_for(admin).get(USERS)
    assert names_on(response) == ["Ada Admin", "Kim Nilsson"]
    assert stranger.user.name not in response.text


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"q": "nilsson"}, ["Kim Nilsson"]),
        ({"q": "elan"}, ["Élan Öberg"]),
        ({"q": "KIM@EXAMPLE"}, ["Kim Nilsson"]),
        ({"q": "%"}, []),
        ({"role": "sales_agent"}, ["Kim Nilsson"]),
        ({"state": "deactivated"}, ["Élan Öberg"]),
        ({"state": "active", "role": "global_admin"}, ["Ada Admin"]),
        ({"sort": "-name"}, ["Kim Nilsson", "Élan Öberg", "Ada Admin"]),
        ({"sort": "-last_sign_in"}, ["Kim Nilsson", "Ada Admin", "Élan Öberg"]),
        ({"role": "emperor", "sort": "shoe-size", "state": "asleep"}, ["Ada Admin", "Élan Öberg", "Kim Nilsson"]),
    ],
)
def test_search_filters_and_order_stand_in_the_address(query, expected, client_for, admin, colleague):
    gone = make_member(admin.organization, Role.HELPDESK_AGENT, name="Élan Öberg", email="elan@example.com")
    Membership.objects.filter(pk=gone.pk).update(is_active=False, deactivated_at=NOON)
    client = client_for(admin)
    for member, moment in ((admin, NOON), (colleague, NOON + datetime.timedelta(days=1))):
        member.user.last_login = moment
        member.user.save(update_fields=["last_login"])

    shown = names_on(client.get(USERS, query))
    exported = client.get(f"{USERS}export/", query).getvalue().decode("utf-8-sig")

    assert shown == expected
    assert [row["Name"] for row in csv.DictReader(io.StringIO(exported))] == expected


def test_pages_follow_each_other_and_keep_the_filters(client_for, admin, monkeypatch):
    for number in range(60):
        make_member(admin.organization, Role.SALES_AGENT, name=f"Person {number:03}")
    client = client_for(admin)

    first = client.get(USERS, {"role": "sales_agent"})
    second = client.get(first.context["pager"]["next_url"])

    assert len(names_on(first)) == 50
    assert names_on(first) + names_on(second) == [f"Person {number:03}" for number in range(60)]
    assert "role=sales_agent" in second.context["pager"]["previous_url"]
    assert first.context["pager"]["range"] == "60 entries"


def test_a_changed_cursor_is_refused_and_a_long_list_costs_no_more_queries(
    client_for, admin, django_assert_max_num_queries
):
    client = client_for(admin)
    assert client.get(USERS, {"cursor": "nonsense"}).status_code == 400

    def queries():
        with django_assert_max_num_queries(20) as counted:
            client.get(USERS)
        return len(counted)

    few = queries()
    for _ in range(20):
        make_member(admin.organization, Role.SALES_AGENT)
    assert queries() == few


def test_htmx_gets_the_list_alone_and_it_is_the_one_the_page_holds(client_for, admin, colleague):
    client = client_for(admin)
    fragment = client.get(USERS, {"q": "kim"}, headers=HTMX)
    whole = client.get(USERS, {"q": "kim"})
    assert "<html" not in fragment.text
    assert fragment.text.strip().startswith('<div class="stack" id="users">')
    assert fragment.text.strip() in whole.text
    assert "HX-Request" in fragment.headers["Vary"]


def test_the_export_is_harmless_in_a_spreadsheet(client_for, admin):
    make_member(admin.organization, Role.SALES_AGENT, name='=HYPERLINK("http://evil.example")')
    response = client_for(admin).get(f"{USERS}export/")
    rows = list(csv.reader(io.StringIO(response.getvalue().decode("utf-8-sig"))))
    assert rows[1][0] == '\'=HYPERLINK("http://evil.example")'
    assert response.headers["Content-Disposition"] == 'attachment; filename="users.csv"'
    assert response.streaming


def test_a_running_export_ends_when_the_right_is_taken_away(client_for, admin, monkeypatch):
    monkeypatch.setattr(views, "EXPORT_BATCH", 10)
    monkeypatch.setattr(exports, "ROWS_AT_ONCE", 1)
    for number in range(40):
        make_member(admin.organization, Role.SALES_AGENT, name=f"Person {number:03}")
    lines = iter(client_for(admin).get(f"{USERS}export/").streaming_content)
    received = [next(lines) for _ in range(5)]
    Membership.objects.filter(pk=admin.pk).update(roles=["helpdesk_agent"])
    received += list(lines)
    assert len(received) < 20
    assert "Your role does not allow this" in received[-1].decode()


def test_the_rows_of_an_export_pass_while_the_right_lasts():
    actor = actor_of(make_member(None, Role.GLOBAL_ADMIN))
    assert list(access.while_allowed(actor, views.Permission.USER_VIEW, range(7), every=2)) == list(range(7))


def test_a_person_s_page_shows_roles_id_and_what_happened(client_for, admin, colleague):
    workflow.change_roles(membership_id=colleague.pk, roles=["helpdesk_agent"], actor=actor_of(admin), now=NOON)
    response = client_for(admin).get(page("user", colleague))
    assert f'data-copy="{colleague.user_id}"' in response.text
    assert "From Sales agent to Helpdesk agent" in response.text
    assert "Not set up" in response.text  # second factor
    assert page("user_deactivate", colleague) in response.text


def test_what_cannot_be_done_is_disabled_and_says_why(client_for, admin):
    response = client_for(admin).get(page("user", admin))
    assert "You cannot change your own roles." in response.text
    assert "You cannot deactivate yourself." in response.text
    assert page("user_roles", admin) not in response.text


@pytest.mark.parametrize("name", ["user", "user_roles", "user_deactivate", "user_reactivate"])
def test_people_of_other_organizations_are_not_found(name, client_for, admin):
    stranger = make_member()
    client = client_for(admin)
    assert client.get(page(name, stranger)).status_code == 404
    if name != "user":
        assert client.post(page(name, stranger), {"roles": "billing_admin"}).status_code == 404


def test_changing_roles_works_without_javascript(client_for, admin, colleague):
    response = client_for(admin).post(
        page("user_roles", colleague), {"roles": ["helpdesk_agent", "billing_admin"]}, follow=True
    )
    colleague.refresh_from_db()
    assert set(colleague.roles) == {"helpdesk_agent", "billing_admin"}
    assert response.redirect_chain == [(page("user", colleague), 302)]
    assert "The roles of Kim Nilsson have been saved." in response.text


def test_changing_roles_by_htmx_opens_a_panel_and_goes_back_to_the_person(client_for, admin, colleague):
    client = client_for(admin)
    panel = client.get(page("user_roles", colleague), headers=HTMX)
    assert panel.text.count("<dialog") == 1
    assert 'value="sales_agent"' in panel.text

    saved = client.post(page("user_roles", colleague), {"roles": ["billing_admin"]}, headers=HTMX)
    assert saved.headers["HX-Redirect"] == page("user", colleague)


@pytest.mark.parametrize(
    ("roles", "sentence"), [([], "Choose at least one role."), (["customer_admin"], "does not have")]
)
def test_impossible_roles_are_refused_beside_the_field(roles, sentence, client_for, admin, colleague):
    response = client_for(admin).post(page("user_roles", colleague), {"roles": roles})
    assert response.status_code == 422
    assert sentence in response.text
    assert 'class="error-summary"' in response.text


def test_a_refusal_of_the_workflow_stands_in_the_panel(client_for, admin, colleague):
    actor = make_member(admin.organization, Role.ACCOUNT_ADMIN)
    response = client_for(actor).post(page("user_roles", colleague), {"roles": ["global_admin"]}, headers=HTMX)
    assert response.status_code == 403
    assert "Who can: Global admin." in response.text


def test_changing_roles_and_inviting_ask_for_a_fresh_sign_in(client_for, admin, colleague):
    client = client_for(admin, fresh=False)
    for address in (page("user_roles", colleague), f"{USERS}invite/"):
        assert client.get(address).headers["Location"].startswith("/account/reauthenticate/")
        assert client.get(address, headers=HTMX).headers["HX-Redirect"].startswith("/account/reauthenticate/")
        assert client.post(address, {"roles": ["billing_admin"]}).status_code == 302
    colleague.refresh_from_db()
    assert colleague.roles == ["sales_agent"]


def test_deactivating_names_the_consequences_first(client_for, admin, colleague):
    client = client_for(admin)
    question = client.get(page("user_deactivate", colleague))
    assert "can no longer act for Contoso" in question.text
    colleague.refresh_from_db()
    assert colleague.is_active

    done = client.post(page("user_deactivate", colleague), follow=True)
    colleague.refresh_from_db()
    assert not colleague.is_active
    assert "Kim Nilsson can no longer act for your organization." in done.text

    back = client.post(page("user_reactivate", colleague), follow=True)
    colleague.refresh_from_db()
    assert colleague.is_active
    assert "Kim Nilsson can act for your organization again." in back.text


def test_deactivating_twice_says_that_it_is_done_already(client_for, admin, colleague):
    client = client_for(admin)
    client.post(page("user_deactivate", colleague))
    second = client.post(page("user_deactivate", colleague))
    assert second.status_code == 409
    assert "This person is deactivated." in second.text


def test_a_deactivated_person_is_out_on_the_next_click(client_for, admin, colleague):
    theirs = client_for(colleague)
    assert theirs.get("/").status_code == 200
    client_for(admin).post(page("user_deactivate", colleague))
    response = theirs.get("/")
    assert response.status_code == 403
    assert "You do not belong to any organization at the moment." in response.text


def test_a_role_taken_away_is_without_effect_on_the_next_click(client_for, admin):
    manager = make_member(admin.organization, Role.USER_MANAGEMENT_ADMIN)
    theirs = client_for(manager)
    assert theirs.get(USERS).status_code == 200
    client_for(admin).post(page("user_roles", manager), {"roles": ["helpdesk_agent"]})
    assert theirs.get(USERS).status_code == 403


def test_inviting_leads_to_the_list_of_invitations(client_for, admin):
    client = client_for(admin)
    form = {"name": "Kim", "email": "kim@example.com", "roles": ["sales_agent"], "language": "fr"}
    response = client.post(f"{USERS}invite/", form, follow=True)
    assert response.redirect_chain[-1][0] == f"{USERS}invitations/"
    assert "The invitation to kim@example.com is on its way." in response.text
    assert "Ada Admin" in response.text
    assert event_names(admin.organization) == ["user-invited"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"email": "kim"}, "valid email address"),
        ({"name": ""}, "required"),
        ({"roles": []}, "Choose at least one role."),
        ({"language": "tlh"}, "valid choice"),
        ({"email": "ada@example.com"}, "user of your organization already"),
    ],
)
def test_a_wrong_invitation_keeps_the_input_and_says_what_is_wrong(change, sentence, client_for, admin):
    make_member(admin.organization, Role.SALES_AGENT, email="ada@example.com")
    form = {"name": "Kim Keep", "email": "kim@example.com", "roles": ["sales_agent"], "language": "fr"} | change
    response = client_for(admin).post(f"{USERS}invite/", form)
    assert response.status_code == 422
    assert sentence in response.text
    if "name" not in change:
        assert 'value="Kim Keep"' in response.text
    assert UserInvitation.objects.count() == 0


def test_an_invitation_is_sent_again_and_revoked_from_the_list(client_for, admin):
    client = client_for(admin)
    form = {"name": "Kim", "email": "kim@example.com", "roles": ["sales_agent"], "language": "en"}
    client.post(f"{USERS}invite/", form)
    invitation = UserInvitation.objects.get()
    again, revoke = (f"{USERS}invitations/{invitation.pk}/{step}/" for step in ("resend", "revoke"))

    assert again in client.get(f"{USERS}invitations/").text
    assert "stops working" in client.get(again).text
    client.post(again)
    client.post(revoke)
    closed = client.post(revoke)

    assert event_names(admin.organization) == ["user-invited", "user-invitation-resent", "user-invitation-revoked"]
    assert closed.status_code == 410
    assert again not in client.get(f"{USERS}invitations/").text
    assert names_shown(client.get(f"{USERS}invitations/", {"status": "open"})) == []
    assert names_shown(client.get(f"{USERS}invitations/", {"status": "revoked"})) == ["Kim"]


def names_shown(response):
    return [row["invitation"].name for row in response.context["rows"]]


def test_foreign_invitations_are_not_found(client_for, admin):
    other = make_member(None, Role.GLOBAL_ADMIN)
    client_for(other).post(
        f"{USERS}invite/", {"name": "K", "email": "k@example.com", "roles": ["sales_agent"], "language": "en"}
    )
    invitation = UserInvitation.objects.get()
    client = client_for(admin)
    for step in ("resend", "revoke"):
        address = f"{USERS}invitations/{invitation.pk}/{step}/"
        assert (client.get(address).status_code, client.post(address).status_code) == (404, 404)
    assert names_shown(client.get(f"{USERS}invitations/")) == []


def test_an_invitation_out_of_time_shows_as_expired_before_the_sweep(client_for, admin):
    client = client_for(admin)
    client.post(f"{USERS}invite/", {"name": "K", "email": "k@example.com", "roles": ["sales_agent"], "language": "en"})
    UserInvitation.objects.update(expires_at=NOON - datetime.timedelta(days=30))
    (row,) = client.get(f"{USERS}invitations/").context["rows"]
    assert row["status"] == "expired"
    assert row["may_resend"]
    assert not row["may_revoke"]
