"""Second factors: compulsory for people of partners, encrypted at rest, one code one time (quality row 18)."""

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone

from portal.accounts import access
from portal.accounts.enums import PARTNER_KINDS, AccountEvent, OrganizationKind
from portal.accounts.sign_in.devices import Device, Origin
from portal.accounts.sign_in.rules import SET_UP_PAGES, LastSecondFactor
from portal.accounts.workflow import second_factors as workflow
from tests.factories import make_member, make_organization, make_partner
from tests.sign_in import (
    SoftwarePasskey,
    events_of,
    give_authenticator_app,
    give_passkey,
    is_signed_in,
    mails_about,
    page_data,
    parties_of,
    passkeys_of,
    send_password,
    totp_code,
)
from tests.url_map import pages

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/"}
SET_UP = "/account-settings/security/second-factor/"
ORIGIN = Origin(address="192.0.2.1", device=Device.of(""))


@pytest.fixture
def agent():
    """A person of a partner, without any second factor."""
    return make_member()


@pytest.fixture
def customer():
    return make_member(make_organization(OrganizationKind.CUSTOMER))


@pytest.fixture
def agent_s_browser(agent):
    browser = Client()
    send_password(browser, agent.user.email)
    return browser


def send_code(browser: Client, code: str):
    return browser.post(reverse("mfa_authenticate"), {"code": code})


def browser_before_second_factor(member) -> Client:
    """A browser in which the right password was entered, and nothing else yet."""
    browser = Client()
    assert send_password(browser, member.user.email).headers["Location"] == reverse("mfa_authenticate")
    return browser


# --- compulsory for people of partners --------------------------------------------------------------------------------


def test_a_partner_s_person_without_second_factor_reaches_nothing_but_its_set_up(agent_s_browser):
    assert reverse("accounts:second_factor") == SET_UP
    reached = []
    swept = 0
    for page in pages():
        path = page.path()
        match = resolve(path)
        mark = access.access_of(match.func, match.view_name)
        if (mark and mark.public) or match.view_name in SET_UP_PAGES:
            continue
        for method in ("get", "post"):
            swept += 1
            response = getattr(agent_s_browser, method)(path)
            if (response.status_code, response.headers.get("Location")) != (302, SET_UP):
                reached.append((method, path, response.status_code))
    assert reached == []
    assert swept > 50


def test_a_fragment_leads_the_whole_page_to_the_set_up(agent_s_browser):
    response = agent_s_browser.get(reverse("accounts:profile"), headers=HTMX)

    assert response.headers["HX-Redirect"] == SET_UP
    assert response.content == b""


@pytest.mark.parametrize("kind", sorted(PARTNER_KINDS))
def test_every_kind_of_partner_needs_a_second_factor(kind, client):
    member = make_member(make_partner(kind))
    send_password(client, member.user.email)

    assert client.get(reverse("home")).headers["Location"] == SET_UP


@pytest.mark.parametrize("kind", sorted(set(OrganizationKind) - PARTNER_KINDS))
def test_people_of_other_organizations_may_but_need_not(kind, client):
    member = make_member(make_organization(kind))
    send_password(client, member.user.email)

    assert client.get(reverse("home")).status_code == 200


def test_who_joins_a_partner_needs_one_from_the_next_request_on(customer, client):
    send_password(client, customer.user.email)
    assert client.get(reverse("home")).status_code == 200

    make_member(make_partner(), user=customer.user)

    assert client.get(reverse("home")).headers["Location"] == SET_UP


def test_an_ended_membership_in_a_partner_asks_for_nothing(customer, client):
    member = make_member(make_partner(), user=customer.user)
    member.is_active, member.deactivated_at = False, timezone.now()
    member.save(update_fields=["is_active", "deactivated_at"])
    send_password(client, customer.user.email)

    assert client.get(reverse("home")).status_code == 200


def test_recovery_codes_alone_are_no_second_factor(agent, agent_s_browser):
    Authenticator.objects.create(user=agent.user, type=Authenticator.Type.RECOVERY_CODES, data={})

    assert agent_s_browser.get(reverse("home")).headers["Location"] == SET_UP


# --- authenticator app ------------------------------------------------------------------------------------------------


