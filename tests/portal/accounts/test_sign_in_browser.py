"""Signing in in a real Chromium: passkeys by a virtual authenticator, under the real content security policy."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from portal.accounts.models import User
from tests.browser import PATIENCE
from tests.factories import PASSWORD, make_member, make_partner
from tests.sign_in import passkeys_of, totp_code

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOME = re.compile("^Home")


@pytest.fixture
def page(chromium, live_server) -> Iterator[Page]:
    """A page at the site's start whose every complaint (scripts refused by the policy, faults) fails the test."""
    context = chromium.new_context(base_url=live_server.url, locale="en")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "Content Security Policy" in line.text else None)
    page.on("response", lambda answer: complaints.append(answer.url) if answer.status >= 500 else None)
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def agent() -> User:
    return make_member(make_partner()).user


def plug_in_authenticator(page: Page) -> None:
    """Plug in a device with a fingerprint reader that always says yes."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def send_password(page: Page, user: User) -> None:
    page.goto("/account/login/")
    page.get_by_label("E-mail address").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def sign_out(page: Page) -> None:
    page.goto("/account/logout/")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_text("You have signed out.").wait_for()


def test_a_passkey_is_made_and_signs_in_alone_and_as_second_factor(page, agent):
    plug_in_authenticator(page)
    send_password(page, agent)
    page.get_by_role("heading", name="Set up a second factor").wait_for()
    page.get_by_role("link", name="Passkey").click()
    page.get_by_label("Name").fill("This laptop")
    page.get_by_role("button", name="Make the passkey").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()
    assert [passkey.wrap().name for passkey in passkeys_of(agent)] == ["This laptop"]

    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page).to_have_title(HOME)

    sign_out(page)
    send_password(page, agent)
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_title(HOME)


def test_without_a_passkey_the_page_says_in_words_that_it_did_not_work(page):
    page.add_init_script("navigator.credentials.get = async () => { throw new DOMException('', 'NotAllowedError'); }")
    page.goto("/account/login/")

    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_text("The passkey was not used.")).to_be_visible()
    expect(page.locator("#passkey-failed")).to_be_focused()


def test_an_authenticator_app_is_set_up_and_asked_for(page, agent):
    send_password(page, agent)
    page.get_by_role("link", name="Authenticator app").click()
    picture = page.get_by_alt_text("QR code")
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
    page.get_by_text("I cannot scan it").click()
    secret = page.locator("#secret").inner_text()
    page.get_by_label("Code").fill(totp_code(secret))
    page.get_by_role("button", name="Add").click()
    page.get_by_role("heading", name="Recovery codes").wait_for()

    sign_out(page)
    send_password(page, agent)
    page.get_by_label("Code").fill(totp_code(secret))
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_title(HOME)
