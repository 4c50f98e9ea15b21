"""Sign-in through an OpenID Connect provider, against a real one on loopback (P2, decision 0005)."""

import http.client
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django.urls import reverse

from portal.accounts.enums import AccountEvent, OrganizationKind
from portal.accounts.models import User
from portal.accounts.sign_in.factors import note_provider_factor
from tests.factories import PASSWORD, make_member, make_organization, make_partner, make_user
from tests.open_id_server import OpenIdServer
from tests.sign_in import (
    events_of,
    give_authenticator_app,
    is_signed_in,
    mails_about,
    send_password,
    totp_code,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider(settings):
    with OpenIdServer() as server:
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [server.settings]}}
        yield server


@pytest.fixture
def customer():
    return make_member(make_organization(OrganizationKind.CUSTOMER))


@pytest.fixture
def agent():
    return make_member(make_partner())


def leave(browser: Client, *, back: str = "") -> str:
    """Press the provider's button; return the address the browser goes to."""
    response = browser.post(reverse("openid_connect_login", args=["entra"]), {"next": back} if back else {})
    assert response.status_code == 200
    return response.headers["Refresh"].removeprefix("0; url=")


def visit(address: str) -> str:
    """Go to the provider, which sends back at once; return the way back."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request("GET", f"{parts.path}?{parts.query}")
    location = connection.getresponse().headers["Location"]
    connection.close()
    return urlsplit(location)._replace(scheme="", netloc="").geturl()


def sign_in_through(browser: Client, **how):
    return browser.get(visit(leave(browser, **how)))


def vouch_for(provider: OpenIdServer, user: User, **claims) -> None:
    provider.claims = {"email": user.email, "email_verified": True, "name": user.name, **claims}


def test_the_sign_in_page_offers_configured_providers_only(provider, settings, client):
    assert "Sign in with Entra ID" in client.get(reverse("account_login")).content.decode()

    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": []}}

    assert "Sign in with Entra ID" not in client.get(reverse("account_login")).content.decode()
    assert client.post(reverse("openid_connect_login", args=["entra"])).status_code == 404
    assert client.get(reverse("openid_connect_callback", args=["entra"])).status_code == 404


def test_the_way_out_is_a_page_because_no_form_may_lead_to_another_site(provider, client):
    response = client.post(reverse("openid_connect_login", args=["entra"]))

    query = parse_qs(urlsplit(response.headers["Refresh"].removeprefix("0; url=")).query)
    assert "form-action 'self'" in response.headers["Content-Security-Policy"]
    assert set(query["scope"][0].split()) == {"openid", "profile", "email"}
    assert query["code_challenge_method"] == ["S256"]
    assert client.get(reverse("openid_connect_login", args=["entra"])).status_code == 405


def test_a_verified_address_signs_in_and_connects_the_account(provider, customer, client):
    vouch_for(provider, customer.user)

    response = sign_in_through(client, back=reverse("accounts:profile"))

    assert response.headers["Location"] == reverse("accounts:profile")
    assert is_signed_in(client)
    account = SocialAccount.objects.get()
    assert (account.user, account.provider, account.uid) == (customer.user, "entra", "person-1")
    assert events_of(customer.user, AccountEvent.PROVIDER_CONNECTED)[0].details == {"provider": "Entra ID"}
    assert events_of(customer.user, AccountEvent.SIGNED_IN)[0].details["methods"] == ["entra"]
    assert [mail.recipient for mail in mails_about(AccountEvent.PROVIDER_CONNECTED)] == [customer.user.email]
    assert not SocialToken.objects.exists()


def test_connecting_leaves_the_password_and_other_sessions_alone(provider, customer):
    elsewhere = Client()
    send_password(elsewhere, customer.user.email)
    vouch_for(provider, customer.user)

    sign_in_through(Client())

    customer.user.refresh_from_db()
    assert customer.user.check_password(PASSWORD)
    assert is_signed_in(elsewhere)


def test_a_connected_identity_signs_in_whatever_its_address_is_now(provider, customer):
    vouch_for(provider, customer.user)
    sign_in_through(Client())
    provider.claims = {"email": "new.name@example.com", "email_verified": True}
    browser = Client()

    sign_in_through(browser)

    assert is_signed_in(browser)
    assert len(events_of(customer.user, AccountEvent.PROVIDER_CONNECTED)) == 1


@pytest.mark.parametrize(
    "claims", [{}, {"email_verified": False}, {"email_verified": "false"}, {"email_verified": "true"}]
)
def test_an_address_the_provider_does_not_vouch_for_gets_nobody_in(provider, customer, client, claims):
    provider.claims = {"email": customer.user.email, **claims}

    assert sign_in_through(client).status_code == 403
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()


def test_an_operator_may_vouch_for_a_provider_that_does_not_say_so(provider, customer, client, settings):
    """Entra ID names no email_verified; a single tenant's addresses are its admin's word."""
    app = {**provider.settings, "settings": {"server_url": provider.url, "verified_email": True}}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}
    provider.claims = {"email": customer.user.email}

    sign_in_through(client)

    assert is_signed_in(client)


def test_nobody_gets_an_account_by_a_provider(provider, client):
    provider.claims = {"email": "newcomer@example.com", "email_verified": True}

    response = sign_in_through(client)

    assert response.status_code == 403
    assert "Accounts are by invitation" in response.content.decode()
    assert not User.objects.filter(email="newcomer@example.com").exists()
    assert not is_signed_in(client)


def test_a_deactivated_account_stays_closed(provider, client):
    member = make_member(make_organization(OrganizationKind.CUSTOMER), is_active=False)
    vouch_for(provider, member.user)

    assert sign_in_through(client).headers["Location"] == reverse("account_inactive")
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()


# --- what the provider's second factor counts for ---------------------------------------------------------------------


def test_without_a_second_factor_at_the_provider_ours_is_asked(provider, agent, client):
    secret = give_authenticator_app(agent.user)
    vouch_for(provider, agent.user, amr=["pwd"])

    response = sign_in_through(client)

    assert response.headers["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()
    client.post(reverse("mfa_authenticate"), {"code": totp_code(secret)})
    assert is_signed_in(client)
    assert SocialAccount.objects.get().user == agent.user


def test_a_second_factor_at_the_provider_counts_as_ours(provider, agent, client):
    give_authenticator_app(agent.user)
    vouch_for(provider, agent.user, amr=["pwd", "mfa"])

    assert sign_in_through(client).headers["Location"] == reverse("home")
    assert client.get(reverse("home")).status_code == 200


def test_a_partner_s_person_with_the_provider_s_second_factor_needs_none_here(provider, agent, client):
    vouch_for(provider, agent.user, amr=["mfa"])
    sign_in_through(client)

    assert client.get(reverse("home")).status_code == 200


def test_a_partner_s_person_without_any_second_factor_must_set_one_up(provider, agent, client):
    vouch_for(provider, agent.user, amr=["pwd"])
    sign_in_through(client)

    assert client.get(reverse("home")).headers["Location"] == reverse("accounts:second_factor")


def test_the_provider_s_second_factor_counts_for_that_sign_in_only(provider, agent):
    browser = Client()
    vouch_for(provider, agent.user, amr=["mfa"])
    sign_in_through(browser)
    browser.post(reverse("account_logout"))

    send_password(browser, agent.user.email)

    assert browser.get(reverse("home")).headers["Location"] == reverse("accounts:second_factor")


def test_the_provider_s_second_factor_counts_for_the_person_it_checked(agent, client):
    send_password(client, agent.user.email)
    answers = {}
    for checked in (make_user(), agent.user):
        note_provider_factor(request := SimpleNamespace(session=client.session), checked)
        request.session.save()
        answers[checked] = client.get(reverse("home")).status_code

    assert list(answers.values()) == [302, 200]


def test_only_the_signed_token_may_claim_a_second_factor(provider, agent, client):
    give_authenticator_app(agent.user)
    vouch_for(provider, agent.user)
    provider.userinfo_changes = {"amr": ["mfa"]}

    assert sign_in_through(client).headers["Location"] == reverse("mfa_authenticate")


# --- answers that cannot be trusted -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://another.example"},
        {"aud": "another-app"},
        {"exp": 1_000_000_000},
        {"sub": "somebody else"},
    ],
    ids=["issuer", "audience", "expired", "another person than the user info"],
)
def test_a_token_that_is_not_for_us_gets_nobody_in(provider, customer, client, changes):
    vouch_for(provider, customer.user)
    provider.token_changes = changes

    response = sign_in_through(client)

    assert response.status_code == 403
    assert "did not work" in response.content.decode()
    assert not is_signed_in(client)


def test_a_token_signed_by_another_key_gets_nobody_in(provider, customer, client):
    vouch_for(provider, customer.user)
    provider.signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)  # not the published one

    assert sign_in_through(client).status_code == 403
    assert not is_signed_in(client)


def test_coming_back_without_having_left_gets_nobody_in(provider, customer, client):
    vouch_for(provider, customer.user)
    stolen = visit(leave(Client()))

    assert client.get(stolen).status_code == 403
    assert client.get(reverse("openid_connect_callback", args=["entra"])).status_code == 403
    assert not is_signed_in(client)


def test_a_code_works_once(provider, customer, client):
    vouch_for(provider, customer.user)
    back = visit(leave(client))
    client.get(back)
    client.post(reverse("account_logout"))

    assert client.get(back).status_code == 403
    assert not is_signed_in(client)


def test_canceling_at_the_provider_is_said_in_words(provider, client):
    provider.refuse = "access_denied"

    response = sign_in_through(client)

    assert response.status_code == 403
    assert "You canceled at Entra ID." in response.content.decode()


def test_a_provider_that_is_away_is_said_in_words(provider, client):
    back = visit(leave(client))
    provider.close()

    assert client.get(back).status_code == 403
    response = client.post(reverse("openid_connect_login", args=["entra"]))
    assert response.status_code == 403
    assert "did not work" in response.content.decode()


# --- connected providers on the security page -------------------------------------------------------------------------


def test_a_connected_provider_can_be_disconnected(provider, customer, client):
    vouch_for(provider, customer.user)
    sign_in_through(client)
    account = SocialAccount.objects.get()
    assert "Entra ID" in client.get(reverse("accounts:security")).content.decode()

    client.post(reverse("accounts:disconnect_provider", args=[account.pk]))

    assert not SocialAccount.objects.exists()
    assert len(events_of(customer.user, AccountEvent.PROVIDER_DISCONNECTED)) == 1


def test_somebody_else_s_provider_is_not_there(provider, customer, client):
    account = SocialAccount.objects.create(user=make_user(), provider="entra", uid="other")
    send_password(client, customer.user.email)

    assert client.post(reverse("accounts:disconnect_provider", args=[account.pk])).status_code == 404
    assert SocialAccount.objects.filter(pk=account.pk).exists()


def test_who_came_through_a_provider_may_choose_a_password(provider, client):
    member = make_member(make_organization(OrganizationKind.CUSTOMER), password=None)
    vouch_for(provider, member.user)
    sign_in_through(client)
    assert client.get(reverse("accounts:change_password")).headers["Location"] == reverse("accounts:set_password")

    client.post(reverse("accounts:set_password"), {"password": "seven blue lanterns at dusk"})

    assert send_password(Client(), member.user.email, "seven blue lanterns at dusk").status_code == 302