def set_up_app(browser: Client) -> str:
    """Set up an authenticator app as a person does and return its secret."""
    page = browser.get(reverse("accounts:add_authenticator_app"))
    secret = page.context["secret"]
    response = browser.post(reverse("accounts:add_authenticator_app"), {"code": totp_code(secret)})
    assert response.headers["Location"] == reverse("accounts:recovery_codes")
    return secret


def test_setting_up_an_app_opens_the_portal_and_gives_recovery_codes(agent, agent_s_browser):
    set_up_app(agent_s_browser)

    codes = agent_s_browser.get(reverse("accounts:recovery_codes"))
    assert len(codes.context["codes"]) == 10
    assert agent_s_browser.get(reverse("home")).status_code == 200
    (event,) = events_of(agent.user, AccountEvent.SECOND_FACTOR_ADDED)
    assert parties_of(event) == {agent.organization_id}
    assert event.details["kind"] == "totp"
    assert [mail.recipient for mail in mails_about(AccountEvent.SECOND_FACTOR_ADDED)] == [agent.user.email]


def test_secrets_are_encrypted_wherever_they_are_stored(agent, agent_s_browser):
    secret = agent_s_browser.get(reverse("accounts:add_authenticator_app")).context["secret"]
    assert secret not in str(dict(agent_s_browser.session))
    agent_s_browser.post(reverse("accounts:add_authenticator_app"), {"code": totp_code(secret)})
    codes = agent_s_browser.get(reverse("accounts:recovery_codes")).context["codes"]

    with connection.cursor() as cursor:
        cursor.execute("SELECT data::text FROM mfa_authenticator")
        stored = " ".join(row[0] for row in cursor.fetchall())
    stored += " ".join(session.session_data for session in Session.objects.all())
    assert secret not in stored
    assert not any(code in stored for code in codes)
    by_type = {factor.type: factor.data for factor in Authenticator.objects.filter(user=agent.user)}
    assert by_type["totp"]["secret"].startswith("gAAAA")
    assert by_type["recovery_codes"]["seed"].startswith("gAAAA")


def test_a_wrong_first_code_sets_up_nothing_and_keeps_the_secret(agent, agent_s_browser):
    page = agent_s_browser.get(reverse("accounts:add_authenticator_app"))

    response = agent_s_browser.post(reverse("accounts:add_authenticator_app"), {"code": "000000"})

    assert response.status_code == 422
    assert response.context["secret"] == page.context["secret"]
    assert not Authenticator.objects.exists()


def test_the_qr_code_is_a_picture_the_content_security_policy_allows(agent_s_browser):
    page = agent_s_browser.get(reverse("accounts:add_authenticator_app"))

    assert page.context["picture"].startswith("data:image/svg+xml;base64,")
    assert "img-src 'self' data:" in page.headers["Content-Security-Policy"]
    assert " style=" not in page.content.decode()


def test_guessing_first_codes_is_limited(agent_s_browser):
    def send():
        return agent_s_browser.post(reverse("accounts:add_authenticator_app"), {"code": "000000"}).status_code

    agent_s_browser.get(reverse("accounts:add_authenticator_app"))
    assert [send() for _ in range(11)] == [422] * 10 + [429]


def test_there_is_one_app_at_most(agent, agent_s_browser):
    set_up_app(agent_s_browser)

    assert agent_s_browser.get(reverse("accounts:add_authenticator_app")).status_code == 302


def test_signing_in_asks_for_a_code_after_the_password(agent):
    secret = give_authenticator_app(agent.user)
    browser = browser_before_second_factor(agent)
    assert not is_signed_in(browser)

    response = send_code(browser, totp_code(secret))

    assert response.headers["Location"] == reverse("home")
    assert is_signed_in(browser)
    (event,) = events_of(agent.user, AccountEvent.SIGNED_IN)
    assert event.details["methods"] == ["password", "totp"]


def test_the_way_to_the_wanted_page_survives_the_second_factor(agent, client):
    secret = give_authenticator_app(agent.user)
    send_password(client, agent.user.email, next="")
    client.post(reverse("account_logout"))
    address = f"{reverse('account_login')}?next={reverse('accounts:profile')}"
    client.post(address, {"login": agent.user.email, "password": "correct horse battery staple"})

    assert send_code(client, totp_code(secret)).headers["Location"] == reverse("accounts:profile")


def test_the_second_factor_cannot_be_skipped(agent):
    give_authenticator_app(agent.user)
    browser = browser_before_second_factor(agent)

    assert browser.get(reverse("home")).headers["Location"].startswith(reverse("account_login"))
    assert Client().get(reverse("mfa_authenticate")).headers["Location"] == reverse("account_login")


