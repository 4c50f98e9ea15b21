"""What whole journeys in a browser share: the sign-in, the mailbox, the looks of a page, the activity log."""

import re

from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Page, expect

from portal.accounts.models import User
from tests.factories import PASSWORD
from tests.sign_in import give_authenticator_app, totp_code

PHONE = {"width": 375, "height": 812}
MAIL_TRIES = 300


def sign_in(page: Page, user: User) -> None:
    """Sign in with password and code, as people do."""
    secret = give_authenticator_app(user)
    page.goto("/account/login/")
    page.get_by_label("E-mail address").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Code").fill(totp_code(secret))
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_title(re.compile("^Home"))


def open_mail(page: Page, subject: str | re.Pattern[str], *, to: str = ""):
    """Open the newest mail of this subject on the mailbox page, once it is there, and return its frame."""
    rows = page.locator("#mail-rows tbody tr").filter(has_text=to)
    mail = rows.get_by_role("link", name=subject).first
    for _try in range(MAIL_TRIES):
        page.goto("/mailbox/")
        if mail.count():
            break
        page.wait_for_timeout(300)
    mail.click()
    return page.frame_locator("iframe")


def check_looks(page: Page, language: str = "en") -> None:
    """Assert that nothing scrolls sideways, that axe finds nothing, and that the page speaks the language."""
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    found = Axe().run(page).response["violations"]
    assert [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]] == []
    assert page.locator("html").get_attribute("lang") == language


def log_of(page: Page):
    """Open the activity log and return its table."""
    page.goto(reverse("audit:log"))
    return page.locator("main table")
