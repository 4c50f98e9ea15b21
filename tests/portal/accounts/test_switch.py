"""Acting for another of one's organizations, and for none."""

import uuid

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.enums import Role
from tests.factories import NOON, make_member, make_partner, make_user
from tests.portal.accounts.helpers import event_names

pytestmark = pytest.mark.django_db
SWITCH = "/switch-organization/"


@pytest.fixture
def home_and_away():
    home = make_member(make_partner(name="Contoso"), Role.GLOBAL_ADMIN)
    return home, make_member(make_partner(name="Fabrikam"), Role.SALES_AGENT, user=home.user)


def test_switching_lands_on_home_and_acts_with_the_other_roles(client_for, home_and_away):
    home, away = home_and_away
    client = client_for(home)
    assert client.get(reverse("accounts:users")).status_code == 200

    response = client.post(SWITCH, {"organization_id": str(away.organization_id)}, follow=True)

    assert response.redirect_chain == [("/", 302)]
    assert "Working for Fabrikam" in response.text
    assert client.get(reverse("accounts:users")).status_code == 403
    assert event_names(away.organization) == ["organization-switched"]
    assert event_names(home.organization) == []


def test_choosing_the_present_organization_changes_nothing(client_for, home_and_away):
    home, _away = home_and_away
    assert client_for(home).post(SWITCH, {"organization_id": str(home.organization_id)}).status_code == 302
    assert event_names(home.organization) == []


@pytest.mark.parametrize("wrong", ["foreign", "unknown", "nonsense", "", "inactive"])
def test_only_the_own_active_memberships_can_be_chosen(wrong, client_for, home_and_away):
    home, away = home_and_away
    if wrong == "inactive":
        away.is_active, away.deactivated_at = False, NOON
        away.save()
    chosen = {
        "foreign": make_partner().pk,
        "unknown": uuid.uuid4(),
        "inactive": away.organization_id,
    }.get(wrong, wrong)
    client = client_for(home)
    assert client.post(SWITCH, {"organization_id": str(chosen)}).status_code == 404
    assert "Working for Contoso" in client.get("/").text


def test_the_choice_cannot_be_smuggled_into_the_session_of_somebody_else(client_for, home_and_away):
    home, _away = home_and_away
    client = client_for(home)
    session = client.session
    session["organization_id"] = str(make_partner(name="Stranger").pk)
    session.save()
    assert "Working for Contoso" in client.get("/").text


def test_it_is_no_link(client_for, home_and_away):
    assert client_for(home_and_away[0]).get(SWITCH).status_code == 405


def signed_in_without_membership():
    client = Client()
    client.force_login(make_user(), backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.mark.parametrize("name", ["home", "search", "accounts:users", "accounts:organization", "accounts:my_access"])
def test_who_belongs_nowhere_gets_one_clear_page(name):
    response = signed_in_without_membership().get(reverse(name))
    assert response.status_code == 403
    assert "You do not belong to any organization at the moment." in response.text


def test_who_belongs_nowhere_still_keeps_its_own_account():
    client = signed_in_without_membership()
    assert client.get(reverse("accounts:profile")).status_code == 200
    assert client.get(reverse("accounts:security")).status_code == 200


def test_htmx_is_told_the_same_as_a_message():
    response = signed_in_without_membership().get(reverse("home"), headers={"HX-Request": "true"})
    assert response.status_code == 403
    assert response.headers["HX-Retarget"] == "#messages"