def test_the_waiting_second_factor_can_be_given_up(agent):
    give_authenticator_app(agent.user)
    browser = browser_before_second_factor(agent)

    browser.post(reverse("account_logout"))

    assert browser.get(reverse("account_login")).status_code == 200


def test_a_code_works_once(agent):
    secret = give_authenticator_app(agent.user)
    with time_machine.travel("2026-11-20 12:00:00", tick=False) as clock:
        code = totp_code(secret)
        assert send_code(browser_before_second_factor(agent), code).status_code == 302
        assert send_code(browser_before_second_factor(agent), code).status_code == 422
        clock.shift(31)  # still accepted by the clock's tolerance, but used
        assert send_code(browser_before_second_factor(agent), f"{code[:3]} {code[3:]}").status_code == 422
        assert send_code(browser_before_second_factor(agent), totp_code(secret)).status_code == 302


def test_clocks_may_differ_by_half_a_minute_but_no_more(agent):
    secret = give_authenticator_app(agent.user)
    with time_machine.travel("2026-11-20 12:00:10", tick=False):
        assert send_code(browser_before_second_factor(agent), totp_code(secret, steps=1)).status_code == 302
        assert send_code(browser_before_second_factor(agent), totp_code(secret, steps=-1)).status_code == 302
        assert send_code(browser_before_second_factor(agent), totp_code(secret, steps=2)).status_code == 422


def test_wrong_codes_are_logged_and_limited_per_account(agent):
    give_authenticator_app(agent.user)
    statuses = []
    for number in range(11):
        browser = Client(REMOTE_ADDR=f"192.0.2.{number}")
        send_password(browser, agent.user.email)
        statuses.append(send_code(browser, "12 34 56").status_code)

    assert statuses == [422] * 10 + [429]
    events = events_of(agent.user, AccountEvent.SIGN_IN_FAILED)
    assert len(events) == 10
    assert events[0].details["method"] == "code"
    assert "12 34 56" not in str(events[0].details)


def test_right_codes_do_not_forgive_wrong_passwords(agent):
    secret = give_authenticator_app(agent.user)
    for number in range(9):
        send_password(Client(), f"guess{number}@example.com", "wrong")
    send_code(browser_before_second_factor(agent), totp_code(secret))

    assert send_password(Client(), "guess9@example.com", "wrong").status_code == 422
    assert send_password(Client(), "guess10@example.com", "wrong").status_code == 429


# --- recovery codes ---------------------------------------------------------------------------------------------------


def codes_of(browser: Client) -> list[str]:
    return list(browser.get(reverse("accounts:recovery_codes")).context["codes"])


def test_a_recovery_code_signs_in_once(agent, agent_s_browser):
    set_up_app(agent_s_browser)
    code = codes_of(agent_s_browser)[0]

    assert send_code(browser_before_second_factor(agent), code).status_code == 302
    assert send_code(browser_before_second_factor(agent), code).status_code == 422
    assert len(codes_of(agent_s_browser)) == 9


def test_who_runs_out_of_recovery_codes_is_warned(agent, agent_s_browser):
    set_up_app(agent_s_browser)
    for code in codes_of(agent_s_browser)[:7]:
        browser = browser_before_second_factor(agent)
        page = browser.post(reverse("mfa_authenticate"), {"code": code}, follow=True)

    assert "You have 3 recovery codes left." in page.content.decode()


def test_new_recovery_codes_replace_the_old_ones(agent, agent_s_browser):
    set_up_app(agent_s_browser)
    old = codes_of(agent_s_browser)

    agent_s_browser.post(reverse("accounts:generate_recovery_codes"))

    new = codes_of(agent_s_browser)
    assert not set(old) & set(new)
    assert send_code(browser_before_second_factor(agent), old[0]).status_code == 422
    assert send_code(browser_before_second_factor(agent), new[0]).status_code == 302
    assert len(events_of(agent.user, AccountEvent.RECOVERY_CODES_GENERATED)) == 1
    assert len(mails_about(AccountEvent.RECOVERY_CODES_GENERATED)) == 1


