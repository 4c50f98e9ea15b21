"""One-click sign-in in a real Chromium: with and without JavaScript, accessible in both themes, nothing sideways."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import expect

from portal.accounts.sign_in.devices import Device, Origin
from portal.local.demo import loading
from portal.local.demo.history import set_up_second_factor
from portal.local.demo.people import PEOPLE
from tests.browser import PATIENCE

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def open_demo(chromium, live_server):
    """Return a function that opens the page; a fault or a refused script fails the test."""
    loading.populate(now=timezone.now())
    for person in PEOPLE[:8]:
        set_up_second_factor(person, Origin("203.0.113.1", Device("", "")), timezone.now())
    contexts, complaints = [], []

    def open_page(path="/demo/", **options):
        context = chromium.new_context(base_url=live_server.url, locale="en", **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if "Security Policy" in line.text else None)
        page.on("response", lambda answer: complaints.append(answer.url) if answer.status >= 500 else None)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.parametrize("script", [True, False])
def test_a_newcomer_finds_the_page_finds_a_person_signs_in_and_out(open_demo, script):
    page = open_demo("/account/login/", java_script_enabled=script)

    page.get_by_role("link", name="demo world").click()
    page.get_by_label("Name, organization or role").fill("thierry")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("button", name="Sign in as Karim Benali, Belfort Cloud")).to_have_count(0)
    page.get_by_role("button", name="Sign in as Thierry Okafor, Belfort Cloud").click()

    expect(page).to_have_title("Home - Partner Portal")
    expect(page.get_by_text("Working for Belfort Cloud")).to_be_visible()
    page.goto("/account/logout/")
    page.get_by_role("button", name="Sign out").last.click()
    expect(page).to_have_title("Sign in - Partner Portal")


def test_the_keyboard_is_enough(open_demo):
    page = open_demo("/demo/?q=camille")

    page.get_by_role("button", name="Sign in as Camille Rousseau, Belfort Cloud", exact=True).focus()
    page.keyboard.press("Enter")

    expect(page).to_have_title("Accueil - Partner Portal")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280, 2560])
def test_everybody_can_read_it(open_demo, theme, width):
    page = open_demo(viewport={"width": width, "height": 900}, color_scheme=theme)

    found = Axe().run(page).response["violations"]
    assert [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]] == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
