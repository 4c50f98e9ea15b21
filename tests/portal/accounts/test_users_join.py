"""The way in by the unique link of an invitation."""

import pytest
from django.contrib.auth import get_user
from django.test import Client
from django.utils import timezone

from portal.accounts.enums import OrganizationKind, Role
from portal.accounts.models import Membership, User, UserInvitation
from portal.accounts.workflow import invitations as workflow
from tests.factories import NOON, make_member, make_organization, make_partner, make_user
from tests.portal.accounts.helpers import actor_of, mails_to, token_in

pytestmark = pytest.mark.django_db
EMAIL = "kim@example.com"
REGISTER = {"name": "Kim N.", "password": "correct horse battery", "password_again": "correct horse battery"}


@pytest.fixture
def admin():
    return make_member(make_partner(name="Contoso"), Role.GLOBAL_ADMIN, name="Ada Admin")


@pytest.fixture
def link(admin):

    invite(admin, now=timezone.now())
    return f"/join/{token_in(mails_to(EMAIL)[0])}/"


def invite(admin, now, roles=("sales_agent",), language="en"):
    return workflow.invite_user(
        name="Kim Nilsson", email=EMAIL, roles=list(roles), language=language, actor=actor_of(admin), now=now
    )


def state():
    return list(UserInvitation.objects.values()), User.objects.count(), Membership.objects.count()


def test_opening_the_link_shows_who_invites_to_what_and_spends_nothing(client, link):
    before = state()
    for _ in range(3):
        response = client.get(link, follow=True)
        assert "Ada Admin invites you, kim@example.com, to act for Contoso" in response.text
        assert "Sales agent" in response.text
        assert 'value="Kim Nilsson"' in response.text
    assert state() == before


def test_the_token_leaves_the_address_at_once(client, link):
    response = client.get(link, follow=True)
    assert response.redirect_chain == [("/join/", 302)]
    assert link.split("/")[2] not in response.text


def test_a_new_person_opens_an_account_is_signed_in_and_sets_up_a_second_factor(client, link):
    client.get(link)
    response = client.post("/join/", REGISTER)

    membership = Membership.objects.get(user__email=EMAIL)
    assert membership.user.name == "Kim N."
    assert membership.user.check_password("correct horse battery")
    assert get_user(client) == membership.user
    assert response.headers["Location"] == "/"
    assert client.session["organization_id"] == str(membership.organization_id)
    assert client.get("/").headers["Location"] == "/account-settings/security/second-factor/"


def test_people_of_customers_go_straight_to_home(client):

    admin = make_member(make_organization(OrganizationKind.CUSTOMER), Role.CUSTOMER_ADMIN)
    invite(admin, timezone.now(), roles=["customer_admin"])
    client.get(f"/join/{token_in(mails_to(EMAIL)[0])}/")
    home = client.post("/join/", REGISTER, follow=True)
    assert home.status_code == 200
    assert "Welcome to" in home.text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"password": "short", "password_again": "short"}, "too short"),
        ({"password": "kim@example.com1", "password_again": "kim@example.com1"}, "too similar"),
        ({"password_again": "something else 123"}, "not the same"),
        ({"name": ""}, "required"),
    ],
)
def test_a_weak_or_mistyped_password_is_refused_and_the_link_stays_open(change, sentence, client, link):
    client.get(link)
    response = client.post("/join/", REGISTER | change)
    assert response.status_code == 422
    assert sentence in response.text
    assert "correct horse" not in response.text
    assert UserInvitation.objects.get().status == "open"
    assert client.post("/join/", REGISTER).status_code == 302


def test_a_person_with_an_account_signs_in_confirms_and_joins(client_for, client, link):
    user = make_user(email=EMAIL)
    client.get(link)
    asked = client.get("/join/")
    assert "There is an account for kim@example.com already" in asked.text
    assert "/account/login/?next=/join/" in asked.text
    assert client.post("/join/", REGISTER).status_code == 200  # no second account, no password taken over
    assert not Membership.objects.filter(user=user).exists()

    elsewhere = make_member(None, Role.ADMIN_AGENT, user=user)
    signed_in = client_for(elsewhere)
    signed_in.get(link)
    assert "Join Contoso" in signed_in.get("/join/").text
    assert not Membership.objects.filter(user=user, organization__name="Contoso").exists()
    joined = signed_in.post("/join/", follow=True)
    assert "Welcome to Contoso." in joined.text
    assert Membership.objects.filter(user=user, organization__name="Contoso").exists()


def test_a_person_without_any_membership_can_join(client, link):
    user = make_user(email=EMAIL)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get(link)
    assert "Join Contoso" in client.get("/join/").text
    client.post("/join/")
    assert Membership.objects.filter(user=user).exists()


def test_somebody_else_signed_in_is_told_so(client_for, link):
    client = client_for(make_member())
    client.get(link)
    for response in (client.get("/join/"), client.post("/join/")):
        assert response.status_code == 403
        assert "This invitation was sent to kim@example.com" in response.text
    assert UserInvitation.objects.get().status == "open"


@pytest.mark.parametrize(
    ("status", "sentence"), [("accepted", "has been used"), ("revoked", "withdrawn"), ("expired", "has expired")]
)
def test_a_closed_link_says_what_became_of_it(status, sentence, client, link):
    UserInvitation.objects.update(status=status, closed_at=NOON)
    response = client.get(link, follow=True)
    assert response.status_code == 410
    assert sentence in response.text
    assert client.post("/join/", REGISTER).status_code == 410
    assert not User.objects.filter(email=EMAIL).exists()


def test_an_unknown_link_reveals_nothing(client, link):

    never = client.get("/join/abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG/")
    workflow.resend_invitation(
        invitation_id=UserInvitation.objects.get().pk, actor=actor_of(Membership.objects.get()), now=timezone.now()
    )
    replaced = Client().get(link)
    assert never.status_code == replaced.status_code == 404
    for response in (never, replaced):
        assert "This link does not work" in response.text
        assert "Contoso" not in response.text


def test_the_page_without_a_link_leads_nowhere(client):
    assert client.get("/join/").status_code == 404
    assert client.post("/join/", REGISTER).status_code == 404


def test_wrong_links_are_counted_and_right_ones_are_not(client, link):
    for _ in range(25):
        assert client.get(link).status_code == 302
    answers = [client.get(f"/join/{'x' * 42}{number}/").status_code for number in range(25)]
    assert answers[:20] == [404] * 20
    assert set(answers[20:]) == {429}


def test_the_page_speaks_the_language_of_the_invitation(client):

    admin = make_member(make_partner(), Role.GLOBAL_ADMIN)
    invite(admin, timezone.now(), language="sv")
    response = client.get(f"/join/{token_in(mails_to(EMAIL)[0])}/", follow=True)
    assert response.headers["Content-Language"] == "sv"
    assert '<html lang="sv">' in response.text