def test_recovery_codes_can_be_downloaded(agent_s_browser):
    set_up_app(agent_s_browser)

    response = agent_s_browser.get(reverse("accounts:download_recovery_codes"))

    assert response.headers["Content-Disposition"] == 'attachment; filename="recovery-codes.txt"'
    assert all(code in response.content.decode() for code in codes_of(agent_s_browser))
    assert response.headers["Cache-Control"] == "no-store"


def test_recovery_codes_need_a_second_factor_to_stand_in_for(customer, client):
    send_password(client, customer.user.email)

    assert client.post(reverse("accounts:generate_recovery_codes")).status_code == 409
    assert client.get(reverse("accounts:download_recovery_codes")).status_code == 404
    assert not Authenticator.objects.exists()


# --- removing ---------------------------------------------------------------------------------------------------------


def test_a_partner_s_person_cannot_remove_the_last_factor(agent, agent_s_browser):
    set_up_app(agent_s_browser)
    factor = Authenticator.objects.get(user=agent.user, type=Authenticator.Type.TOTP)

    page = agent_s_browser.get(reverse("accounts:remove_factor", args=[factor.pk]))
    response = agent_s_browser.post(reverse("accounts:remove_factor", args=[factor.pk]))

    assert "this is your last one" in page.content.decode()
    assert response.status_code == 409
    assert Authenticator.objects.filter(pk=factor.pk).exists()
    with pytest.raises(LastSecondFactor):
        workflow.remove_factor(user_id=agent.user_id, factor_id=factor.pk, origin=ORIGIN, now=timezone.now())
    assert not events_of(agent.user, AccountEvent.SECOND_FACTOR_REMOVED)


def test_a_partner_s_person_may_remove_one_of_two(agent, agent_s_browser):
    set_up_app(agent_s_browser)
    give_passkey(agent_s_browser, SoftwarePasskey())
    factor = Authenticator.objects.get(user=agent.user, type=Authenticator.Type.TOTP)

    agent_s_browser.post(reverse("accounts:remove_factor", args=[factor.pk]))

    types = set(Authenticator.objects.filter(user=agent.user).values_list("type", flat=True))
    assert types == {"webauthn", "recovery_codes"}
    (event,) = events_of(agent.user, AccountEvent.SECOND_FACTOR_REMOVED)
    assert event.details["kind"] == "totp"
    assert len(mails_about(AccountEvent.SECOND_FACTOR_REMOVED)) == 1


def test_a_customer_may_remove_the_last_factor_and_the_codes_go_with_it(customer, client):
    send_password(client, customer.user.email)
    set_up_app(client)
    factor = Authenticator.objects.get(user=customer.user, type=Authenticator.Type.TOTP)

    client.post(reverse("accounts:remove_factor", args=[factor.pk]))

    assert not Authenticator.objects.exists()
    assert send_password(Client(), customer.user.email).headers["Location"] == reverse("home")


def test_somebody_else_s_factor_is_not_there(agent, customer, client):
    give_authenticator_app(agent.user)
    factor = Authenticator.objects.get(user=agent.user)
    send_password(client, customer.user.email)

    for name in ("remove_factor", "rename_passkey"):
        address = reverse(f"accounts:{name}", args=[factor.pk])
        assert client.get(address).status_code == 404
        assert client.post(address, {"name": "Mine"}).status_code == 404
    assert Authenticator.objects.filter(pk=factor.pk).exists()


# --- passkeys ---------------------------------------------------------------------------------------------------------


def sign_in_with_passkey(browser: Client, passkey: SoftwarePasskey):
    options = browser.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"}, secure=True).json()
    credential = passkey.get(options["request_options"])
    return browser.post(reverse("mfa_login_webauthn"), {"credential": credential}, secure=True)


def test_a_passkey_signs_in_without_password(agent, agent_s_browser):
    passkey = SoftwarePasskey()
    assert give_passkey(agent_s_browser, passkey).headers["Location"] == reverse("accounts:recovery_codes")
    browser = Client()

    response = sign_in_with_passkey(browser, passkey)

    assert response.headers["Location"] == reverse("home")
    assert is_signed_in(browser)
    assert events_of(agent.user, AccountEvent.SIGNED_IN)[-1].details["methods"] == ["webauthn"]
    (event,) = events_of(agent.user, AccountEvent.SECOND_FACTOR_ADDED)
    assert event.details["name"] == "Phone"


def test_a_passkey_that_did_not_check_its_holder_does_not_sign_in_alone(agent, agent_s_browser):
    give_passkey(agent_s_browser, SoftwarePasskey())
    unlocked = SoftwarePasskey(user_verified=False)
    page = agent_s_browser.get(reverse("accounts:add_passkey"), secure=True)
    form = {"name": "Key", "credential": unlocked.create(page_data(page)["creation_options"])}
    agent_s_browser.post(reverse("accounts:add_passkey"), form, secure=True)
    browser = Client()

    response = sign_in_with_passkey(browser, unlocked)

    assert response.headers["Location"] == reverse("account_login")
    assert not is_signed_in(browser)


def test_a_passkey_is_a_second_factor_after_the_password(agent, agent_s_browser):
    passkey = SoftwarePasskey(user_verified=False)
    page = agent_s_browser.get(reverse("accounts:add_passkey"), secure=True)
    form = {"name": "Key", "credential": passkey.create(page_data(page)["creation_options"])}
    agent_s_browser.post(reverse("accounts:add_passkey"), form, secure=True)
    browser = browser_before_second_factor(agent)

    options = page_data(browser.get(reverse("mfa_authenticate"), secure=True))["request_options"]
    response = browser.post(reverse("mfa_authenticate"), {"credential": passkey.get(options)}, secure=True)

    assert response.headers["Location"] == reverse("home")
    assert is_signed_in(browser)


def test_an_answer_to_another_challenge_is_refused(agent, agent_s_browser):
    passkey = SoftwarePasskey()
    give_passkey(agent_s_browser, passkey)
    browser, other = Client(), Client()
    ask = {"headers": {"accept": "application/json"}, "secure": True}
    browser.get(reverse("mfa_login_webauthn"), **ask)
    replayed = passkey.get(other.get(reverse("mfa_login_webauthn"), **ask).json()["request_options"])

    browser.post(reverse("mfa_login_webauthn"), {"credential": replayed}, secure=True)

    assert not is_signed_in(browser)


NONSENSE = ("", "x", "[]", "{}", "null", "1e999", '{"id": "x"}', '{"response": null}', '{"response": {}}', "[" * 90_000)


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda text: text[:20] or "nothing")
def test_nonsense_instead_of_a_passkey_is_refused_without_a_fault(agent, agent_s_browser, nonsense):
    agent_s_browser.get(reverse("accounts:add_passkey"), secure=True)
    added = agent_s_browser.post(reverse("accounts:add_passkey"), {"credential": nonsense}, secure=True)
    browser = Client()
    browser.get(reverse("mfa_login_webauthn"), headers={"accept": "application/json"}, secure=True)
    signed_in = browser.post(reverse("mfa_login_webauthn"), {"credential": nonsense}, secure=True)

    assert added.status_code == 422
    assert signed_in.headers["Location"] == reverse("account_login")
    assert not passkeys_of(agent.user)


def test_wrong_passkeys_are_limited_per_address():
    browser = Client()

    def send():
        return browser.post(reverse("mfa_login_webauthn"), {"credential": '{"id": "x"}'}, secure=True).status_code

    assert [send() for _ in range(11)] == [302] * 10 + [429]


def test_a_passkey_can_be_renamed(agent, agent_s_browser):
    give_passkey(agent_s_browser, SoftwarePasskey(), name="Phone")
    (passkey,) = passkeys_of(agent.user)

    agent_s_browser.post(reverse("accounts:rename_passkey", args=[passkey.pk]), {"name": "Blue <b>phone</b>"})

    page = agent_s_browser.get(reverse("accounts:security")).content.decode()
    assert "Blue &lt;b&gt;phone&lt;/b&gt;" in page
    (event,) = events_of(agent.user, AccountEvent.SECOND_FACTOR_RENAMED)
    assert (event.before, event.after) == ({"name": "Phone"}, {"name": "Blue <b>phone</b>"})


def test_at_a_bare_ip_address_the_page_says_that_passkeys_do_not_work(agent_s_browser):
    with_name = agent_s_browser.get(reverse("accounts:add_passkey"), headers={"host": "localhost:8000"})
    bare = agent_s_browser.get(reverse("accounts:add_passkey"), headers={"host": "127.0.0.1:8000"})

    assert with_name.context["passkeys_work"] is True
    assert bare.context["passkeys_work"] is False
    assert f"http://localhost:8000{reverse('accounts:add_passkey')}" in bare.content.decode()
